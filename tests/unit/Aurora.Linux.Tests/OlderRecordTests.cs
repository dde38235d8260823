using System;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What earlier versions have written is read, and means what it meant.</summary>
public sealed unsafe class OlderRecordTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;

    [Theory]
    [InlineData(1, ThreadRecord.BytesOfVersion1)]
    [InlineData(4, ThreadRecord.BytesOfVersion4)]
    public void A_thread_record_of_an_older_version_is_read(int version, int bytes)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, Timespec.From(5 * Second));
        Assert.Null(kernel.Call(init, 35, Scratch, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
            if (kind == ObjectKind.Thread)
                image.Records[id] = (kind, [.. payload[..bytes], .. payload[ThreadRecord.Bytes..]]);
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.Thread ? (byte)version : null);
        Assert.Null(restored.Resume(restored.ThreadOf(1)));
        restored.Advance(5 * Second);
        Assert.Equal(0, restored.Resume(restored.ThreadOf(1)));
    }

    [Fact]
    public void Records_of_open_files_and_pipes_of_older_versions_are_read()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/f", "12345"u8);
        ulong file = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/f"), 0);
        kernel.Do(init, 72, file, 8, 1);
        kernel.Do(init, 72, file, 10, 40);
        kernel.Do(init, 293, Scratch, 0);
        ulong reader = kernel.Peek<uint>(init, Scratch);
        kernel.Do(init, 1, kernel.Peek<uint>(init, Scratch + 4), kernel.PokeText(init, Scratch, "bytes"), 5);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
        {
            if (kind == ObjectKind.OpenFile)
                image.Records[id] = (kind, payload[..OpenFileRecord.BytesOfVersion2]);
            if (kind == ObjectKind.Pipe)
                image.Records[id] = (kind, payload[..PipeRecord.BytesOfVersion1]);
        }
        using TestKernel restored = TestKernel.Restore(image,
            versionOf: kind => kind == ObjectKind.OpenFile ? 2 : kind == ObjectKind.Pipe ? 1 : null);
        init = restored.ThreadOf(1);
        Assert.NotNull(restored.Resume(init));
        Assert.Equal(5, restored.Do(init, 0, reader, Scratch, 100));
        // The owner is known, but he is told of nothing.
        Assert.Equal((1L, 40L), (restored.Do(init, 72, file, 9), restored.Do(init, 72, file, 11)));
        restored.Do(init, 14, 0, restored.PokeMask(init, (Signal)40), 0, 8);
        Assert.Equal(0, restored.Do(init, 72, file, 1024, 0));
        Assert.Equal(-(long)Errno.EAGAIN, restored.Call(init, 2, restored.PokeText(init, Scratch, "/f"), 0x801));
        Assert.True(init->Process->Pending.Set.IsEmpty);
    }

    [Fact]
    public void A_process_record_of_the_first_version_is_read_with_what_its_user_id_allowed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(kernel.Fork(init), 105, 1000);
        Thread* asUser = kernel.Fork(init);
        kernel.Do(asUser, 122, 1000);
        Thread* asRoot = kernel.Fork(init);
        kernel.Do(asRoot, 117, ulong.MaxValue, 1000, ulong.MaxValue);
        kernel.Do(asRoot, 122, 0);
        ulong effectiveOfUser = asUser->Process->Credentials.Capabilities.Effective;
        ulong effectiveOfRoot = asRoot->Process->Credentials.Capabilities.Effective;
        Assert.True(effectiveOfUser != CapabilitySets.Everything && effectiveOfRoot != 0);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
            if (kind == ObjectKind.Process)
                image.Records[id] = (kind, [.. payload[..ProcessRecord.BytesOfVersion1], .. payload[ProcessRecord.Bytes..]]);
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.Process ? 1 : null);
        Assert.Equal(0, restored.Do(restored.ThreadOf(1), 105, 0));
        Assert.Equal(-(long)Errno.EPERM, restored.Call(restored.ThreadOf(2), 105, 0));
        Assert.Equal(effectiveOfUser, restored.ThreadOf(3)->Process->Credentials.Capabilities.Effective);
        Assert.Equal(effectiveOfRoot, restored.ThreadOf(4)->Process->Credentials.Capabilities.Effective);
    }

    // What a queued signal looked like before it was kept whole, behind a fixed part of an older length.
    private static byte[] Older(byte[] payload, int fixedBytes, int olderFixedBytes, int queued)
    {
        var older = new System.IO.MemoryStream();
        older.Write(payload, 0, olderFixedBytes);
        for (int i = 0; i < queued; i++)
        {
            SignalInfo info = MemoryMarshal.Read<SignalInfo>(payload.AsSpan(fixedBytes + (i * SignalInfo.Bytes)));
            var entry = new OlderSignalInfo { Number = info.Number, Code = info.Code, Error = info.Error, Pid = info.Pid, Uid = info.Uid };
            if (info.Signal == Signal.SIGCHLD)
                entry = entry with { Status = info.Status, Value = info.UserTicks, Address = info.SystemTicks };
            else if (info.Signal == Signal.SIGSEGV)
                entry = new OlderSignalInfo { Number = info.Number, Code = info.Code, Address = info.Address };
            else if (info.IsTimers)
                entry = new OlderSignalInfo { Number = info.Number, Code = info.Code, Pid = info.TimerId, Value = info.Value,
                    Address = ulong.MaxValue };
            else
                entry.Value = info.Value;
            older.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<OlderSignalInfo>(in entry)));
        }
        older.Write(payload.AsSpan(fixedBytes + (queued * SignalInfo.Bytes)));
        return older.ToArray();
    }

    [Theory]
    [InlineData(1, ThreadRecord.BytesOfVersion1, 1, ProcessRecord.BytesOfVersion1)]
    [InlineData(2, ThreadRecord.BytesOfVersion2, 1, ProcessRecord.BytesOfVersion1)]
    [InlineData(3, ThreadRecord.BytesOfVersion4, 2, ProcessRecord.Bytes)]
    public void Signals_that_older_versions_had_queued_are_read(int threadVersion, int threadBytes, int processVersion, int processBytes)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Poke(child, Scratch, ulong.MaxValue);
        kernel.Do(child, 14, 0, Scratch, 0, 8);
        kernel.Do(child, 222, 1, 0, Scratch + 8);
        kernel.Poke(child, Scratch + 16, new IntervalTimespec { Value = Timespec.From(Second), Interval = Timespec.From(Second) });
        kernel.Do(child, 223, 0, 0, Scratch + 16, 0);
        kernel.Advance(Second);
        kernel.Do(child, 62, (ulong)child->Id, 40);
        kernel.Do(child, 234, (ulong)child->Id, (ulong)child->Id, 41);
        kernel.Call(kernel.Fork(child), 231, 9);
        kernel.Signals.Send(child, new SignalInfo { Number = (int)Signal.SIGSEGV, Code = SignalCode.FaultMapError, Address = 0x1234567 });
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel expected = TestKernel.Restore(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
        {
            ObjectHeader* header = kernel.Tracker.Find(new ObjectId(id));
            if (kind == ObjectKind.Thread)
                image.Records[id] = (kind, Older(payload, ThreadRecord.Bytes, threadBytes, ((Thread*)header)->Pending.Count));
            if (kind == ObjectKind.Process)
                image.Records[id] = (kind, Older(payload, ProcessRecord.Bytes, processBytes, ((Process*)header)->Pending.Count));
        }
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind
            => kind == ObjectKind.Thread ? (byte)threadVersion : kind == ObjectKind.Process ? (byte)processVersion : null);
        foreach (Signal signal in new[] { Signal.SIGSEGV, (Signal)41, Signal.SIGALRM, Signal.SIGCHLD, (Signal)40 })
        {
            foreach (TestKernel each in new[] { expected, restored })
            {
                Thread* thread = each.ThreadOf(child->Id);
                each.Poke(thread, Scratch, ulong.MaxValue);
                Assert.Equal((long)signal, each.Do(thread, 128, Scratch, Scratch + 512, 0, 8));
            }
            for (ulong word = 0; word < 16; word++)
                Assert.Equal(expected.Peek<ulong>(expected.ThreadOf(child->Id), Scratch + 512 + (word * 8)),
                    restored.Peek<ulong>(restored.ThreadOf(child->Id), Scratch + 512 + (word * 8)));
        }
        // The timer goes on: its mark was understood.
        restored.Advance(Second);
        Assert.Equal((long)Signal.SIGALRM, restored.Do(restored.ThreadOf(child->Id), 128, Scratch, 0, 0, 8));
    }

    [Fact]
    public void A_timer_record_of_the_first_version_is_read()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, ulong.MaxValue);
        kernel.Do(init, 14, 0, Scratch, 0, 8);
        kernel.Do(init, 222, 1, 0, Scratch + 8);
        kernel.Poke(init, Scratch + 16, new IntervalTimespec { Value = Timespec.From(Second) });
        kernel.Do(init, 223, 0, 0, Scratch + 16, 0);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
            if (kind == ObjectKind.Timer)
                image.Records[id] = (kind, payload[..TimerRecord.BytesOfVersion1]);
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.Timer ? 1 : null);
        restored.Advance(Second);
        Assert.Equal((long)Signal.SIGALRM, restored.Do(restored.ThreadOf(1), 128, Scratch, 0, 0, 8));
    }

    [Fact]
    public void An_older_session_does_not_say_what_its_records_could_not_say()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/named", "x"u8);
        ulong nameless = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/tmp"), 0x41_0002, 0x1B6);
        Inode* inode = Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)nameless)->Inode;
        InodeFlags flags = inode->Flags;
        inode->Flags = InodeFlags.None;
        var image = new TestKernel.Image();
        kernel.Capture(image);
        static byte? VersionOf(ObjectKind kind) => kind == ObjectKind.Inode ? 2 : OldImage.VersionOf(kind);
        using (TestKernel restored = TestKernel.Restore(OldImage.Of(image), versionOf: VersionOf))
        {
            Thread* again = restored.ThreadOf(1);
            ulong path = restored.PokeText(again, Scratch, "/proc/self/fd/" + nameless);
            Assert.Equal(0, restored.Do(again, 265, unchecked((ulong)-100L), path, unchecked((ulong)-100L),
                restored.PokeText(again, Scratch + 0x100, "/kept"), 0x400));
            ulong named = (ulong)restored.Do(again, 2, restored.PokeText(again, Scratch, "/named"), 2);
            restored.Do(again, 87, restored.PokeText(again, Scratch, "/named"));
            path = restored.PokeText(again, Scratch, "/proc/self/fd/" + named);
            ulong other = restored.PokeText(again, Scratch + 0x100, "/other");
            Assert.Equal(-(long)Errno.ENOENT,
                restored.Call(again, 265, unchecked((ulong)-100L), path, unchecked((ulong)-100L), other, 0x400));
        }
        inode->Flags = flags;
        kernel.Files.MarkChanged(&inode->Header);
        kernel.Capture(image);
        Assert.ThrowsAny<Exception>(() => TestKernel.Restore(OldImage.Of(image), versionOf: VersionOf).Dispose());
    }
}
