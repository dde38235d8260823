using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// Groups whose init shows a region that has gone on without it: they begin again, alone, wherever they continue from a checkpoint. That
/// their program is executed is the calls' (StartAgainTests).
/// </summary>
public sealed unsafe class RegionRestartTests : RegionGroupFixture
{
    public static TheoryData<bool> Losses => new() { true, false };

    [Theory]
    [MemberData(nameof(Losses))]
    public void After_a_restart_of_the_machine_init_is_to_begin_again_and_the_others_end(bool isPersisted)
    {
        int child = Fork()->Id;
        ulong at = Advance(Init(), "one", isPersisted);
        Reboot();
        ExpectRestart("a");
        Assert.True(Find(child)->IsEnding);
        Machine.Settle();
        Assert.Equal(ProcessState.Alive, Init()->State);
        Assert.Equal(isPersisted ? 2UL : 0, Machine.Session.Load(Init()->AddressSpace, at));
    }

    [Fact]
    public void The_host_is_no_exception()
    {
        Advance(Machine.Init(Machine.Host), "hosts", isPersisted: true);
        Reboot();
        ExpectRestart(Machine.Init(Machine.Host));
        Assert.False(Init()->FirstThread->Call.IsRestart);
    }

    [Fact]
    public void Init_with_a_region_as_it_was_goes_on()
    {
        ulong at = Show(Init(), "same");
        Store(Init(), at, 7);
        Persist(Init(), at);
        Machine.Settle();
        Reboot();
        Assert.False(Init()->FirstThread->Call.Active || Init()->IsEnding);
        Assert.Equal(7UL, Machine.Session.Load(Init()->AddressSpace, at));
    }

    [Fact]
    public void Init_that_has_asked_for_a_signal_gets_it_and_goes_on()
    {
        Init()->AddressSpace->RegionSignal = (byte)Signal.SIGUSR1;
        Init()->FirstThread->BlockedSignals = SignalSet.Of(Signal.SIGUSR1);
        Group.MarkChanged(&Init()->AddressSpace->Header);
        Group.MarkChanged(&Init()->FirstThread->Header);
        int child = Fork()->Id;
        Advance(Init(), "told", isPersisted: true);
        Reboot();
        Assert.False(Init()->FirstThread->Call.Active || Find(child)->IsEnding);
        Assert.True(Init()->Pending.Set.Contains(Signal.SIGUSR1));
    }

    [Fact]
    public void A_group_that_goes_back_begins_again()
    {
        ulong at = Show(Init(), "back");
        Store(Init(), at, 1);
        Persist(Init(), at);
        int child = Fork()->Id;
        Machine.Settle();
        ulong then = DurableEpoch();
        Store(Init(), at, 2);
        Persist(Init(), at);
        Machine.Settle();
        string checkpoint = then.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Machine.Do(GroupVerb.Rewind, "a", checkpoint: checkpoint) > 0);
        ExpectRestart("a");
        Machine.Settle();
        Assert.True(Find(child) == null || Find(child)->State == ProcessState.Zombie);
    }

    [Fact]
    public void A_copy_begins_again_and_its_original_goes_on()
    {
        ulong at = Advance(Init(), "copied", isPersisted: true);
        ulong then = DurableEpoch();
        Machine.Settle();
        Store(Init(), at, 3);
        Persist(Init(), at);
        string checkpoint = then.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Machine.Do(GroupVerb.Restore, "a", "older", checkpoint) > 0);
        ExpectRestart("older");
        Assert.False(Init()->FirstThread->Call.Active);
    }

    [Fact]
    public void A_group_that_is_suspended_begins_again_when_it_is_resumed()
    {
        Advance(Init(), "suspended", isPersisted: true);
        Assert.True(Machine.Do(GroupVerb.Suspend, "a") > 0);
        ulong at = Aurora.Memory.MappingTable.At(Init()->AddressSpace, Init()->AddressSpace->MappingCount - 1)->Start.Value;
        Store(Init(), at, 9);
        Persist(Init(), at);
        Reboot();
        ExpectRestart("a");
        Machine.Settle();
        Reboot();
        ExpectRestart("a");
        Assert.True(Machine.Do(GroupVerb.Resume, "a") > 0);
        ExpectRestart("a");
    }

    /// <summary>What it was captured in the middle of stays so, though the region is what it was then.</summary>
    [Fact]
    public void A_further_restart_finds_it_in_the_middle()
    {
        int child = Fork()->Id;
        Advance(Init(), "twice", isPersisted: true);
        Reboot();
        ExpectRestart("a");
        Machine.Settle();
        Reboot();
        Assert.False(Init()->AddressSpace->HasOtherRegion);
        ExpectRestart("a");
        Assert.True(Find(child) == null || Find(child)->State == ProcessState.Zombie);
    }

    [Fact]
    public void The_log_names_the_group_and_its_program()
    {
        "server"u8.CopyTo(new Span<byte>(Init()->Name, 16));
        Group.MarkChanged(&Init()->Header);
        Advance(Init(), "logged", isPersisted: true);
        Reboot();
        _lines = [];
        KernelLog.Sink = &Log;
        Machine.Processes.EndDetached(Group, "a"u8);
        Assert.Equal(["group a: a region has gone on without it; started again: server"], _lines);
        _lines = null;
    }

    // Other tests write to the log meanwhile.
    [ThreadStatic]
    private static List<string>? _lines;

    private static void Log(ReadOnlySpan<byte> line) => _lines?.Add(Encoding.UTF8.GetString(line));

    // A region that is ahead of what is captured: persisted or only changed after the last capture.
    private ulong Advance(Process* process, string name, bool isPersisted)
    {
        ulong at = Show(process, name);
        Store(process, at, 1);
        if (isPersisted)
            Persist(process, at);
        Machine.Settle();
        Store(process, at, 2);
        if (isPersisted)
            Persist(process, at);
        return at;
    }

    private void ExpectRestart(string group) => ExpectRestart(Init(group));

    private static void ExpectRestart(Process* init)
    {
        Assert.False(init->IsEnding);
        for (Thread* thread = init->FirstThread; thread != null; thread = thread->NextOfProcess)
            Assert.True(thread->Call.IsRestart && thread->Call.AwaitsOthers);
        Assert.True(ProcessLife.IsStartingAgain(init));
    }
}
