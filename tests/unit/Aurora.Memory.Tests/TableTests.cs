using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Testing;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>
/// Dirty and protect lists, page trees and the table of mappings at their boundaries. Forks of large tables are in BoundaryTests.
/// </summary>
public sealed unsafe class TableTests
{
    private const ulong At = 0x10_0000_0000;
    private const int MaxMappings = 1024;

    [Theory]
    [MemberData(nameof(Boundaries.Of), DirtyChunk.Capacity, 20, MemberType = typeof(Boundaries))]
    [InlineData(ProtectChunk.Capacity - 1)]
    [InlineData((2 * ProtectChunk.Capacity) + 1)]
    public void An_object_of_which_any_number_of_pages_changed_is_stored_whole(int count)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, (ulong)count + 1);
        for (ulong page = 0; page < (ulong)count; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.Freeze();
        for (ulong page = 0; page < (ulong)count; page += 2)
            machine.Store64(space, At + (page << 12), page + 1_000_000);
        // The epoch fails: both versions are one list, in which every page is once.
        machine.MergeNewest();
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        var again = (AddressSpace*)restored.Tracker.Find(space->Header.Id);
        for (ulong page = 0; page < (ulong)count; page++)
            Assert.Equal(page + (page % 2 == 0 ? 1_000_000UL : 1UL), restored.Load64(again, At + (page << 12)));
        machine.Release(space);
        machine.AssertNothingLeft();
    }

    public static IEnumerable<object[]> FarPages()
    {
        foreach (int bits in new[] { 9, 18, 27, 36, 45 })
        {
            yield return [(1UL << bits) - 1];
            yield return [1UL << bits];
            yield return [(2UL << bits) + 1];
        }
        yield return [0UL];
        yield return [1UL];
        yield return [VmObject.MaxPages - 1];
    }

    /// <summary>
    /// A tree of one leaf grows by as many levels as the page needs, in one operation; without memory for one of them it is as it was.
    /// </summary>
    [Theory]
    [MemberData(nameof(FarPages))]
    public void A_page_tree_grows_to_any_page_at_once_or_not_at_all(ulong page)
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, VmObject.MaxPages, VmObjectFlags.None);
        Put(machine, file, 3, 33);
        for (ulong spare = 0; ; spare++)
        {
            ulong reserved = machine.Frames.FreeFrames - spare;
            Assert.True(machine.Frames.TryReserve(reserved));
            PageAccess access = machine.FileForWrite(file, page, overwrite: true);
            machine.Frames.Unreserve(reserved);
            Assert.Equal(33UL, Get(machine, file, 3));
            if (access.Status == MemoryStatus.Ok)
                break;
            Assert.Equal(MemoryStatus.OutOfMemory, access.Status);
            Assert.InRange(spare, 0UL, 16UL);
        }
        Put(machine, file, page, page + 44);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store.Copy());
        var again = (VmObject*)restored.Tracker.Find(file->Header.Id);
        Assert.Equal(page + 44, Get(restored, again, page));
        if (page != 3)
            Assert.Equal(33UL, Get(restored, again, 3));
        machine.Memory.Objects.Release(file);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void With_all_mappings_there_may_be_the_next_and_a_fork_are_refused_and_one_that_goes_makes_room()
    {
        using var machine = new TestMachine(mappings: MaxMappings);
        AddressSpace* space = machine.NewSpace();
        for (int index = 0; index < MaxMappings; index++)
            machine.MapAnonymous(space, At + ((ulong)index << 13), 1);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(MemoryStatus.OutOfMemory, TryMap(machine, space, At + ((ulong)MaxMappings << 13)));
            Assert.Equal(MemoryStatus.OutOfMemory, machine.Memory.Spaces.Fork(space, out _));
            Assert.Equal(MaxMappings, space->MappingCount);
            Assert.Equal(MemoryStatus.Ok, machine.Memory.Mappings.Unmap(space, new VirtualAddress(At + ((ulong)round << 13)), 4096));
            Assert.Equal(MemoryStatus.Ok, TryMap(machine, space, At + ((ulong)round << 13)));
        }
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        Assert.Equal(MaxMappings, ((AddressSpace*)restored.Tracker.Find(space->Header.Id))->MappingCount);
        machine.Release(space);
        machine.AssertNothingLeft();
    }

    /// <summary>
    /// The array of mappings grows by one page, then by as many as there were: without memory for it the call is refused and the table
    /// whole.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(1024)]
    public void A_table_of_mappings_that_cannot_grow_refuses_and_grows_later(int count)
    {
        using var machine = new TestMachine(mappings: 4096);
        AddressSpace* space = machine.NewSpace();
        AddressSpace* other = machine.NewSpace();
        for (int index = 0; index < count; index++)
            machine.MapAnonymous(space, At + ((ulong)index << 13), 1);
        // The first mapping of another space needs a first page too.
        machine.Pages.PageLimit = machine.Pages.PagesOutstanding;
        Assert.Equal(MemoryStatus.OutOfMemory, TryMap(machine, other, At));
        if (count > 1)
            Assert.Equal(MemoryStatus.OutOfMemory, TryMap(machine, space, At + ((ulong)count << 13)));
        Assert.Equal(MemoryStatus.OutOfMemory, machine.Memory.Spaces.Fork(space, out _));
        Assert.Equal(count, space->MappingCount);
        machine.Pages.PageLimit = long.MaxValue;
        Assert.Equal(MemoryStatus.Ok, TryMap(machine, space, At + ((ulong)count << 13)));
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(space, out AddressSpace* child));
        Assert.Equal(count + 1, child->MappingCount);
        machine.Release(child);
        machine.Release(other);
        machine.Release(space);
        machine.AssertNothingLeft();
    }

    private static MemoryStatus TryMap(TestMachine machine, AddressSpace* space, ulong address)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = 4096, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed,
        };
        return machine.Memory.Mappings.Map(space, request, out _);
    }

    private static void Put(TestMachine machine, VmObject* file, ulong page, ulong value)
    {
        PageAccess access = machine.FileForWrite(file, page, overwrite: true);
        Assert.Equal(MemoryStatus.Ok, access.Status);
        *(ulong*)access.Address = value;
    }

    private static ulong Get(TestMachine machine, VmObject* file, ulong page)
    {
        PageAccess access = machine.FileForRead(file, page);
        Assert.Equal(MemoryStatus.Ok, access.Status);
        return *(ulong*)access.Address;
    }
}
