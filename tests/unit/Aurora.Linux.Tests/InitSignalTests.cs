using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Handlers;

namespace Aurora.Linux.Tests;

/// <summary>What others may do to init by signals, whatever they say of themselves, and what ends it all the same.</summary>
public sealed unsafe class InitSignalTests
{
    private const ulong Info = Scratch + 0x400;
    private const ulong Second = 1_000_000_000;
    private const int Sigqueueinfo = 129;
    private const int Tgsigqueueinfo = 297;

    private static long? Send(TestKernel kernel, Thread* sender, int signal, int code, ulong claimedSender, bool isToThread)
    {
        var user = new UserSignalInfo { Number = signal, Code = code };
        user.Fields[0] = claimedSender;
        kernel.Poke(sender, Info, user);
        return isToThread ? kernel.Call(sender, Tgsigqueueinfo, 1, 1, (ulong)signal, Info)
            : kernel.Call(sender, Sigqueueinfo, 1, (ulong)signal, Info);
    }

    private static void Mask(TestKernel kernel, Thread* thread, ulong how, Signal signal)
        => kernel.Do(thread, 14, how, kernel.PokeMask(thread, signal), 0, 8);

    private static void Block(TestKernel kernel, Thread* thread, Signal signal) => Mask(kernel, thread, 0, signal);

    private static void Unblock(TestKernel kernel, Thread* thread, Signal signal) => Mask(kernel, thread, 1, signal);

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static void AssertGoesOn(TestKernel kernel, string what)
    {
        Assert.True(kernel.Resume(kernel.ThreadOf(1)) != null && kernel.Machine.SessionStatus == null,
            $"init has ended or stopped: {what}");
    }

    private static void AssertEnds(TestKernel kernel, Signal signal)
    {
        Assert.Null(kernel.Resume(kernel.ThreadOf(1)));
        kernel.RunToTheEnd();
        Assert.Equal((int)signal, kernel.Machine.SessionStatus);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_code_and_no_claimed_sender_lets_another_end_or_stop_init(bool isToThread)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        foreach (int code in new[] { -1, -2, -3, -4, -5, -7, -60, -99, int.MinValue })
            foreach (ulong claimed in new ulong[] { 0, 1, (ulong)child->Id })
                for (int signal = 1; signal <= (int)Signal.Last; signal++)
                {
                    Assert.Equal(0, Send(kernel, child, signal, code, claimed, isToThread));
                    AssertGoesOn(kernel, $"signal {signal}, code {code}, claimed sender {claimed}");
                }
    }

    // As on Linux: what is blocked waits, whatever would become of it, since init may ask for it.
    [Fact]
    public void Init_can_wait_for_a_signal_of_another_that_it_blocks_and_does_not_handle()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        Block(kernel, init, Signal.SIGTERM);
        Assert.Equal(0, kernel.Call(child, 62, 1, (ulong)Signal.SIGTERM));
        kernel.Poke(init, Scratch + 16, default(Timespec));
        Assert.Equal((long)Signal.SIGTERM, kernel.Call(init, 128, kernel.PokeMask(init, Signal.SIGTERM), 0, Scratch + 16, 8));
        AssertGoesOn(kernel, "it took the signal");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_another_sent_while_init_blocked_or_handled_it_does_not_end_it_later(bool isRestored)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        Signal[] signals = [Signal.SIGTERM, Signal.SIGTSTP, Signal.SIGSEGV, (Signal)40];
        foreach (Signal signal in signals)
        {
            Catch(kernel, init, signal);
            Block(kernel, init, signal);
            for (int i = 0; i < 70; i++)
                Assert.Equal(0, Send(kernel, child, (int)signal, SignalCode.Timer, 1, false));
            kernel.Poke(init, Scratch, default(SignalAction));
            kernel.Do(init, 13, (ulong)signal, Scratch, 0, 8);
        }
        using TestKernel? restored = isRestored ? Move(kernel) : null;
        TestKernel later = restored ?? kernel;
        foreach (Signal signal in signals)
        {
            Unblock(later, later.ThreadOf(1), signal);
            AssertGoesOn(later, $"signal {signal} was unblocked");
        }
        Assert.True(later.ThreadOf(1)->Process->Pending.Set.IsEmpty);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void What_the_kernel_or_init_itself_sent_while_it_was_blocked_ends_init_later(bool isAlarm, bool isRestored)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Fork(init);
        Signal signal = isAlarm ? Signal.SIGALRM : Signal.SIGTERM;
        Block(kernel, init, signal);
        if (isAlarm)
        {
            kernel.Do(init, 37, 1);
            kernel.Advance(Second);
        }
        else
        {
            Assert.Equal(0, Send(kernel, init, (int)signal, SignalCode.Timer, 7, false));
        }
        using TestKernel? restored = isRestored ? Move(kernel) : null;
        TestKernel later = restored ?? kernel;
        AssertGoesOn(later, "the signal is blocked");
        later.Call(later.ThreadOf(1), 14, 1, later.PokeMask(later.ThreadOf(1), signal), 0, 8);
        AssertEnds(later, signal);
    }

    [Fact]
    public void A_fault_ends_init_although_a_signal_that_another_sent_waits_under_its_number()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        Block(kernel, init, Signal.SIGSEGV);
        Assert.Equal(0, kernel.Call(child, 234, 1, 1, (ulong)Signal.SIGSEGV));
        kernel.Fault(init, 14, 0x10);
        using TestKernel restored = Move(kernel);
        AssertEnds(kernel, Signal.SIGSEGV);
        AssertEnds(restored, Signal.SIGSEGV);
    }

    // A timer is init's own, however its signal is told apart.
    [Fact]
    public void A_timer_of_init_ends_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 222, 1, 0, Scratch + 8);
        kernel.Poke(init, Scratch + 64, new IntervalTimespec { Value = Timespec.From(Second) });
        kernel.Do(init, 223, 0, 0, Scratch + 64, 0);
        kernel.Advance(Second);
        AssertEnds(kernel, Signal.SIGALRM);
    }

    // A stopped process in init's group whose parent is in another group of the session and ends: what is left of the group is hung up.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_member_of_its_group_does_not_end_init_by_orphaning_the_group(bool isSentInSteps)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Signals.MembersAtOnce = isSentInSteps ? 1 : 256;
        Thread* parent = kernel.Fork(init);
        kernel.Do(parent, 117, 1000, 1000, 1000);
        kernel.Do(parent, 109, 0, 0);
        Thread* stopped = kernel.Fork(parent);
        kernel.Do(stopped, 109, 0, 1);
        kernel.Do(parent, 62, (ulong)stopped->Process->Id, (ulong)Signal.SIGSTOP);
        Assert.Null(kernel.Resume(stopped));
        Assert.Null(kernel.Call(parent, 231, 0));
        for (int i = 0; kernel.Signals.IsSendingToGroups && i < 100; i++)
            kernel.Signals.SendToGroupsStep();
        AssertGoesOn(kernel, "its group was orphaned");
    }

    // A program of init's session takes the foreground, and another, in init's group, touches the terminal from the background.
    [Theory]
    [InlineData(Signal.SIGTTIN, false)]
    [InlineData(Signal.SIGTTIN, true)]
    [InlineData(Signal.SIGTTOU, false)]
    [InlineData(Signal.SIGTTOU, true)]
    public void A_member_of_its_group_does_not_stop_init_by_touching_the_terminal(Signal signal, bool isSentInSteps)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Signals.MembersAtOnce = isSentInSteps ? 1 : 256;
        Thread* parent = kernel.Fork(init);
        kernel.Do(parent, 117, 1000, 1000, 1000);
        kernel.Do(parent, 109, 0, 0);
        Block(kernel, parent, Signal.SIGTTOU);
        kernel.Poke(parent, Scratch, parent->Process->Id);
        kernel.Do(parent, 16, 0, 0x5410, Scratch);
        Thread* member = kernel.Fork(parent);
        kernel.Do(member, 109, 0, 1);
        Unblock(kernel, member, Signal.SIGTTOU);
        Assert.Null(signal == Signal.SIGTTIN ? kernel.Call(member, 0, 0, Scratch, 1) : kernel.Call(member, 16, 0, 0x5410, Scratch));
        Assert.Equal(ThreadState.Stopped, member->State);
        for (int i = 0; kernel.Signals.IsSendingToGroups && i < 100; i++)
            kernel.Signals.SendToGroupsStep();
        AssertGoesOn(kernel, "its group was to stop");
        // Nor does it stop itself so.
        kernel.Poke(init, Scratch, 1);
        Assert.Equal(signal == Signal.SIGTTIN ? -(long)Errno.EIO : 0,
            signal == Signal.SIGTTIN ? kernel.Call(init, 0, 0, Scratch, 1) : kernel.Call(init, 16, 0, 0x5410, Scratch));
    }
}
