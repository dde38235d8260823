using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class TrackingTests
{
    private const ulong At = 0x4000_0000;

    [Fact]
    public void A_store_to_a_page_in_flight_leaves_the_frozen_contents_alone()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 4);
        machine.Store64(space, At, 1);
        InFlightEpoch first = machine.Freeze();
        Assert.Equal(1UL, first.Epoch->Pages);
        machine.Store64(space, At, 2);
        InFlightEpoch second = machine.Freeze();
        machine.Store64(space, At, 3);
        Assert.Equal(1UL, *(ulong*)machine.Frames.AddressOf(first.Frozen[0].Frame));
        Assert.Equal(2UL, *(ulong*)machine.Frames.AddressOf(second.Frozen[0].Frame));
        Assert.Equal(3UL, machine.Load64(space, At));
        machine.ReleaseOldest();
        machine.ReleaseOldest();
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void An_idle_group_freezes_nothing_and_a_second_store_after_a_freeze_is_seen()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 4);
        machine.Store64(space, At, 1);
        machine.Checkpoint();
        Assert.False(machine.Memory.Epochs.HasChanges(machine.Tracker));
        machine.Load64(space, At);
        Assert.True(machine.Freeze().Epoch->IsEmpty);
        machine.Store64(space, At + 8, 2);
        InFlightEpoch epoch = machine.Freeze();
        Assert.Equal(1UL, epoch.Epoch->Pages);
        Assert.Equal(1UL, epoch.Epoch->ProtectedEntries);
    }

    [Fact]
    public void A_second_mapping_of_a_dirty_page_is_protected_too()
    {
        using var machine = new TestMachine();
        AddressSpace* one = machine.NewSpace();
        AddressSpace* two = machine.NewSpace();
        VmObject* shared = machine.Memory.Objects.Create(machine.Tracker, 4, VmObjectFlags.None);
        machine.MapFile(one, At, shared, 0, 4, MappingFlags.Shared, Protection.Read | Protection.Write);
        machine.MapFile(two, At, shared, 0, 4, MappingFlags.Shared, Protection.Read | Protection.Write);
        machine.Store64(one, At, 1);
        machine.Store64(two, At + 8, 2);
        InFlightEpoch epoch = machine.Freeze();
        Assert.Equal(1UL, epoch.Epoch->Pages);
        Assert.Equal(2UL, epoch.Epoch->ProtectedEntries);
        machine.Store64(two, At + 8, 3);
        Assert.Equal(3UL, machine.Load64(one, At + 8));
        Assert.Equal(2UL, *(ulong*)(machine.Frames.AddressOf(epoch.Frozen[0].Frame) + 8));
        machine.Memory.Verifier.VerifyAll();
    }

    [Fact]
    public void A_protect_list_may_outlive_the_page_table_it_points_into()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        VmObject* shared = machine.Memory.Objects.Create(machine.Tracker, 4, VmObjectFlags.None);
        machine.MapFile(space, At, shared, 0, 4, MappingFlags.Shared, Protection.Read | Protection.Write);
        machine.Store64(space, At, 1);
        ulong used = machine.Frames.UsedFrames;
        machine.Memory.Spaces.Release(space);
        // The table that the protect list names is still there; the others of the space are gone.
        Assert.Equal(used - 3, machine.Frames.UsedFrames);
        InFlightEpoch epoch = machine.Freeze();
        Assert.Equal(1UL, epoch.Epoch->Pages);
        Assert.Equal(used - 4, machine.Frames.UsedFrames);
        machine.Memory.Objects.Release(shared);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void Kernel_stores_are_tracked_and_copied_like_a_programs()
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 2, VmObjectFlags.File);
        AddressSpace* space = machine.NewSpace();
        machine.MapFile(space, At, file, 0, 2, MappingFlags.Shared, Protection.Read);
        *machine.FileForWrite(file, 0).Address = 7;
        Assert.Equal(7UL, machine.Load64(space, At));
        InFlightEpoch epoch = machine.Freeze();
        *machine.FileForWrite(file, 0).Address = 8;
        Assert.Equal(8UL, machine.Load64(space, At));
        Assert.Equal(7, *machine.Frames.AddressOf(epoch.Frozen[0].Frame));
        Assert.Equal(MemoryStatus.BusError, machine.FileForWrite(file, 2).Status);
    }

    [Fact]
    public void A_page_to_be_overwritten_as_a_whole_is_not_cleared_before()
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 2, VmObjectFlags.File);
        // The host's frames hold a pattern while they are free.
        Assert.NotEqual(0, *machine.FileForWrite(file, 0, overwrite: true).Address);
        Assert.Equal(0, *machine.FileForWrite(file, 1).Address);
    }

    [Fact]
    public void A_failed_epoch_is_dirty_again_and_newer_versions_win()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 4);
        machine.Store64(space, At, 1);
        machine.Store64(space, At + 4096, 1);
        machine.Freeze();
        machine.Store64(space, At, 2);
        machine.MergeNewest();
        InFlightEpoch epoch = machine.Freeze();
        Assert.Equal(2UL, epoch.Epoch->Pages);
        machine.ReleaseOldest();
        using TestMachine restored = machine.Restore(machine.Store);
        AddressSpace* again = (AddressSpace*)restored.Tracker.Find(space->Header.Id);
        Assert.Equal(2UL, restored.Load64(again, At));
        Assert.Equal(1UL, restored.Load64(again, At + 4096));
    }

    [Fact]
    public void A_clone_captured_in_a_failed_epoch_takes_nothing_over_from_its_source()
    {
        using var machine = new TestMachine();
        AddressSpace* before = machine.NewSpace();
        machine.MapAnonymous(before, At, 4);
        machine.Store64(before, At, 1);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        AddressSpace* parent = (AddressSpace*)restored.Tracker.Find(before->Header.Id);
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Spaces.Fork(parent, out AddressSpace* child));
        restored.Store64(parent, At, 2);
        restored.Freeze();
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Spaces.Fork(parent, out AddressSpace* second));
        restored.MergeNewest();
        Assert.Equal(1UL, restored.Load64(child, At));
        Assert.Equal(2UL, restored.Load64(second, At));
        restored.Checkpoint();
        using TestMachine third = restored.Restore(restored.Store);
        Assert.Equal(1UL, third.Load64((AddressSpace*)third.Tracker.Find(child->Header.Id), At));
        Assert.Equal(2UL, third.Load64((AddressSpace*)third.Tracker.Find(second->Header.Id), At));
    }

    [Fact]
    public void A_fork_protects_what_the_parent_could_write_a_moment_before()
    {
        using var machine = new TestMachine();
        AddressSpace* parent = machine.NewSpace();
        machine.MapAnonymous(parent, At, 4);
        machine.Store64(parent, At, 1);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(parent, out AddressSpace* child));
        machine.Store64(parent, At, 2);
        machine.Store64(child, At + 8, 3);
        Assert.Equal(1UL, machine.Load64(child, At));
        Assert.Equal(0UL, machine.Load64(parent, At + 8));
        InFlightEpoch epoch = machine.Freeze();
        Assert.Equal(2UL, epoch.Epoch->Pages);
        Assert.Equal(0UL, epoch.Epoch->Clones);
        machine.Memory.Spaces.Release(child);
        machine.Memory.Spaces.Release(parent);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void A_hot_page_is_frozen_by_copy_without_a_fault_and_cools_down_when_left_alone()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 4);
        ulong faultsWithout = 0;
        for (ulong round = 0; round < 30; round++)
        {
            ulong faults = space->Faults;
            machine.Store64(space, At, round);
            faultsWithout += space->Faults == faults ? 1UL : 0;
            InFlightEpoch epoch = machine.Freeze();
            Assert.Equal(1UL, epoch.Epoch->Pages);
            Assert.Equal(round, *(ulong*)machine.Frames.AddressOf(epoch.Frozen[0].Frame));
            machine.Store64(space, At, 1000);
            if (machine.Epochs.Count == 3)
                machine.ReleaseOldest();
        }
        Assert.InRange(faultsWithout, 26UL, 29UL);
        while (machine.Epochs.Count > 0)
            machine.ReleaseOldest();
        int periods = 0;
        for (; machine.Memory.Epochs.HasChanges(machine.Tracker); periods++)
            machine.Checkpoint();
        Assert.InRange(periods, 1, 2);
        Assert.Equal(1000UL, *(ulong*)machine.FileForRead(MappingTable.At(space, 0)->Object, 0).Address);
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }
}
