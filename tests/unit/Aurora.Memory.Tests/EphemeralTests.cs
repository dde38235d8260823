// Groups of which nothing is ever captured: nothing is listed for them, and what they have changed stays in memory.
using Aurora.Base;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class EphemeralTests
{
    private const ulong At = 0x10000;

    [Fact]
    public void Nothing_is_listed_however_much_changes()
    {
        using var machine = new TestMachine(isEphemeral: true);
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 100);
        ulong faults = 0;
        for (ulong round = 0; round < 3; round++)
        {
            for (ulong page = 0; page < 100; page++)
                machine.Store64(space, At + (page * 4096), page + round);
            Assert.Equal(0, machine.Memory.ChangeStructures);
            faults = round == 0 ? space->Faults : faults;
        }
        Assert.Equal(faults, space->Faults);
        Assert.Equal(100UL, machine.Frames.EphemeralFrames);
        Assert.Equal(0, machine.Tracker.ChangedCount);
        Assert.False(machine.Memory.Epochs.HasChanges(machine.Tracker));
        machine.Memory.Spaces.Release(space);
        Assert.Equal(0UL, machine.Frames.EphemeralFrames);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void A_fork_has_what_the_parent_had_and_neither_sees_the_other()
    {
        using var machine = new TestMachine(isEphemeral: true);
        AddressSpace* parent = machine.NewSpace();
        machine.MapAnonymous(parent, At, 1000);
        for (ulong page = 0; page < 1000; page += 3)
            machine.Store64(parent, At + (page * 4096), page + 1);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(parent, out AddressSpace* child));
        machine.Memory.Verifier.VerifyAll();
        machine.Store64(parent, At, 77);
        machine.Store64(child, At + (3 * 4096), 88);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(child, out AddressSpace* second));
        machine.Store64(child, At + (6 * 4096), 99);
        Assert.Equal((77UL, 1UL, 1UL), (machine.Load64(parent, At), machine.Load64(child, At), machine.Load64(second, At)));
        Assert.Equal((4UL, 88UL, 88UL),
            (machine.Load64(parent, At + (3 * 4096)), machine.Load64(child, At + (3 * 4096)), machine.Load64(second, At + (3 * 4096))));
        Assert.Equal((7UL, 99UL, 7UL),
            (machine.Load64(parent, At + (6 * 4096)), machine.Load64(child, At + (6 * 4096)), machine.Load64(second, At + (6 * 4096))));
        machine.Memory.Verifier.VerifyAll();
        machine.Memory.Spaces.Release(parent);
        Assert.Equal(1000UL, machine.Load64(second, At + (999 * 4096)));
        machine.Memory.Spaces.Release(child);
        machine.Memory.Spaces.Release(second);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void What_was_restored_may_go_and_come_back_and_what_has_changed_since_stays()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 64);
        for (ulong page = 0; page < 64; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.Checkpoint();
        using TestMachine copy = machine.Restore(machine.Store, isEphemeral: true);
        space = (AddressSpace*)copy.Tracker.Find(space->Header.Id);
        copy.Store64(space, At, 1000);
        for (ulong page = 1; page < 64; page++)
            Assert.Equal(page + 1, copy.Load64(space, At + (page << 12)));
        Assert.Equal(MemoryStatus.Ok, copy.Memory.Spaces.Fork(space, out AddressSpace* child));
        for (int round = 0; round < 4;)
            round += copy.Memory.Reclaim.Step() ? 1 : 0;
        Assert.Equal(126UL, copy.Memory.Reclaim.EvictedPages);
        copy.Memory.Verifier.VerifyAll();
        copy.Store64(child, At + (5 << 12), 2000);
        Assert.Equal((1000UL, 1000UL), (copy.Load64(space, At), copy.Load64(child, At)));
        Assert.Equal((6UL, 2000UL), (copy.Load64(space, At + (5 << 12)), copy.Load64(child, At + (5 << 12))));
        Assert.Equal(64UL, copy.Load64(child, At + (63 << 12)));
        Assert.Equal(0, copy.Memory.ChangeStructures);
        Assert.Equal(0, copy.Tracker.Ended.Count);
        copy.Memory.Spaces.Retain(space);
        copy.Memory.Spaces.Release(space);
        while (copy.Memory.Spaces.IsEnding)
            copy.Memory.Spaces.EndStep();
        Assert.Equal(0, copy.Tracker.Ended.Count);
    }

    [Fact]
    public void What_is_cut_and_discarded_reads_as_zero_although_the_store_has_it()
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 16, VmObjectFlags.File);
        for (ulong page = 0; page < 16; page++)
            *(ulong*)machine.Memory.Pages.GetForWrite(file, page, overwrite: true).Address = page + 1;
        machine.Checkpoint();
        using TestMachine copy = machine.Restore(machine.Store, isEphemeral: true);
        file = (VmObject*)copy.Tracker.Find(file->Header.Id);
        Assert.Equal(MemoryStatus.Ok, copy.Memory.Objects.Resize(file, 8));
        Assert.Equal(MemoryStatus.Ok, copy.Memory.Objects.Resize(file, 16));
        Assert.Equal(0UL, *(ulong*)copy.Memory.Pages.GetForRead(file, 12).Address);
        VmObject* clone = copy.Memory.Objects.Clone(file);
        Assert.Equal(0UL, *(ulong*)copy.Memory.Pages.GetForRead(clone, 12).Address);
        Assert.Equal(MemoryStatus.WouldBlock, copy.Memory.Pages.GetForRead(clone, 3).Status);
        copy.ServePager();
        Assert.Equal(4UL, *(ulong*)copy.Memory.Pages.GetForRead(clone, 3).Address);
        Assert.Equal(0, copy.Memory.ChangeStructures);
    }

    [Fact]
    public void A_file_may_be_forgotten_as_it_was_restored_and_not_once_a_page_has_changed()
    {
        using var machine = new TestMachine();
        VmObject* first = machine.Memory.Objects.Create(machine.Tracker, 16, VmObjectFlags.File);
        VmObject* second = machine.Memory.Objects.Create(machine.Tracker, 16, VmObjectFlags.File);
        *(ulong*)machine.Memory.Pages.GetForWrite(first, 0, overwrite: true).Address = 1;
        *(ulong*)machine.Memory.Pages.GetForWrite(second, 0, overwrite: true).Address = 2;
        machine.Checkpoint();
        using TestMachine copy = machine.Restore(machine.Store, isEphemeral: true);
        first = (VmObject*)copy.Tracker.Find(first->Header.Id);
        second = (VmObject*)copy.Tracker.Find(second->Header.Id);
        first->Header.References = second->Header.References = 1;
        Assert.True(copy.Memory.Objects.MayForget(first) && copy.Memory.Objects.MayForget(second));
        *(ulong*)copy.Memory.Pages.GetForWrite(first, 5, overwrite: true).Address = 3;
        Assert.False(copy.Memory.Objects.MayForget(first));
        Assert.True(copy.Memory.Objects.MayForget(second));
        Assert.Equal(0, copy.Tracker.ChangedCount);
    }
}
