using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Which pages are dropped when frames are short, and that all of them come back as they were.</summary>
public sealed unsafe class ReclaimTests
{
    private const ulong At = 0x4000_0000;

    [Fact]
    public void Clean_pages_go_in_the_second_round_and_come_back_from_the_store()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 600);
        for (ulong page = 0; page < 600; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.Checkpoint();
        Round(machine);
        Assert.Equal(0UL, machine.Memory.Reclaim.EvictedPages);
        ulong used = machine.Frames.UsedFrames;
        Round(machine);
        Assert.Equal(600UL, machine.Memory.Reclaim.EvictedPages);
        Assert.True(machine.Frames.UsedFrames <= used - 600);
        for (ulong page = 0; page < 600; page++)
            Assert.Equal(page + 1, machine.Load64(space, At + (page << 12)));
    }

    [Fact]
    public void A_file_of_one_page_has_no_node()
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 1, VmObjectFlags.File);
        ulong used = machine.Frames.UsedFrames;
        *(ulong*)machine.FileForWrite(file, 0).Address = 5;
        Assert.Equal(used + 1, machine.Frames.UsedFrames);
        machine.Checkpoint();
        Rounds(machine, 2);
        Assert.Equal(used, machine.Frames.UsedFrames);
        Assert.Equal(5UL, *(ulong*)machine.FileForRead(file, 0).Address);
        Assert.Equal(1UL, machine.Memory.Holes.CountPages(file));
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Objects.Resize(file, 3));
        *(ulong*)machine.FileForWrite(file, 2).Address = 7;
        Assert.Equal(5UL, *(ulong*)machine.FileForRead(file, 0).Address);
        Assert.Equal(0UL, *(ulong*)machine.FileForRead(file, 1).Address);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Objects.Resize(file, 0));
        machine.Memory.Objects.Release(file);
        machine.AssertNothingLeft();
    }

    [Theory]
    [InlineData(100)]
    [InlineData(512)]
    [InlineData(1300)]
    public void A_leaf_goes_with_its_last_page(ulong pages)
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, pages, VmObjectFlags.File);
        ulong used = machine.Frames.UsedFrames;
        for (ulong page = 0; page < pages; page++)
            *(ulong*)machine.FileForWrite(file, page).Address = page + 1;
        machine.Checkpoint();
        Rounds(machine, 2);
        Assert.Equal(used, machine.Frames.UsedFrames);
        Assert.Equal(pages, machine.Memory.Holes.CountPages(file));
        *(ulong*)machine.FileForWrite(file, pages - 1).Address = 99;
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        var again = (VmObject*)restored.Tracker.Find(file->Header.Id);
        for (ulong page = 0; page < pages; page++)
        {
            ulong expected = page == pages - 1 ? 99 : page + 1;
            Assert.Equal(expected, *(ulong*)machine.FileForRead(file, page).Address);
            Assert.Equal(expected, *(ulong*)restored.FileForRead(again, page).Address);
        }
    }

    [Fact]
    public void A_leaf_that_knows_of_holes_stays_and_one_cut_off_does_not_come_back()
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 600, VmObjectFlags.File);
        for (ulong page = 0; page < 600; page++)
        {
            if (page != 7)
                *(ulong*)machine.FileForWrite(file, page).Address = page + 1;
        }
        machine.Checkpoint();
        Rounds(machine, 2);
        Assert.Equal(599UL, machine.Memory.Holes.CountPages(file));
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Objects.Resize(file, 520));
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Objects.Resize(file, 600));
        Rounds(machine, 2);
        Assert.Equal(0UL, *(ulong*)machine.FileForRead(file, 599).Address);
        machine.Checkpoint();
        Rounds(machine, 2);
        Assert.Equal(0UL, *(ulong*)machine.FileForRead(file, 599).Address);
        Assert.Equal(520UL, *(ulong*)machine.FileForRead(file, 519).Address);
    }

    [Fact]
    public void A_page_that_is_touched_between_two_rounds_stays()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 64);
        for (ulong page = 0; page < 64; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.Checkpoint();
        Round(machine);
        machine.Load64(space, At + (5 << 12));
        Round(machine);
        Assert.Equal(63UL, machine.Memory.Reclaim.EvictedPages);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Faults.Handle(space, new VirtualAddress(At + (5 << 12)), FaultAccess.Read).Status);
    }

    [Fact]
    public void Dirty_pages_and_pages_in_flight_stay()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 64);
        for (ulong page = 0; page < 64; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        Rounds(machine, 3);
        InFlightEpoch epoch = machine.Freeze();
        Rounds(machine, 3);
        machine.Submit(epoch);
        Rounds(machine, 3);
        Assert.Equal(0UL, machine.Memory.Reclaim.EvictedPages);
        machine.ReleaseOldest();
        Rounds(machine, 2);
        Assert.Equal(64UL, machine.Memory.Reclaim.EvictedPages);
    }

    [Fact]
    public void Pages_shared_with_a_child_go_when_both_have_given_them_up()
    {
        using var machine = new TestMachine();
        AddressSpace* parent = machine.NewSpace();
        machine.MapAnonymous(parent, At, 100);
        for (ulong page = 0; page < 100; page++)
            machine.Store64(parent, At + (page << 12), page + 1);
        machine.Checkpoint();
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(parent, out AddressSpace* child));
        ulong used = machine.Frames.UsedFrames;
        machine.Checkpoint();
        Rounds(machine, 2);
        Assert.Equal(200UL, machine.Memory.Reclaim.EvictedPages);
        Assert.True(machine.Frames.UsedFrames <= used - 99);
        machine.Store64(child, At, 77);
        Assert.Equal(1UL, machine.Load64(parent, At));
        Assert.Equal(77UL, machine.Load64(child, At));
        Assert.Equal(100UL, machine.Load64(parent, At + (99 << 12)));
        machine.Memory.Verifier.VerifyAll();
    }

    // The read was for what the store had before the page was written over as a whole, flushed and evicted.
    [Fact]
    public void A_page_that_is_being_read_in_is_not_evicted_under_the_read()
    {
        using var machine = new TestMachine();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 8, VmObjectFlags.File);
        *(ulong*)machine.FileForWrite(file, 0).Address = 1;
        machine.Checkpoint();
        Rounds(machine, 2);
        Assert.Equal(MemoryStatus.WouldBlock, machine.Memory.Pages.GetForRead(file, 0).Status);
        machine.HoldPageIns();
        *(ulong*)machine.FileForWrite(file, 0, overwrite: true).Address = 2;
        machine.Checkpoint();
        Rounds(machine, 2);
        machine.ServePager();
        Assert.Equal(2UL, *(ulong*)machine.FileForRead(file, 0).Address);
    }

    // Each page that becomes a hole is a line in a commit, and one commit has to hold all that one step changes.
    [Fact]
    public void A_large_range_is_given_up_in_steps()
    {
        const ulong pages = (2 * ObjectHoles.MaxDiscardPages) + 10;
        using var machine = new TestMachine(frames: 16384);
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, pages + 1);
        for (ulong page = 0; page <= pages; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.Checkpoint();
        ulong at = 0;
        int steps = 0;
        for (; at < pages << 12; steps++)
        {
            Assert.Equal(MemoryStatus.Ok, machine.DropPages(space, At + at, (pages << 12) - at, out ulong done));
            Assert.InRange(machine.Memory.Epochs.DirtyPagesOf(machine.Tracker), 1UL, ObjectHoles.MaxDiscardPages);
            machine.Checkpoint();
            at += done;
        }
        Assert.Equal(3, steps);
        Assert.Equal(0UL, machine.Load64(space, At));
        Assert.Equal(0UL, machine.Load64(space, At + ((pages - 1) << 12)));
        Assert.Equal(pages + 1, machine.Load64(space, At + (pages << 12)));
    }

    [Fact]
    public void The_last_frames_are_for_those_who_bring_frames_back()
    {
        using var machine = new TestMachine(frames: 64);
        machine.Frames.SetReserve(16);
        while (machine.Frames.Allocate(FrameFlags.Data).Value != 0)
        {
        }
        Assert.Equal(16UL, machine.Frames.FreeFrames);
        while (machine.Frames.Allocate(FrameFlags.RadixNode).Value != 0)
        {
        }
        Assert.Equal(12UL, machine.Frames.FreeFrames);
        while (machine.Frames.Allocate(FrameFlags.Data, FramePriority.PageIn).Value != 0)
        {
        }
        Assert.Equal(8UL, machine.Frames.FreeFrames);
        while (machine.Frames.Allocate(FrameFlags.Data, FramePriority.Urgent).Value != 0)
        {
        }
        Assert.Equal(0UL, machine.Frames.FreeFrames);
    }

    private static void Rounds(TestMachine machine, int count)
    {
        for (int round = 0; round < count; round++)
            Round(machine);
    }

    private static void Round(TestMachine machine)
    {
        while (!machine.Memory.Reclaim.Step())
        {
        }
        machine.Memory.Verifier.VerifyAll();
    }
}
