using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class PageInTests
{
    private const ulong At = 0x4000_0000;

    [Fact]
    public void Restored_memory_comes_in_on_fault_and_only_what_is_touched()
    {
        using TestMachine restored = RestoredWith(pages: 64, out AddressSpace* space, out _);
        ulong before = restored.Frames.UsedFrames;
        Assert.Equal(7UL, restored.Load64(space, At + (33 << 12)));
        Assert.InRange(restored.Frames.UsedFrames - before, 1UL, 16UL);
        Assert.False(restored.Memory.Epochs.HasChanges(restored.Tracker));
    }

    /// <summary>Who reads on gets more at once each time, as long as half of the table stays free; who goes elsewhere does not.</summary>
    [Fact]
    public void Who_reads_page_after_page_gets_more_and_more_at_once()
    {
        using TestMachine restored = RestoredWith(pages: 500, out AddressSpace* space, out _);
        foreach ((ulong page, int expected) in new[] { (0UL, 8), (8UL, 16), (24UL, 16), (40UL, 16), (401UL, 7), (56UL, 8) })
        {
            FaultResult fault = restored.Memory.Faults.Handle(space, new VirtualAddress(At + (page << 12)), FaultAccess.Read);
            Assert.Equal((MemoryStatus.WouldBlock, expected), (fault.Status, restored.Memory.PageIns.Outstanding));
            restored.Memory.Faults.Handle(space, new VirtualAddress(At + (page << 12)), FaultAccess.Read);
            Assert.Equal(expected, restored.Memory.PageIns.Outstanding);
            restored.ServePager();
        }
    }

    /// <summary>What is asked for ahead ends with the leaf that is there, and who goes on behind it is not taken for a newcomer.</summary>
    [Fact]
    public void Who_reads_on_behind_a_leaf_gets_as_much_as_before()
    {
        using TestMachine restored = RestoredWith(pages: 600, out AddressSpace* space, out _);
        for (ulong page = 0; page < 512; page++)
            Assert.Equal(7UL, restored.Load64(space, At + (page << 12)));
        FaultResult fault = restored.Memory.Faults.Handle(space, new VirtualAddress(At + (512 << 12)), FaultAccess.Read);
        Assert.Equal((MemoryStatus.WouldBlock, 16), (fault.Status, restored.Memory.PageIns.Outstanding));
    }

    [Fact]
    public void What_is_cancelled_stale_or_a_probe_ends_a_run()
    {
        using TestMachine restored = RestoredWith(pages: 64, out AddressSpace* space, out VmObject* memory);
        restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Read);
        PageInRequest* first = restored.Memory.PageIns.Take();
        Assert.Equal(1UL, restored.Memory.PageIns.TakeNext(first, 1)->Page);
        first->IsStale = true;
        Assert.True(restored.Memory.PageIns.TakeNext(first, 2) == null);
        first->IsStale = false;
        Assert.True(restored.Memory.PageIns.TakeNext(first, 3) == null);
        Assert.Equal(2UL, restored.Memory.PageIns.TakeNext(first, 2)->Page);
        restored.Memory.Spaces.Release(space);
        Assert.True(first->Object != null || restored.Memory.PageIns.TakeNext(first, 3) == null);
    }

    [Fact]
    public void Requests_are_taken_in_runs_of_one_object()
    {
        using TestMachine restored = RestoredWith(pages: 64, out AddressSpace* space, out _);
        foreach (ulong page in (ulong[])[0, 40])
            restored.Memory.Faults.Handle(space, new VirtualAddress(At + (page << 12)), FaultAccess.Read);
        PageInRequest* first = restored.Memory.PageIns.Take();
        for (int page = 1; page < 8; page++)
            Assert.Equal((ulong)page, restored.Memory.PageIns.TakeNext(first, page)->Page);
        Assert.True(restored.Memory.PageIns.TakeNext(first, 8) == null);
        Assert.Equal(40UL, restored.Memory.PageIns.Take()->Page);
    }

    [Fact]
    public void Two_waiters_share_one_request_and_both_are_woken()
    {
        using TestMachine restored = RestoredWith(pages: 1, out AddressSpace* space, out _);
        FaultResult first = restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Read);
        FaultResult second = restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Write);
        Assert.Equal(MemoryStatus.WouldBlock, first.Status);
        Assert.True(first.Wait == second.Wait && first.Wait != null);
        Assert.Equal(1, restored.Memory.PageIns.Outstanding);
        restored.ServePager();
        Assert.True(restored.Waker.WasWoken(first.Wait));
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Write).Status);
    }

    [Fact]
    public void A_page_the_store_cannot_deliver_is_a_bus_error_until_it_is_overwritten()
    {
        using TestMachine restored = RestoredWith(pages: 1, out AddressSpace* space, out VmObject* memory);
        Assert.Equal(MemoryStatus.WouldBlock, restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Read).Status);
        restored.Memory.PageIns.Complete(restored.Memory.PageIns.Take(), PageInStatus.Failed, default);
        Assert.Equal(MemoryStatus.BusError, restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Read).Status);
        Assert.Equal(MemoryStatus.Fault, restored.User.Read(space, new VirtualAddress(At), out ulong _).Status);
        PageAccess access = restored.Memory.Pages.GetForWrite(memory, 0, overwrite: true);
        Assert.True(access.IsOk);
        PageContents.Clear(access.Address);
        Assert.Equal(0UL, restored.Load64(space, At));
    }

    [Fact]
    public void A_page_overwritten_while_it_is_being_read_keeps_the_new_contents()
    {
        using TestMachine restored = RestoredWith(pages: 1, out AddressSpace* space, out VmObject* memory);
        restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Read);
        PageInRequest* request = restored.Memory.PageIns.Take();
        PageAccess access = restored.Memory.Pages.GetForWrite(memory, 0, overwrite: true);
        PageContents.Clear(access.Address);
        *(ulong*)access.Address = 99;
        restored.Memory.PageIns.Complete(request, PageInStatus.Ok, restored.Frames.AllocateZeroed(FrameFlags.Data));
        Assert.Equal(99UL, restored.Load64(space, At));
    }

    [Fact]
    public void An_object_may_end_while_its_page_is_being_read()
    {
        using TestMachine restored = RestoredWith(pages: 1, out AddressSpace* space, out _);
        FaultResult fault = restored.Memory.Faults.Handle(space, new VirtualAddress(At), FaultAccess.Read);
        PageInRequest* request = restored.Memory.PageIns.Take();
        restored.Memory.Spaces.Release(space);
        Assert.True(restored.Waker.WasWoken(fault.Wait));
        restored.Memory.PageIns.Complete(request, PageInStatus.Ok, restored.Frames.Allocate(FrameFlags.Data));
        restored.AssertNothingLeft();
    }

    [Fact]
    public void A_full_table_makes_faults_wait_for_room()
    {
        using TestMachine restored = RestoredWith(pages: 200, out AddressSpace* space, out _);
        FaultResult fault = default;
        for (ulong page = 0; page < 200; page += 5)
            fault = restored.Memory.Faults.Handle(space, new VirtualAddress(At + (page << 12)), FaultAccess.Read);
        Assert.Equal(MemoryStatus.WouldBlock, fault.Status);
        Assert.Equal(32, restored.Memory.PageIns.Outstanding);
        *fault.Wait = new WaitQueue { First = (WaitEntry*)1 };
        restored.Memory.PageIns.Complete(restored.Memory.PageIns.Take(), PageInStatus.OutOfMemory, default);
        Assert.True(restored.Waker.WasWoken(fault.Wait));
        *fault.Wait = default;
        Assert.Equal(7UL, restored.Load64(space, At + (150 << 12)));
    }

    [Fact]
    public void A_clone_made_before_its_base_was_read_gets_the_old_pages_after_both_moved_on()
    {
        using TestMachine restored = RestoredWith(pages: 20, out AddressSpace* space, out _);
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Spaces.Fork(space, out AddressSpace* child));
        for (ulong page = 0; page < 20; page++)
            restored.Store64(space, At + (page << 12), 1000 + page);
        restored.Memory.Faults.Handle(child, new VirtualAddress(At), FaultAccess.Read);
        PageInRequest* inFlight = restored.Memory.PageIns.Take();
        restored.Submit(restored.Freeze());
        // The read that is under way asked the base, whose page is another one by now: it must not be believed.
        FrameNumber frame = restored.Frames.AllocateZeroed(FrameFlags.Data);
        *(ulong*)restored.Frames.AddressOf(frame) = 1000;
        if (inFlight != null)
            restored.Memory.PageIns.Complete(inFlight, PageInStatus.Ok, frame);
        else
            restored.Frames.Release(frame);
        for (ulong page = 0; page < 20; page++)
            Assert.Equal(7UL, restored.Load64(child, At + (page << 12)));
    }

    [Fact]
    public void A_clone_of_a_clone_that_is_not_stored_yet_follows_it_into_the_store()
    {
        using TestMachine restored = RestoredWith(pages: 20, out AddressSpace* space, out _);
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Spaces.Fork(space, out AddressSpace* child));
        for (ulong page = 0; page < 20; page++)
            restored.FileForWrite(MappingTable.At(space, 0)->Object, page, overwrite: true);
        InFlightEpoch epoch = restored.Freeze();
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Spaces.Fork(child, out AddressSpace* grandchild));
        Assert.Equal(7UL, restored.Load64(grandchild, At));
        restored.Submit(epoch);
        Assert.Equal(7UL, restored.Load64(grandchild, At + (10 << 12)));
        Assert.Equal(7UL, restored.Load64(child, At + (19 << 12)));
    }

    [Fact]
    public void Pages_cut_off_and_grown_back_are_zero_in_memory_and_in_the_store()
    {
        using TestMachine restored = RestoredWith(pages: 20, out AddressSpace* space, out VmObject* memory);
        restored.Memory.Objects.Resize(memory, 5);
        restored.Memory.Objects.Resize(memory, 20);
        Assert.Equal(MemoryStatus.Ok, restored.Memory.Spaces.Fork(space, out AddressSpace* child));
        Assert.Equal(7UL, restored.Load64(child, At + (4 << 12)));
        Assert.Equal(0UL, restored.Load64(space, At + (5 << 12)));
        Assert.Equal(0UL, restored.Load64(child, At + (6 << 12)));
        restored.Checkpoint();
        using TestMachine again = restored.Restore(restored.Store.Copy());
        AddressSpace* stored = (AddressSpace*)again.Tracker.Find(child->Header.Id);
        Assert.Equal(7UL, again.Load64(stored, At + (4 << 12)));
        Assert.Equal(0UL, again.Load64(stored, At + (5 << 12)));
    }

    // A machine restored from a checkpoint of one address space with one mapping, each of whose pages holds 7.
    private static TestMachine RestoredWith(ulong pages, out AddressSpace* space, out VmObject* memory)
    {
        using var machine = new TestMachine();
        AddressSpace* original = machine.NewSpace();
        machine.MapAnonymous(original, At, pages);
        for (ulong page = 0; page < pages; page++)
            machine.Store64(original, At + (page << 12), 7);
        machine.Checkpoint();
        TestMachine restored = machine.Restore(machine.Store.Copy());
        space = (AddressSpace*)restored.Tracker.Find(original->Header.Id);
        restored.Memory.Spaces.Retain(space);
        memory = MappingTable.At(space, 0)->Object;
        return restored;
    }
}
