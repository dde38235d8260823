using System;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// Groups that show regions: a program goes on with a region exactly as it was captured, or hears that it is another one, or ends.
/// </summary>
public sealed unsafe class RegionGroupTests : RegionGroupFixture
{
    [Fact]
    public void Who_shows_a_region_that_is_as_it_was_goes_on()
    {
        int id = Fork()->Id;
        ulong at = Show(Find(id), "same");
        Store(Find(id), at, 7);
        Persist(Find(id), at);
        Machine.Settle();
        Reboot();
        Assert.Equal(ProcessState.Alive, Find(id)->State);
        Assert.False(Find(id)->IsEnding);
        Assert.Equal(7UL, Machine.Session.Load(Find(id)->AddressSpace, at));
        Store(Find(id), at, 8);
        Persist(Find(id), at);
        Assert.Equal(8UL, Machine.Session.Load(Find(id)->AddressSpace, at));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_shows_a_region_that_has_gone_on_or_was_not_persisted_ends(bool isPersisted)
    {
        int id = Fork()->Id;
        ulong at = Show(Find(id), "newer");
        Store(Find(id), at, 1);
        if (isPersisted)
            Persist(Find(id), at);
        Machine.Settle();
        if (isPersisted)
        {
            Store(Find(id), at, 2);
            Persist(Find(id), at);
        }
        Reboot();
        Assert.True(Find(id)->IsEnding || Find(id)->State == ProcessState.Zombie);
        Machine.Settle();
        Assert.Equal((ProcessState.Zombie, WaitStatus.Killed((int)Signal.SIGKILL)), (Find(id)->State, Find(id)->ExitStatus));
        Process* again = Fork();
        Assert.Equal(at, Show(again, "newer"));
        Assert.Equal(isPersisted ? 2UL : 0, Machine.Session.Load(again->AddressSpace, at));
    }

    [Fact]
    public void Who_has_asked_for_a_signal_gets_it_and_goes_on()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "told");
        child->AddressSpace->RegionSignal = (byte)Signal.SIGUSR1;
        child->FirstThread->BlockedSignals = default(SignalSet).With(Signal.SIGUSR1);
        Group.MarkChanged(&child->AddressSpace->Header);
        Group.MarkChanged(&child->FirstThread->Header);
        Machine.Settle();
        Store(child, at, 5);
        Persist(child, at);
        Reboot();
        Assert.False(Find(id)->IsEnding);
        Assert.True(Find(id)->Pending.Set.Contains(Signal.SIGUSR1));
        Assert.Equal(5UL, Machine.Session.Load(Find(id)->AddressSpace, at));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_was_told_is_not_told_again_of_the_same(bool isPersisted)
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "once");
        child->AddressSpace->RegionSignal = (byte)Signal.SIGWINCH;
        Group.MarkChanged(&child->AddressSpace->Header);
        Store(child, at, 5);
        Machine.Settle();
        if (isPersisted)
            Persist(child, at);
        Reboot();
        Assert.True(Find(id)->AddressSpace->HasOtherRegion);
        Machine.Settle();
        Reboot();
        Assert.False(Find(id)->AddressSpace->HasOtherRegion);
        Assert.Equal(isPersisted ? 5UL : 0, Machine.Session.Load(Find(id)->AddressSpace, at));
    }

    [Fact]
    public void A_region_that_has_gone_is_a_bus_error_for_who_is_told()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "gone");
        child->AddressSpace->RegionSignal = (byte)Signal.SIGUSR1;
        child->FirstThread->BlockedSignals = default(SignalSet).With(Signal.SIGUSR1);
        Group.MarkChanged(&child->AddressSpace->Header);
        Group.MarkChanged(&child->FirstThread->Header);
        Machine.Settle();
        MemoryBlockDevice device = Machine.Session.Device;
        ulong volume = Aurora.Memory.Regions.ShownAt(child->AddressSpace, new VirtualAddress(at))->Number;
        Assert.Equal(Aurora.Store.StoreStatus.Ok, Machine.Session.Store.DropVolume(new Aurora.Store.VolumeId(volume), default));
        Machine.Dispose();
        Machine = GroupMachine.Start(device);
        Assert.True(Find(id)->Pending.Set.Contains(Signal.SIGUSR1));
        FaultResult fault = Machine.Session.Memory.Faults.Handle(Find(id)->AddressSpace, new VirtualAddress(at), FaultAccess.Read);
        Assert.Equal(MemoryStatus.BusError, fault.Status);
        Machine.Settle();
        Reboot();
        Assert.Equal(ProcessState.Alive, Find(id)->State);
    }

    [Fact]
    public void Two_groups_and_a_copy_share_a_region_and_each_has_its_own_checkpoints()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "shared");
        Machine.Do(GroupVerb.Run, target: "b");
        Process* other = Init("b");
        Assert.Equal(at, Show(other, "shared"));
        Store(child, at, 10);
        Assert.Equal(10UL, Machine.Session.Load(other->AddressSpace, at));
        Persist(child, at);
        Machine.Settle();
        Assert.True(Machine.Do(GroupVerb.Fork, "a", "copy") > 0);
        Process* copied = Machine.Processes.Table.Of(Machine.Find("copy")).FindProcess(id);
        Assert.Equal(ProcessState.Alive, copied->State);
        Assert.Equal(10UL, Machine.Session.Load(copied->AddressSpace, at));
        Store(copied, at, 11);
        Assert.Equal(11UL, Machine.Session.Load(child->AddressSpace, at));
        Persist(copied, at);
        Assert.Equal(0UL, Aurora.Memory.Regions.ShownAt(other->AddressSpace, new VirtualAddress(at))->DirtyPages);
    }

    [Fact]
    public void A_group_that_goes_back_does_not_take_the_region_along()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "stays");
        Store(child, at, 1);
        Persist(child, at);
        Machine.Settle();
        ulong then = DurableEpoch();
        Store(child, at, 2);
        Persist(child, at);
        Machine.Settle();
        GoBack(then);
        Assert.Equal(ProcessState.Zombie, Find(id)->State);
        Process* again = Fork();
        Show(again, "stays");
        Assert.Equal(2UL, Machine.Session.Load(again->AddressSpace, at));
    }

    [Fact]
    public void What_a_group_that_goes_back_has_not_persisted_goes_and_it_runs_on_with_what_was()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "half");
        Store(child, at, 1);
        Persist(child, at);
        Machine.Settle();
        ulong then = DurableEpoch();
        Store(child, at, 2);
        Machine.Settle();
        GoBack(then);
        Assert.Equal(ProcessState.Alive, Find(id)->State);
        Assert.Equal(1UL, Machine.Session.Load(Find(id)->AddressSpace, at));
    }

    /// <summary>Also what a thread of the group has left dirty that had ended by then.</summary>
    [Fact]
    public void What_a_thread_has_left_of_a_group_that_goes_back_goes_too()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "left");
        Store(child, at, 1);
        Persist(child, at);
        Machine.Settle();
        ulong then = DurableEpoch();
        Store(child, at, 2);
        Machine.Session.Memory.Regions.EndWriter(&child->FirstThread->Regions);
        Machine.Settle();
        GoBack(then);
        Assert.Equal(ProcessState.Alive, Find(id)->State);
        Assert.Equal(1UL, Machine.Session.Load(Find(id)->AddressSpace, at));
    }

    [Fact]
    public void A_program_that_remembers_a_refused_persist_does_not_go_on_with_what_came_instead()
    {
        Process* child = Fork();
        int id = child->Id;
        ulong at = Show(child, "refused");
        Store(child, at, 1);
        Persist(child, at);
        Store(child, at, 2);
        Region* region = Aurora.Memory.Regions.ShownAt(child->AddressSpace, new VirtualAddress(at));
        Assert.Equal(Errno.Ok, Regions.Persist(region, &child->FirstThread->Regions, true, out ulong refused));
        ulong captured = region->Taken;
        Assert.Equal(refused, captured);
        Machine.Session.Device.Fail = (operation, _) => operation == BlockOperation.Write ? BlockStatus.DeviceError : BlockStatus.Ok;
        Machine.RunRegions();
        Machine.Session.Device.Fail = null;
        Assert.Equal(Errno.EIO, Regions.StateOf(region, refused));
        Assert.True(region->IsDirty && region->Taken < captured);
    }
}
