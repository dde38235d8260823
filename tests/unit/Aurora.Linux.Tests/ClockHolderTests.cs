using System;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>
/// A group's clock object is nobody's to write to: what holds memory objects is refused where a doctored record names it.
/// </summary>
public sealed unsafe class ClockHolderTests
{
    private const ulong Scratch = TestKernel.Scratch;

    [Theory]
    [InlineData(ObjectKind.Inode)]
    [InlineData(ObjectKind.Pipe)]
    [InlineData(ObjectKind.Socket)]
    [InlineData(ObjectKind.SharedSegment)]
    public void No_record_may_hold_the_clock_object(ObjectKind kind)
    {
        using var kernel = new TestKernel();
        Fill(kernel);
        ulong clock = kernel.Memory.ClockObjects.Of(kernel.Tracker)->Header.Id.Value;
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        ulong holder = image.Records.Where(record => record.Value.Kind == kind).Select(record => record.Key)
            .First(id => HeldBy(kernel, id) != 0);
        byte[] payload = (byte[])image.Records[holder].Payload.Clone();
        int place = payload.AsSpan().IndexOf(BitConverter.GetBytes(HeldBy(kernel, holder)));
        Assert.True(place >= 0, "the record does not name what it holds");
        BitConverter.GetBytes(clock).CopyTo(payload, place);
        image.Records[holder] = (kind, payload);
        Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
    }

    // A program with a vDSO, a file, a pipe and a socket with contents, and a segment of two pages.
    private static void Fill(TestKernel kernel)
    {
        Thread* init = kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build(false));
        Assert.NotNull(ExecTests.Execute(kernel, kernel.Fork(init), "/prog", ["prog"], []));
        kernel.Do(init, 293, Scratch, 0);
        kernel.Do(init, 1, kernel.Peek<uint>(init, Scratch + 4), Scratch, 100);
        kernel.Do(init, 53, 1, 1, 0, Scratch);
        kernel.Do(init, 1, kernel.Peek<uint>(init, Scratch + 4), Scratch, 100);
        kernel.Do(init, 29, 7, 2 * PageSize.Bytes, 0x3B6);
    }

    // The memory object that an object of the kernel holds; zero for none.
    private static ulong HeldBy(TestKernel kernel, ulong id)
    {
        ObjectHeader* header = kernel.Tracker.Find(new ObjectId(id));
        VmObject* held = header == null ? null : header->Kind switch
        {
            ObjectKind.Inode => ((Inode*)header)->Data,
            ObjectKind.Pipe => ((Pipe*)header)->Data,
            ObjectKind.Socket => ((Socket*)header)->Data,
            _ => ((SharedSegment*)header)->Object,
        };
        return held == null ? 0 : held->Header.Id.Value;
    }
}
