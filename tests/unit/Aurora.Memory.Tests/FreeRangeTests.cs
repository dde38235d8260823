using System;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>
/// Where mappings without a place go, after any mapping, unmapping, moving, growing and protecting: into the highest range that is large
/// enough, found by looking at all of them.
/// </summary>
public sealed unsafe class FreeRangeTests
{
    private const ulong Page = 4096;
    private const ulong GuardBytes = 256 * Page;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 60)]
    [InlineData(3, 1100)]
    [InlineData(4, 1100)]
    public void The_highest_range_that_is_large_enough_is_found_whatever_went_before(int seed, int most)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        var random = new Random(seed);
        for (int step = 0; step < 6000; step++)
        {
            bool isFull = space->MappingCount >= most;
            int choice = random.Next(isFull ? 60 : 0, 100);
            if (choice < 75 && !isFull)
                MapAnywhere(machine, space, random);
            else if (choice < 78 && !isFull)
                MapAt(machine, space, random);
            else if (choice < 80 && !isFull)
                MapBelowStack(machine, space, random);
            else if (choice < 92 && space->MappingCount > 0)
                Unmap(machine, space, random);
            else if (space->MappingCount > 0)
                Move(machine, space, random);
        }
        AssertOrdered(space);
        machine.Release(space);
        while (machine.Memory.Spaces.IsEnding)
            machine.Memory.Spaces.EndStep();
        machine.AssertNothingLeft();
    }

    /// <summary>What is mapped in the guard of a stack ends the guard: what is free below it is larger than it was.</summary>
    [Fact]
    public void The_guard_of_a_stack_that_has_a_neighbour_is_free()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        ulong stack = AddressSpace.DefaultMapTop - Page;
        machine.MapAnonymous(space, stack, 1, MappingFlags.GrowsDown);
        ulong below = stack - GuardBytes - (2 * Page);
        machine.MapAnonymous(space, below - Page, 1);
        Assert.Equal(below - (5 * Page), machine.MapAnonymous(space, 0, 4));
        machine.MapAnonymous(space, stack - Page, 1);
        Assert.Equal(stack - (5 * Page), machine.MapAnonymous(space, 0, 4));
        machine.Release(space);
    }

    private static void MapAnywhere(TestMachine machine, AddressSpace* space, Random random)
    {
        ulong pages = random.Next(3) == 0 ? (ulong)random.Next(1, 40) : (ulong)random.Next(1, 3);
        Protection protection = random.Next(2) == 0 ? Protection.Read : ReadWrite;
        ulong expected = Highest(space, pages * Page);
        Assert.Equal(expected, machine.MapAnonymous(space, 0, pages, protection: protection));
    }

    private static void MapAt(TestMachine machine, AddressSpace* space, Random random)
    {
        MappingFlags flags = random.Next(4) == 0 ? MappingFlags.GrowsDown : 0;
        machine.MapAnonymous(space, AddressSpace.DefaultMapTop - ((ulong)random.Next(1, 4000) * Page), (ulong)random.Next(1, 6), flags);
    }

    // In the guard that searches keep below a stack.
    private static void MapBelowStack(TestMachine machine, AddressSpace* space, Random random)
    {
        for (int index = 0; index < space->MappingCount; index++)
        {
            Mapping* mapping = MappingTable.At(space, index);
            if ((mapping->Flags & MappingFlags.GrowsDown) == 0 || random.Next(3) == 0)
                continue;
            ulong address = mapping->Start.Value - ((ulong)random.Next(1, 257) * Page);
            machine.MapAnonymous(space, address, 1);
            return;
        }
    }

    private static void Unmap(TestMachine machine, AddressSpace* space, Random random)
    {
        Mapping* mapping = MappingTable.At(space, random.Next(space->MappingCount));
        ulong first = (ulong)random.Next((int)mapping->Pages);
        ulong length = (ulong)random.Next(1, 8) * Page;
        var from = new VirtualAddress(mapping->Start.Value + (first * Page));
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Mappings.Unmap(space, from, length));
    }

    // Also to where there is something.
    private static void Move(TestMachine machine, AddressSpace* space, Random random)
    {
        Mapping* mapping = MappingTable.At(space, random.Next(space->MappingCount));
        if ((mapping->Flags & MappingFlags.GrowsDown) != 0)
            return;
        var request = new RemapRequest
        {
            Address = mapping->Start, OldLength = mapping->Pages * Page, NewLength = (ulong)random.Next(1, 8) * Page, MayMove = true,
        };
        MemoryStatus status = machine.Memory.Remaps.Remap(space, request, out _);
        Assert.True(status == MemoryStatus.Ok, status.ToString());
    }

    private static ulong Highest(AddressSpace* space, ulong bytes)
    {
        ulong above = AddressSpace.UserEnd;
        for (int index = space->MappingCount - 1; index >= -1; index--)
        {
            ulong low = index < 0 ? AddressSpace.UserStart : MappingTable.At(space, index)->End.Value;
            ulong high = Math.Min(above, AddressSpace.DefaultMapTop);
            if (high >= low && high - low >= bytes)
                return high - bytes;
            if (index < 0)
                break;
            Mapping* mapping = MappingTable.At(space, index);
            bool isStack = (mapping->Flags & MappingFlags.GrowsDown) != 0;
            above = mapping->Start.Value - (isStack ? GuardBytes : 0);
        }
        throw new InvalidOperationException("no range is free");
    }

    private static void AssertOrdered(AddressSpace* space)
    {
        for (int index = 1; index < space->MappingCount; index++)
            Assert.True(MappingTable.At(space, index - 1)->End.Value <= MappingTable.At(space, index)->Start.Value);
    }
}
