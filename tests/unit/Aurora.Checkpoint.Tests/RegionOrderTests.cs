using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What is asked for is answered to who asked, and what nobody shows or wants is given up.</summary>
public sealed unsafe class RegionOrderTests
{
    private const ulong Page = 4096;

    [Fact]
    public void An_answer_is_of_the_call_that_has_asked_for_it()
    {
        using RegionSession session = RegionSession.Create();
        session.Open("one", 1);
        session.Open("other", 1);
        Assert.Equal(
            Errno.EAGAIN, session.BeginToAsk(RegionSession.Request(RegionRequestKind.Delete, "one"), 1, out ulong ticket, out _));
        session.RunOrders();
        // The thread goes back to before its call, and makes another.
        Assert.Equal(Errno.Ok, session.Ask(RegionSession.Request(RegionRequestKind.Delete, "other"), out _, thread: 1));
        Assert.Empty(session.Names());
        Assert.Equal(Errno.ESRCH, session.Regions.Answer(session.Thread(1), ticket, out _));
        Assert.Equal(Errno.ESRCH, session.Regions.Answer(session.Thread(0), ticket, out _));
    }

    [Fact]
    public void An_answer_with_a_region_keeps_it_and_brings_nothing_that_was_not_persisted()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        RegionRequest request = RegionSession.Request(RegionRequestKind.Open, "kept", 10, creates: true);
        request.IsExclusive = true;
        Assert.Equal(Errno.EAGAIN, session.BeginToAsk(in request, 1, out ulong ticket, out _));
        session.RunOrders();
        session.RunOrders();
        Assert.Equal(Errno.EBUSY, session.Do(RegionRequestKind.Delete, "kept"));
        Region* region = session.Open("kept");
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 5);
        session.End(space);
        Assert.Equal(Errno.EAGAIN, session.Regions.Answer(session.Thread(1), ticket, out _));
        session.RunOrders();
        Assert.Equal(Errno.Ok, session.Regions.Answer(session.Thread(1), ticket, out region));
        Assert.Equal(0UL, region->DirtyPages);
        Assert.Equal(0UL, session.Open("kept")->DirtyPages);
    }

    [Fact]
    public void Who_opens_what_nobody_shows_gets_it_as_it_was_persisted()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("torn", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        session.Store(0, space, at + Page, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        // Half of a transaction, and a persist of another thread on its way, when the program ends.
        session.Store(0, space, at, 2);
        session.Store(1, space, at + (2 * Page), 7);
        ulong flying = session.Begin(region, 1);
        session.Session.Memory.Spaces.Release(space);
        while (session.Session.Memory.Spaces.IsEnding)
            session.Session.Memory.Spaces.EndStep();
        region = session.Open("torn");
        space = session.NewSpace();
        session.Map(space, region);
        Assert.Equal(0UL, region->DirtyPages);
        Assert.Equal((1UL, 1UL, 7UL), (session.Session.Load(space, at), session.Session.Load(space, at + Page),
            session.Session.Load(space, at + (2 * Page))));
        Assert.Equal(Errno.Ok, session.Regions.StateOf(region, flying));
    }

    [Fact]
    public void A_program_whose_memory_goes_in_steps_does_not_show_its_region_any_more()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("steps", 10);
        ulong at = session.Map(space, region);
        for (ulong i = 0; i < AddressSpaces.MappingsPerStep + 10; i++)
        {
            var request = new MapRequest
            {
                Address = new VirtualAddress(0x4000_0000 + (i * 2 * Page)), Length = Page, Protection = Protection.Read,
                Placement = MapPlacement.Fixed,
            };
            Assert.Equal(MemoryStatus.Ok, session.Session.Memory.Mappings.Map(space, request, out _));
        }
        session.Store(0, space, at, 1);
        session.Session.Memory.Spaces.Release(space);
        Assert.True(session.Session.Memory.Spaces.IsEnding && region->IsMapped);
        Assert.Equal(0UL, session.Open("steps")->DirtyPages);
    }

    [Fact]
    public void What_is_being_given_back_is_not_taken_by_half()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("back", 300);
        ulong at = session.Map(space, region);
        session.Store(1, space, at + (299 * Page), 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 1));
        for (ulong page = 0; page < 200; page++)
            session.Store(0, space, at + (page * Page), page + 1);
        ulong refused = session.Begin(region, 0);
        session.Store(0, space, at + (250 * Page), 1);
        session.Session.Device.Fail = (operation, _) => operation == BlockOperation.Write ? BlockStatus.DeviceError : BlockStatus.Ok;
        int steps = 0;
        session.Session.Fibers.IsSliceOver = true;
        session.Session.Fibers.Turn = () =>
        {
            if (region->IsReturning && ++steps > 0)
                Assert.Equal(Errno.EAGAIN, session.Regions.Persist(region, &session.Thread(0)->Regions, true, out _));
            if (!region->IsFlying)
                session.Session.Fibers.Turn = null;
        };
        session.RunPersists();
        Assert.True(steps > 0);
        Assert.Equal((Errno.EIO, 201UL), (session.Regions.StateOf(region, refused), region->DirtyPages));
    }

    /// <summary>Nobody who goes on storing keeps an abort of all from its end: he waits for it.</summary>
    [Fact]
    public void Who_stores_while_all_is_given_up_waits()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("still", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        Assert.Equal(Errno.Ok, session.Persist(region, 0));
        region->IsStill = true;
        FaultResult fault = session.Session.Memory.Faults.Handle(space, new VirtualAddress(at), FaultAccess.Write);
        Assert.Equal(MemoryStatus.WouldBlock, fault.Status);
        session.Session.Memory.Regions.EndStillness(region);
        session.Store(0, space, at, 2);
        Assert.Equal(1UL, region->DirtyPages);
    }

    [Fact]
    public void A_persist_goes_by_itself_where_an_abort_waits_for_it()
    {
        using RegionSession session = RegionSession.Create();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("waits", 10);
        ulong at = session.Map(space, region);
        session.Store(0, space, at, 1);
        session.Store(1, space, at + Page, 2);
        ulong flying = session.Begin(region, 0);
        session.Abort(region, 1);
        Assert.Equal((Errno.Ok, 1UL, 0UL), (session.Regions.StateOf(region, flying), session.Session.Load(space, at),
            session.Session.Load(space, at + Page)));
        session.Store(0, space, at, 3);
        flying = session.Begin(region, 0);
        Assert.Equal(Errno.Ok, session.Do(RegionRequestKind.Resize, "waits", 20));
        Assert.Equal(Errno.Ok, session.Regions.StateOf(region, flying));
    }

    [Fact]
    public void Who_sees_only_his_own_is_listed_no_others_and_who_may_not_administer_makes_none()
    {
        using RegionSession session = RegionSession.Create();
        RegionRequest request = RegionSession.Request(RegionRequestKind.Open, "his", 1, creates: true);
        request.IsAdministrator = false;
        Assert.Equal(Errno.EPERM, session.Ask(in request, out _));
        request.IsAdministrator = true;
        request.User = 5;
        Assert.Equal(Errno.Ok, session.Ask(in request, out _));
        session.Open("root's", 1);
        byte[] name = new byte[RegionRequest.MaxNameBytes];
        Assert.True(session.Regions.Read(0, 5, isPrivileged: false, out RegionStatus status, name, out int length));
        Assert.Equal((3, 5U), (length, status.User));
        Assert.False(session.Regions.Read(1, 5, isPrivileged: false, out _, name, out _));
    }
}
