using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Pages that are opened before anybody stores to them: they save faults, and are in an epoch exactly if somebody has.</summary>
public sealed unsafe class OpenedPageTests
{
    private const ulong At = 0x4000_0000;
    private const ulong Pages = 32;

    [Fact]
    public void Pages_that_were_written_are_opened_together_when_one_is_written_again()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        StoreAll(machine, space, 1);
        machine.Checkpoint();
        ulong faults = space->Faults;
        StoreAll(machine, space, 2);
        Assert.Equal(1UL, space->Faults - faults);
        Assert.Equal(Pages, machine.Freeze().Epoch->Pages);
    }

    [Fact]
    public void While_their_epoch_is_in_flight_they_are_copied()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        StoreAll(machine, space, 1);
        machine.Freeze();
        ulong faults = space->Faults;
        StoreAll(machine, space, 2);
        Assert.Equal(1UL, space->Faults - faults);
        machine.ReleaseOldest();
        Assert.Equal(Pages, machine.Freeze().Epoch->Pages);
        machine.ReleaseOldest();
        using TestMachine restored = machine.Restore(machine.Store);
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(2UL, restored.Load64((AddressSpace*)restored.Tracker.Find(space->Header.Id), At + (page << 12)));
    }

    [Fact]
    public void What_nobody_stores_to_is_not_in_the_epoch_and_not_opened_again()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        StoreAll(machine, space, 1);
        machine.Checkpoint();
        machine.Store64(space, At, 2);
        machine.Store64(space, At + (5 << 12), 2);
        Assert.Equal(2UL, machine.Freeze().Epoch->Pages);
        machine.ReleaseOldest();
        machine.Store64(space, At, 3);
        Assert.Equal(2UL, machine.Memory.Epochs.DirtyPagesOf(machine.Tracker));
        Assert.Equal(1UL, machine.Freeze().Epoch->Pages);
        machine.ReleaseOldest();
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void What_only_an_epoch_in_flight_has_is_not_clean()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        StoreAll(machine, space, 1);
        machine.Checkpoint();
        StoreAll(machine, space, 2);
        machine.Freeze();
        machine.Store64(space, At, 3);
        Assert.Equal(Pages, machine.Freeze().Epoch->Pages);
        for (int round = 0; round < 3; round++)
        {
            while (!machine.Memory.Reclaim.Step())
            {
            }
        }
        Assert.Equal(0UL, machine.Memory.Reclaim.EvictedPages);
        Assert.Equal(2UL, machine.Load64(space, At + (9 << 12)));
    }

    [Fact]
    public void A_store_of_the_kernel_to_an_opened_page_counts()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        StoreAll(machine, space, 1);
        machine.Checkpoint();
        machine.Store64(space, At, 2);
        machine.User.Write(space, new VirtualAddress(At + (3 << 12)), 4UL);
        *machine.FileForWrite(MappingTable.At(space, 0)->Object, 4).Address = 4;
        machine.User.Locate(space, new VirtualAddress(At + (6 << 12)), write: true, out byte* word);
        *word = 4;
        Assert.Equal(4UL, machine.Freeze().Epoch->Pages);
    }

    /// <summary>And the mark it leaves is what tells: without it the page is not in the epoch.</summary>
    [Theory]
    [InlineData((int)SeededMemoryFaults.None, 2)]
    [InlineData((int)SeededMemoryFaults.LostStoreMark, 1)]
    public void A_store_counts_although_the_entry_it_went_through_has_gone(int fault, ulong pages)
    {
        using var machine = new TestMachine(seeded: (SeededMemoryFaults)fault);
        AddressSpace* space = machine.NewSpace();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, Pages, VmObjectFlags.File);
        machine.MapFile(space, At, file, 0, Pages, MappingFlags.Shared, Protection.Read | Protection.Write);
        StoreAll(machine, space, 1);
        machine.Checkpoint();
        machine.Store64(space, At, 2);
        machine.Store64(space, At + (5 << 12), 2);
        machine.Memory.Spaces.Release(space);
        Assert.Equal(pages, machine.Freeze().Epoch->Pages);
    }

    [Fact]
    public void A_failed_epoch_owes_its_pages_again_although_they_are_opened()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        StoreAll(machine, space, 1);
        machine.Checkpoint();
        StoreAll(machine, space, 2);
        machine.Freeze();
        machine.Store64(space, At, 3);
        machine.MergeNewest();
        Assert.Equal(Pages, machine.Freeze().Epoch->Pages);
    }

    [Fact]
    public void A_hot_page_that_is_left_alone_is_written_once_more_at_most()
    {
        using var machine = new TestMachine();
        AddressSpace* space = NewSpace(machine);
        for (ulong round = 0; round < 5; round++)
        {
            machine.Store64(space, At, round);
            machine.Checkpoint();
        }
        Assert.Equal(0UL, machine.Freeze().Epoch->Pages);
        machine.ReleaseOldest();
        Assert.False(machine.Memory.Epochs.HasChanges(machine.Tracker));
        machine.Store64(space, At, 9);
        Assert.Equal(1UL, machine.Freeze().Epoch->Pages);
    }

    [Fact]
    public void A_child_has_what_its_parent_had_in_opened_pages()
    {
        using var machine = new TestMachine();
        AddressSpace* parent = NewSpace(machine);
        StoreAll(machine, parent, 1);
        machine.Checkpoint();
        machine.Store64(parent, At, 2);
        machine.Store64(parent, At + (5 << 12), 2);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(parent, out AddressSpace* child));
        machine.Store64(parent, At, 3);
        machine.Store64(child, At + (6 << 12), 3);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        var first = (AddressSpace*)restored.Tracker.Find(parent->Header.Id);
        var second = (AddressSpace*)restored.Tracker.Find(child->Header.Id);
        ulong[] words = [restored.Load64(first, At), restored.Load64(first, At + (5 << 12)), restored.Load64(first, At + (6 << 12)),
            restored.Load64(second, At), restored.Load64(second, At + (5 << 12)), restored.Load64(second, At + (6 << 12))];
        Assert.Equal([3UL, 2, 1, 2, 2, 3], words);
    }

    private static AddressSpace* NewSpace(TestMachine machine)
    {
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, Pages);
        return space;
    }

    private static void StoreAll(TestMachine machine, AddressSpace* space, ulong value)
    {
        for (ulong page = 0; page < Pages; page++)
            machine.Store64(space, At + (page << 12), value);
    }
}
