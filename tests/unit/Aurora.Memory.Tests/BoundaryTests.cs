using System;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>The tables of memory at their boundaries, and the ends of what a program may ask for: everything that works can be restored.</summary>
public sealed unsafe class BoundaryTests
{
    private const ulong At = 0x4000_0000;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    [Theory]
    [InlineData(1)]
    [InlineData(480)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(520)]
    [InlineData(600)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(2000)]
    [InlineData(16000)]
    public void A_fork_copies_any_number_of_mappings(int count)
    {
        using var machine = new TestMachine(frames: 32768, mappings: 65536);
        AddressSpace* parent = machine.NewSpace();
        Shatter(machine, parent, count);
        Assert.Equal(count, parent->MappingCount);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(parent, out AddressSpace* child));
        Assert.Equal(count, child->MappingCount);
        for (int index = 0; index < count; index++)
            Assert.Equal(MappingTable.At(parent, index)->Start, MappingTable.At(child, index)->Start);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        Assert.Equal(count, ((AddressSpace*)restored.Tracker.Find(child->Header.Id))->MappingCount);
        machine.Release(child);
        machine.Release(parent);
        machine.AssertNothingLeft();
    }

    [Theory]
    [InlineData(AddressSpace.UserEnd)]
    [InlineData(AddressSpace.UserEnd - 4096)]
    [InlineData(AddressSpace.UserStart)]
    public void A_break_anywhere_in_user_space_comes_back(ulong start)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.Memory.Break.Start(space, new VirtualAddress(start));
        ulong end = machine.Memory.Break.Set(space, new VirtualAddress(start + 4096)).Value;
        Assert.Equal(start == AddressSpace.UserEnd ? start : start + 4096, end);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        var again = (AddressSpace*)restored.Tracker.Find(space->Header.Id);
        Assert.Equal(start, again->BreakStart.Value);
        Assert.Equal(end, again->BreakEnd.Value);
    }

    // Single pages that cannot be joined.
    private static void Shatter(TestMachine machine, AddressSpace* space, int count)
    {
        machine.MapAnonymous(space, At, (ulong)count, protection: Protection.Read);
        for (int page = 0; page < count; page += 2)
            Assert.Equal(MemoryStatus.Ok,
                machine.Memory.Mappings.Protect(space, new VirtualAddress(At + ((ulong)page << 12)), 4096, ReadWrite));
    }
}
