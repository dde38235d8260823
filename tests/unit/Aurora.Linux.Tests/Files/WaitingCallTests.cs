using System;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Tests.Files;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>Calls that wait: they go on where they were when woken, and after a restore.</summary>
public sealed unsafe class WaitingCallTests
{
    private const ulong Buffer = CallWorld.Memory;

    [Theory]
    [InlineData(200_000)]
    [InlineData(70_000)]
    public void A_write_to_a_full_pipe_continues_after_a_restore_without_losing_or_repeating_a_byte(int length)
    {
        var calls = new CallWorld();
        byte[] bytes = new byte[length];
        new Random(9).NextBytes(bytes);
        calls.Poke(Buffer, bytes);
        Assert.Equal(0, calls.Call(22, Buffer + 500_000));
        Assert.Equal(CallWorld.Blocked, calls.Call(1, 1, Buffer, (ulong)length));
        Assert.Equal(65536u, calls.Thread->Call.Progress);
        byte[] received = new byte[length];
        int count = 0;
        while (count < length)
        {
            CallContinuation call = calls.Thread->Call;
            ObjectId space = calls.World.Process->AddressSpace->Header.Id;
            FileWorld restored = calls.World.Reboot();
            calls.Dispose();
            calls = new CallWorld(restored, space);
            // A reader drains part of the pipe, then the writer's captured call is dispatched again.
            OpenFile* reader = Descriptors.Find(restored.Table, 0);
            long read = restored.Read(reader, received.AsSpan(count, Math.Min(30_000, length - count)));
            count += (int)read;
            calls.Thread->Call = call;
            if (!call.Active)
                continue;
            long result = calls.Resume();
            if (result == CallWorld.Blocked)
                continue;
            Assert.Equal(length, result);
            calls.Thread->Call.Active = false;
        }
        Assert.Equal(bytes, received);
        calls.Dispose();
    }

    [Fact]
    public void Poll_sleeps_until_an_event_or_its_deadline()
    {
        using var calls = new CallWorld();
        calls.Call(22, Buffer);
        calls.Poke(Buffer + 100, new LinuxPollDescriptor { Descriptor = 0, Events = PollEvents.In });
        calls.Poke(Buffer + 108, new LinuxPollDescriptor { Descriptor = -5, Events = PollEvents.In });
        calls.Poke(Buffer + 116, new LinuxPollDescriptor { Descriptor = 77, Events = PollEvents.In });
        Assert.Equal(0, calls.Call(7, Buffer + 100, 2, 0));
        Assert.Equal(1, calls.Call(7, Buffer + 100, 3, unchecked((ulong)-1)));
        Assert.Equal(PollEvents.Invalid, calls.Peek<LinuxPollDescriptor>(Buffer + 116).Returned);
        Assert.Equal(CallWorld.Blocked, calls.Call(7, Buffer + 100, 2, 50));
        Assert.Equal(calls.World.Clock.Now + 50_000_000, calls.World.Scheduler.NextDeadlineNanoseconds);
        calls.World.Write(Descriptors.Find(calls.World.Table, 1), default);
        calls.World.Clock.Now += 49_000_000;
        Assert.Equal(CallWorld.Blocked, Blocked(calls, 7, 50));
        calls.World.Clock.Now += 51_000_000;
        Assert.Equal(0, calls.Resume());
        Assert.Equal(CallWorld.Blocked, calls.Call(7, Buffer + 100, 2, unchecked((ulong)-1)));
        WriteFromOutside(calls, "x"u8);
        Assert.True(calls.Thread->Waits == null);
        Assert.Equal(1, calls.Resume());
        Assert.Equal(PollEvents.In, calls.Peek<LinuxPollDescriptor>(Buffer + 100).Returned);
    }

    private static long Blocked(CallWorld calls, uint number, ulong milliseconds) => calls.Call(number, Buffer + 100, 2, milliseconds);

    private static void WriteFromOutside(CallWorld calls, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* memory = bytes)
        {
            OpenFile* writer = Descriptors.Find(calls.World.Table, 1);
            var transfer = new FileTransfer(calls.World.Files.Transfers, null, memory, (ulong)bytes.Length);
            Assert.Equal(bytes.Length, calls.World.Files.OpenFiles.OperationsOf(writer)!.Write(writer, ref transfer).Value);
        }
    }

    [Fact]
    public void Select_reports_sets_and_time_left()
    {
        using var calls = new CallWorld();
        calls.Call(22, Buffer);
        calls.Poke<ulong>(Buffer + 100, 1);
        calls.Poke<ulong>(Buffer + 108, 2);
        calls.Poke(Buffer + 200, new Timeval { Seconds = 1, Microseconds = 500_000 });
        Assert.Equal(1, calls.Call(23, 2, Buffer + 100, Buffer + 108, 0, Buffer + 200));
        Assert.Equal((0UL, 2UL), (calls.Peek<ulong>(Buffer + 100), calls.Peek<ulong>(Buffer + 108)));
        calls.Poke<ulong>(Buffer + 100, 1);
        Assert.Equal(CallWorld.Blocked, calls.Call(23, 1, Buffer + 100, 0, 0, Buffer + 200));
        calls.World.Clock.Now += 1_000_000_000;
        WriteFromOutside(calls, "x"u8);
        Assert.Equal(1, calls.Resume());
        Assert.Equal(500_000, calls.Peek<Timeval>(Buffer + 200).Microseconds);
        calls.Poke<ulong>(Buffer + 100, 1UL << 40);
        Assert.Equal(-(long)Errno.EBADF, calls.Call(23, 64, Buffer + 100, 0, 0, 0));
    }

    [Fact]
    public void Fsync_waits_for_its_epoch_also_across_a_restore()
    {
        using var calls = new CallWorld();
        calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(CallWorld.Blocked, calls.Call(74, 0));
        Assert.Equal(1u, calls.Checkpoints.Requested);
        Assert.Equal(CallWorld.Blocked, calls.Resume());
        Assert.Equal(1u, calls.Checkpoints.Requested);
        calls.Checkpoints.DurableEpoch = 1;
        Assert.Equal(0, calls.Resume());
        calls.Checkpoints.Failed = true;
        Assert.Equal(-(long)Errno.EIO, calls.Call(74, 0));
        Assert.Equal(-(long)Errno.EINVAL, calls.Call(74, (ulong)calls.Open("/dev/null", 0)));
    }

    [Fact]
    public void Locks_are_waited_for()
    {
        using var calls = new CallWorld();
        calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        calls.Open("/f", OpenFlags.ReadWrite);
        Assert.Equal(0, calls.Call(73, 0, 2));
        Assert.Equal(-(long)Errno.EAGAIN, calls.Call(73, 1, 1 | 4));
        Assert.Equal(CallWorld.Blocked, calls.Call(73, 1, 1));
        calls.World.Files.Descriptors.Close(calls.World.Table, 0);
        Assert.True(calls.Thread->Waits == null);
        Assert.Equal(0, calls.Resume());

        Inode* inode = calls.World.At("/f");
        Thread* other = calls.World.StartProcess();
        ObjectId stranger = ((DescriptorTable*)other->Process->Descriptors)->Header.Id;
        calls.World.Files.Locks.Set(inode, stranger, other->Process->Id, false, LockRequest.Shared, 50, 59);
        calls.Poke(Buffer, new LinuxLock { Type = LinuxLock.Write, Start = 0, Length = 100 });
        Assert.Equal(0, calls.Call(72, 1, 5, Buffer));
        LinuxLock found = calls.Peek<LinuxLock>(Buffer);
        Assert.Equal((LinuxLock.Read, 50L, 10L, other->Process->Id), (found.Type, found.Start, found.Length, found.Process));
        calls.Poke(Buffer, new LinuxLock { Type = LinuxLock.Write, Start = 0, Length = 100 });
        Assert.Equal(-(long)Errno.EAGAIN, calls.Call(72, 1, 6, Buffer));
        Assert.Equal(CallWorld.Blocked, calls.Call(72, 1, 7, Buffer));
        calls.World.Tables.Release(other->Process);
        calls.World.Files.Locks.ReleaseOwner(inode, stranger);
        Assert.Equal(0, calls.Resume());
    }
}
