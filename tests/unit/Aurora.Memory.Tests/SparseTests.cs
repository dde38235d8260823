using System;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>A hole of any size costs nothing to give up, before and after a restore.</summary>
public sealed unsafe class SparseTests
{
    private const ulong At = 0x10_0000_0000;
    private const ulong Pages = 1UL << 28;

    [Theory]
    [InlineData(new ulong[0])]
    [InlineData(new ulong[] { 0 })]
    [InlineData(new ulong[] { 0, 1, 2, 511, 512, 513, 1023, 262143, 262144, Pages - 1 })]
    public void Giving_up_a_restored_hole_costs_what_is_there(ulong[] present)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, Pages);
        foreach (ulong page in present)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store.Copy());
        var again = (AddressSpace*)restored.Tracker.Find(space->Header.Id);
        restored.Memory.Spaces.Retain(again);
        ulong done = 0;
        int steps = 0;
        for (; done < Pages << 12 && steps < 100; steps++)
            done += Drop(restored, again, At + done, (Pages << 12) - done);
        Assert.Equal(Pages << 12, done);
        Assert.Equal((ulong)present.Length, restored.Memory.Epochs.DirtyPagesOf(restored.Tracker));
        Assert.True(restored.Frames.UsedFrames - restored.Baseline < 100);
        foreach (ulong page in present)
            Assert.Equal(0UL, restored.Load64(again, At + (page << 12)));
        restored.Checkpoint();
        using TestMachine third = restored.Restore(restored.Store);
        again = (AddressSpace*)third.Tracker.Find(space->Header.Id);
        foreach (ulong page in present)
            Assert.Equal(0UL, third.Load64(again, At + (page << 12)));
        restored.Memory.Spaces.Release(again = (AddressSpace*)restored.Tracker.Find(space->Header.Id));
        restored.AssertNothingLeft();
    }

    [Fact]
    public void What_the_store_has_as_zeroes_counts_no_more_once_it_has_said_so()
    {
        const ulong Zeroes = 8;
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, Zeroes, VmObjectFlags.File);
        for (ulong page = 0; page < Zeroes; page++)
            new Span<byte>(machine.FileForWrite(file, page, overwrite: true).Address, 4096).Clear();
        machine.Checkpoint();
        for (int steps = 0; steps < 100 && machine.Memory.Reclaim.EvictedPages < Zeroes; steps++)
            machine.Memory.Reclaim.Step();
        VmObject* clone = machine.Memory.Objects.Clone(file);
        Assert.Equal(Zeroes, machine.Memory.Holes.CountPages(clone));
        Assert.Equal(MemoryStatus.WouldBlock, machine.Memory.Pages.GetForRead(file, 0).Status);
        Assert.Equal(Zeroes, machine.Memory.Holes.CountPages(file));
        machine.ServePager();
        Assert.Equal(0UL, machine.Memory.Holes.CountPages(file));
        machine.Memory.Verifier.VerifyAll();
        machine.Memory.Objects.Release(clone);
        machine.Memory.Objects.Release(file);
        machine.AssertNothingLeft();
    }

    private static ulong Drop(TestMachine machine, AddressSpace* space, ulong at, ulong bytes)
    {
        Assert.Equal(MemoryStatus.Ok, machine.DropPages(space, at, bytes, out ulong done));
        return done;
    }
}
