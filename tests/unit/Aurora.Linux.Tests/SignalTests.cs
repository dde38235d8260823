using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Handlers;

namespace Aurora.Linux.Tests;

public sealed unsafe class SignalTests
{
    [Theory]
    [InlineData(0UL, 34, (long)Errno.EINTR)]
    [InlineData(SignalAction.Restart, 34, (long)Errno.EINTR)]
    [InlineData(0UL, 35, (long)Errno.EINTR)]
    [InlineData(SignalAction.Restart, 35, (long)Errno.EINTR)]
    [InlineData(0UL, 61, (long)Errno.EINTR)]
    [InlineData(SignalAction.Restart, 61, 0L)]
    [InlineData(0UL, 202, (long)Errno.EINTR)]
    [InlineData(SignalAction.Restart, 202, 0L)]
    public void An_interrupted_call_restarts_only_where_it_should(ulong flags, int call, long error)
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        kernel.Fork(thread);
        Catch(kernel, thread, Signal.SIGUSR1, flags);
        kernel.Poke(thread, Scratch + 64, new Timespec { Seconds = 5 });
        ulong rip = thread->Context->Rip;
        ulong[] arguments = call switch
        {
            35 => [Scratch + 64, 0],
            61 => [ulong.MaxValue, 0, 0, 0],
            202 => [Scratch + 128, 0, 0, 0, 0, 0],
            _ => [],
        };
        Assert.Null(kernel.Call(thread, call, arguments));
        kernel.Signals.Send(thread->Process, new SignalInfo { Number = (int)Signal.SIGUSR1, Pid = 1 });
        Assert.NotNull(kernel.Resume(thread));
        Assert.Equal(Handler, thread->Context->Rip);
        long? result = Return(kernel, thread);
        if (error != 0)
        {
            Assert.Equal(-error, result);
            Assert.Equal(rip + 2, thread->Context->Rip);
            return;
        }
        // Restarted: the instruction pointer is back at the call and RAX holds its number.
        Assert.Equal(rip, thread->Context->Rip);
        Assert.Equal(call, result);
    }

    [Fact]
    public void A_stop_and_continue_do_not_disturb_a_sleep()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        kernel.Poke(thread, Scratch, new Timespec { Seconds = 5 });
        Assert.Null(kernel.Call(thread, 35, Scratch, Scratch + 16));
        kernel.Advance(1_000_000_000);
        kernel.Signals.Send(thread->Process, SignalInfo.FromKernel(Signal.SIGSTOP));
        Assert.Null(kernel.Resume(thread));
        kernel.Advance(1_000_000_000);
        kernel.Signals.Send(thread->Process, SignalInfo.FromKernel(Signal.SIGCONT));
        Assert.Null(kernel.Resume(thread));
        Assert.Equal(ThreadState.Blocked, thread->State);
        kernel.Advance(2_999_999_999);
        Assert.Equal(ThreadState.Blocked, thread->State);
        kernel.Advance(1);
        Assert.Equal(0, kernel.Resume(thread));
    }

    [Fact]
    public void An_interrupted_sleep_tells_what_is_left()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        Catch(kernel, thread, Signal.SIGALRM);
        kernel.Do(thread, 37, 2);
        kernel.Poke(thread, Scratch, new Timespec { Seconds = 5 });
        Assert.Null(kernel.Call(thread, 35, Scratch, Scratch + 16));
        kernel.Advance(2_000_000_000);
        Assert.NotNull(kernel.Resume(thread));
        Assert.Equal(3, kernel.Peek<Timespec>(thread, Scratch + 16).Seconds);
        Assert.Equal(-(long)Errno.EINTR, Return(kernel, thread));
    }

    [Fact]
    public void Real_time_signals_queue_in_order_and_standard_ones_merge()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        kernel.Poke(thread, Scratch, ulong.MaxValue);
        kernel.Do(thread, 14, 0, Scratch, 0, 8);
        for (ulong value = 1; value <= 3; value++)
        {
            var user = new UserSignalInfo { Number = 40, Code = SignalCode.Queue };
            user.Fields[1] = value;
            kernel.Poke(thread, Scratch + 64, user);
            kernel.Do(thread, 129, (ulong)thread->Id, 40, Scratch + 64);
            kernel.Do(thread, 62, (ulong)thread->Id, (ulong)Signal.SIGUSR1);
        }
        kernel.Poke(thread, Scratch, new SignalSet(ulong.MaxValue).Bits);
        Assert.Equal((long)Signal.SIGUSR1, kernel.Do(thread, 128, Scratch, Scratch + 64, 0, 8));
        for (ulong value = 1; value <= 3; value++)
        {
            Assert.Equal(40, kernel.Do(thread, 128, Scratch, Scratch + 64, 0, 8));
            var info = kernel.Peek<UserSignalInfo>(thread, Scratch + 64);
            Assert.Equal(value, info.Fields[1]);
        }
        kernel.Poke(thread, Scratch + 16, default(Timespec));
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(thread, 128, Scratch, 0, Scratch + 16, 8));
    }

    [Fact]
    public void A_full_queue_refuses_queued_signals_and_keeps_the_rest()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        kernel.Poke(thread, Scratch, ulong.MaxValue);
        kernel.Do(thread, 14, 0, Scratch, 0, 8);
        kernel.Poke(thread, Scratch + 64, new UserSignalInfo { Number = 50, Code = SignalCode.Queue });
        for (ulong i = 0; i < thread->Process->Limits.Soft(Resource.PendingSignals); i++)
            kernel.Do(thread, 129, (ulong)thread->Id, 50, Scratch + 64);
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(thread, 129, (ulong)thread->Id, 50, Scratch + 64));
        kernel.Do(thread, 62, (ulong)thread->Id, (ulong)Signal.SIGTERM);
        Assert.True(thread->Process->Pending.Set.Contains(Signal.SIGTERM));
    }

    [Fact]
    public void Sigsuspend_swaps_the_mask_for_exactly_one_handler()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        Catch(kernel, thread, Signal.SIGUSR1);
        ulong usr1 = SignalSet.Of(Signal.SIGUSR1).Bits;
        kernel.Poke(thread, Scratch, usr1);
        kernel.Do(thread, 14, 0, Scratch, 0, 8);
        kernel.Do(thread, 62, (ulong)thread->Id, (ulong)Signal.SIGUSR1);
        kernel.Poke(thread, Scratch, 0UL);
        Assert.NotNull(kernel.Call(thread, 130, Scratch, 8));
        Assert.Equal(Handler, thread->Context->Rip);
        Assert.Equal(usr1, kernel.Peek<UserSignalUcontext>(thread, thread->Context->Rdx).Mask);
        Assert.Equal(-(long)Errno.EINTR, Return(kernel, thread));
        Assert.Equal(usr1, thread->BlockedSignals.Bits);
    }

    [Theory]
    [InlineData(14UL, 0x10UL, (int)Signal.SIGSEGV, SignalCode.FaultMapError)]
    [InlineData(14UL, TestKernel.Code, (int)Signal.SIGSEGV, SignalCode.FaultAccessError)]
    [InlineData(14UL, 0xFFFF_8000_0000_0000UL, (int)Signal.SIGSEGV, SignalCode.FaultMapError)]
    [InlineData(0UL, 0UL, (int)Signal.SIGFPE, SignalCode.DivideByZero)]
    [InlineData(6UL, 0UL, (int)Signal.SIGILL, SignalCode.IllegalOperand)]
    [InlineData(3UL, 0UL, (int)Signal.SIGTRAP, SignalCode.Kernel)]
    [InlineData(13UL, 0UL, (int)Signal.SIGSEGV, SignalCode.Kernel)]
    public void Faults_become_signals_with_their_details(ulong vector, ulong address, int signal, int code)
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        Catch(kernel, thread, (Signal)signal, SignalAction.SigInfo);
        kernel.Fault(thread, vector, address, 6);
        Assert.NotNull(kernel.Resume(thread));
        var info = kernel.Peek<UserSignalInfo>(thread, thread->Context->Rsi);
        Assert.Equal(signal, info.Number);
        Assert.Equal(code, info.Code);
        if (vector == 14)
            Assert.Equal(address, info.Fields[0]);
    }

    [Fact]
    public void A_fault_that_is_blocked_or_has_no_stack_ends_the_program()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* thread = kernel.Fork(init);
        Catch(kernel, thread, Signal.SIGSEGV);
        thread->Context->Rsp = 0x2000;
        kernel.Fault(thread, 14, 0x10);
        Assert.Null(kernel.Resume(thread));
        Assert.Equal(2, kernel.Do(init, 61, ulong.MaxValue, Scratch, 0, 0));
        Assert.Equal((int)Signal.SIGSEGV, kernel.Peek<int>(init, Scratch));
    }

    [Fact]
    public void A_signal_to_everybody_succeeds_although_it_was_refused_by_all_and_fails_only_without_anybody()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* user = kernel.Fork(init);
        kernel.Do(user, 117, 1000, 1000, 1000);
        Assert.Equal(-(long)Errno.ESRCH, kernel.Call(user, 62, ulong.MaxValue, 15));
        Thread* other = kernel.Fork(init);
        Assert.Equal(0, kernel.Call(user, 62, ulong.MaxValue, 15));
        Assert.True(other->Process->Pending.Set.IsEmpty);
    }

    [Fact]
    public void Every_signal_acts_by_default_as_documented()
    {
        for (Signal signal = Signal.SIGHUP; signal <= Signal.Last; signal++)
        {
            using var kernel = new TestKernel(frames: 2048);
            Thread* init = kernel.Boot();
            Thread* thread = kernel.Fork(init);
            // In a group of its own it is not orphaned, so that it can be stopped.
            kernel.Do(thread, 109, 0, 0);
            kernel.Do(init, 62, (ulong)thread->Id, (ulong)signal);
            kernel.Resume(thread);
            long reported = kernel.Do(init, 61, ulong.MaxValue, Scratch, 1 | 2, 0);
            int status = reported == 0 ? -1 : kernel.Peek<int>(init, Scratch);
            int expected = SignalDefaults.Of(signal) switch
            {
                DefaultAction.Terminate => (int)signal,
                DefaultAction.Stop => WaitStatus.Stopped((int)signal),
                _ => -1,
            };
            Assert.True(expected == status, $"signal {signal}: expected {expected:x}, got {status:x}");
        }
    }

    [Fact]
    public void A_signal_that_its_taker_blocks_again_goes_to_another_thread()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* first = kernel.Fork(init);
        kernel.Poke(first, Scratch, new SignalAction { Handler = TestKernel.Code, Flags = SignalAction.HasRestorer, Restorer = TestKernel.Code });
        kernel.Do(first, 13, 10, Scratch, 0, 8);
        Thread* second = kernel.ThreadOf(kernel.Do(first, 56, 0x100 | 0x200 | 0x400 | 0x800 | 0x10000, Scratch + 0x8000, 0, 0, 0));
        Assert.Equal(0, kernel.Resume(second));
        kernel.Do(first, 14, 0, kernel.PokeMask(first, Signal.SIGUSR1), 0, 8);
        kernel.Poke(first, Scratch + 0x100, default(SignalSet));
        kernel.Poke(first, Scratch + 0x180, new Calls.Timespec { Seconds = 1 });
        Assert.Null(kernel.Call(first, 271, 0, 0, Scratch + 0x180, Scratch + 0x100, 8));
        Assert.Null(kernel.Call(second, 34));
        // Both could take it; the first is awake, and leaves its call because the time is up.
        kernel.Advance(1_000_000_000);
        kernel.Signals.Send(first->Process, SignalInfo.FromKernel(Signal.SIGUSR1));
        Assert.Equal(ThreadState.Blocked, second->State);
        Assert.Equal(0, kernel.Resume(first));
        Assert.NotEqual(TestKernel.Code, first->Context->Rip);
        Assert.NotNull(kernel.Resume(second));
        Assert.Equal(TestKernel.Code, second->Context->Rip);
    }

    [Fact]
    public void A_kill_ends_even_a_wait_that_signals_do_not_interrupt()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* thread = kernel.Fork(init);
        Assert.Null(kernel.Call(thread, 58));
        kernel.Do(init, 62, (ulong)thread->Id, (ulong)Signal.SIGTERM);
        Assert.Equal(ThreadState.BlockedUninterruptible, thread->State);
        kernel.Do(init, 62, (ulong)thread->Id, (ulong)Signal.SIGKILL);
        Assert.Null(kernel.Resume(thread));
        Assert.Equal(2, kernel.Do(init, 61, 2, Scratch, 0, 0));
        Assert.Equal((int)Signal.SIGKILL, kernel.Peek<int>(init, Scratch));
    }

    [Fact]
    public void Nobody_kills_init_but_init()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 62, 1, (ulong)Signal.SIGKILL);
        kernel.Do(child, 62, 1, (ulong)Signal.SIGTERM);
        Assert.NotNull(kernel.Resume(init));
        Assert.Null(kernel.Machine.SessionStatus);
        Assert.Null(kernel.Call(init, 234, 1, 1, (ulong)Signal.SIGABRT));
        kernel.RunToTheEnd();
        Assert.Equal((int)Signal.SIGABRT, kernel.Machine.SessionStatus);
    }
}
