using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>
/// The kernel's signals to a group of many processes: in steps, through captures between any two, and in an order nobody can tell from at
/// once.
/// </summary>
public sealed unsafe class GroupSignalTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int Many = 700;

    // What a step changes beside its members.
    private const int MostPerStep = ProcessLife.UnitsPerStep + 64;

    [Theory]
    [InlineData("\x03", Signal.SIGINT)]
    [InlineData("\x1c", Signal.SIGQUIT)]
    [InlineData("\x1a", Signal.SIGTSTP)]
    [InlineData("", Signal.SIGWINCH)]
    [InlineData("exit", Signal.SIGHUP)]
    [InlineData("exit", Signal.SIGCONT)]
    [InlineData("read", Signal.SIGTTIN)]
    public void A_signal_of_the_terminal_reaches_a_large_group_in_steps(string cause, Signal signal)
    {
        using var kernel = new TestKernel();
        Thread* job = Crowd(kernel, signal);
        int group = job->Process->ProcessGroup->Id;
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Cause(kernel, job, cause);
        int steps = 0;
        for (; kernel.Signals.IsSendingToGroups; steps++)
        {
            Assert.InRange(kernel.Tracker.ChangedCount + kernel.Tracker.Ended.Count, 1, MostPerStep);
            kernel.Capture(image);
            using (TestKernel restored = TestKernel.Restore(image))
            {
                Arrive(restored);
                Assert.Equal(Many + 1, Reached(restored, group, signal));
            }
            kernel.Signals.SendToGroupsStep();
        }
        Assert.Equal((Many / ProcessLife.UnitsPerStep) + 1, steps);
        Assert.Equal(Many + 1, Reached(kernel, group, signal));
    }

    [Fact]
    public void Who_signals_a_group_all_the_time_keeps_nothing_from_its_last_member()
    {
        using var kernel = new TestKernel();
        Thread* job = Crowd(kernel, Signal.SIGINT);
        Process* last = Last(kernel);
        kernel.Type("\x03");
        int steps = 0;
        for (; !last->Pending.Set.Contains(Signal.SIGINT); steps++)
        {
            Assert.True(steps < Many, "the last member never gets the signal");
            kernel.Signals.SendToGroup(job->Process->ProcessGroup, Signal.SIGWINCH);
            kernel.Signals.SendToGroupsStep();
        }
        Assert.InRange(steps, 2, (Many / ProcessLife.UnitsPerStep) + 1);
        Arrive(kernel);
        Assert.False(kernel.Signals.IsSendingToGroups);
        Assert.Equal(Many + 1, Reached(kernel, job->Process->ProcessGroup->Id, Signal.SIGINT));
    }

    [Fact]
    public void A_member_that_a_signal_has_not_reached_gets_it_before_it_runs()
    {
        using var kernel = new TestKernel();
        Thread* job = Crowd(kernel, Signal.None);
        Process* last = Last(kernel);
        kernel.Type("\x03");
        Assert.True(last->Pending.Set.IsEmpty);
        Assert.Null(kernel.Resume(last->FirstThread));
        Assert.Equal(ProcessState.Zombie, last->State);
        Assert.Equal((int)Signal.SIGINT, last->ExitStatus);
        Assert.Equal(ProcessState.Alive, job->Process->State);
    }

    [Fact]
    public void Who_leaves_a_group_takes_along_what_was_sent_to_it_and_who_comes_later_gets_nothing()
    {
        using var kernel = new TestKernel();
        Thread* job = Crowd(kernel, Signal.SIGINT);
        Process* leaver = Last(kernel);
        Thread* shell = job->Process->Parent->FirstThread;
        Process* newcomer = kernel.Fork(shell)->Process;
        kernel.Type("\x03");
        Assert.Equal(0, kernel.Call(shell, 109, (ulong)newcomer->Id, (ulong)job->Process->Id));
        Assert.Equal(0, kernel.Call(job, 109, (ulong)leaver->Id, 0));
        Assert.True(leaver->Pending.Set.Contains(Signal.SIGINT));
        Process* child = kernel.Fork(job)->Process;
        Arrive(kernel);
        Assert.True(child->Pending.Set.IsEmpty);
        Assert.True(newcomer->Pending.Set.IsEmpty);
        Assert.Equal(Many, Reached(kernel, job->Process->ProcessGroup->Id, Signal.SIGINT));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stop_and_continue_cancel_each_other_in_the_order_in_which_they_were_sent(bool stopsLast)
    {
        using var kernel = new TestKernel();
        Thread* job = Crowd(kernel, Signal.SIGTSTP);
        Process* member = Last(kernel);
        Signal last = stopsLast ? Signal.SIGTSTP : Signal.SIGCONT;
        kernel.Type("\x1a");
        if (stopsLast)
            Assert.Equal(0, kernel.Call(job, 62, (ulong)member->Id, (ulong)Signal.SIGCONT));
        Assert.Equal(0, kernel.Call(job, 62, (ulong)member->Id, (ulong)last));
        Arrive(kernel);
        Assert.Equal(stopsLast, member->Pending.Set.Contains(Signal.SIGTSTP));
        Assert.Equal(Many + (stopsLast ? 1 : 0), Reached(kernel, job->Process->ProcessGroup->Id, Signal.SIGTSTP));
    }

    [Fact]
    public void Signals_that_meet_on_their_way_arrive_once_each_and_a_group_may_end_before()
    {
        using var kernel = new TestKernel();
        Thread* job = Crowd(kernel, Signal.SIGINT);
        int group = job->Process->ProcessGroup->Id;
        for (int i = 0; i < 20; i++)
        {
            kernel.Type(i % 3 == 0 ? "\x03" : i % 3 == 1 ? "\x1a" : "\x1c");
            if (i % 5 == 4)
                kernel.Signals.SendToGroupsStep();
        }
        Assert.NotEqual(0, kernel.Pids.FindGroup(group)->Sending[2].Signal);
        Assert.Equal(0, kernel.Pids.FindGroup(group)->Sending[3].Signal);
        List<nint> members = Members(kernel, group);
        foreach (nint member in members)
            kernel.Life.EndProcess((Process*)member, 0);
        foreach (nint member in members)
            kernel.Life.Reap((Process*)member);
        Assert.True(kernel.Pids.FindGroup(group) == null);
        Assert.False(kernel.Signals.IsSendingToGroups);
    }

    // init - shell, the leader of a session with the terminal - job, in the foreground - many members of its group, which block a signal.
    private static Thread* Crowd(TestKernel kernel, Signal blocked)
    {
        Thread* init = kernel.Boot();
        Thread* shell = kernel.Fork(init);
        kernel.Do(shell, 112);
        kernel.OpenTerminal(shell);
        Thread* job = kernel.Fork(shell);
        kernel.Do(job, 109, 0, 0);
        Foreground(kernel, shell, job->Process->Id);
        if (blocked != Signal.None)
            kernel.Do(job, 14, 0, kernel.PokeMask(job, blocked), 0, 8);
        for (int i = 0; i < Many; i++)
            Assert.Equal(0, kernel.Resume(kernel.ThreadOf(kernel.Do(job, 56, 0x100 | 0x200 | 0x400 | 17, 0, 0, 0, 0))));
        if (blocked == Signal.SIGCONT)
            foreach (nint member in Members(kernel, job->Process->ProcessGroup->Id))
                kernel.Signals.Stop((Process*)member, Signal.SIGSTOP);
        return job;
    }

    private static void Cause(TestKernel kernel, Thread* job, string cause)
    {
        Thread* shell = job->Process->Parent->FirstThread;
        switch (cause)
        {
            case "":
                kernel.Terminals.Settings.SetWindow(kernel.Terminals.ConsoleOf(kernel.Tracker), new WindowSize { Rows = 50, Columns = 90 });
                break;
            case "exit":
                kernel.Call(shell, 231, 0);
                break;
            case "read":
                kernel.Do(shell, 14, 0, kernel.PokeMask(shell, Signal.SIGTTOU), 0, 8);
                Foreground(kernel, shell, shell->Process->Id);
                kernel.Do(job, 14, 1, kernel.PokeMask(job, Signal.SIGTTIN), 0, 8);
                Assert.Null(kernel.Call(job, 0, 0, Scratch, 10));
                break;
            default:
                kernel.Type(cause);
                break;
        }
    }

    private static void Foreground(TestKernel kernel, Thread* shell, int group)
    {
        kernel.Poke(shell, Scratch, group);
        kernel.Do(shell, 16, 0, 0x5410, Scratch);
    }

    private static void Arrive(TestKernel kernel)
    {
        while (kernel.Signals.IsSendingToGroups)
            kernel.Signals.SendToGroupsStep();
    }

    private static Process* Last(TestKernel kernel)
    {
        Process* last = null;
        for (Process* process = kernel.Pids.NextProcess(1); process != null; process = kernel.Pids.NextProcess(process->Id + 1))
            last = process;
        return last;
    }

    private static List<nint> Members(TestKernel kernel, int group)
    {
        var members = new List<nint>();
        for (Process* process = kernel.Pids.NextProcess(1); process != null; process = kernel.Pids.NextProcess(process->Id + 1))
            if (process->ProcessGroup->Id == group)
                members.Add((nint)process);
        return members;
    }

    private static int Reached(TestKernel kernel, int group, Signal signal)
        => Members(kernel, group).Count(
            member => ((Process*)member)->Pending.Set.Contains(signal) || ((Process*)member)->StopReport == (byte)signal);
}
