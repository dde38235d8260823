using System;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What root sets of the machine: its names and its clock; what time and its limits mean to programs.</summary>
public sealed unsafe class MachineSettingTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;
    private const ulong AbsoluteTime = 1;
    private const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public MachineSettingTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Call(Thread* thread, int number, params ulong[] arguments) => _kernel.Call(thread, number, arguments)!.Value;

    private TestKernel Move()
    {
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        return TestKernel.Restore(image);
    }

    private Thread* ForkAsUser()
    {
        Thread* child = _kernel.Fork(_init);
        Call(child, 105, 1000);
        return child;
    }

    private static string NameOf(TestKernel kernel, Thread* thread, int field)
    {
        kernel.Do(thread, 63, Scratch + 0x1000);
        return kernel.PeekText(thread, Scratch + 0x1000 + (ulong)(field * 65));
    }

    private ulong Now(Thread* thread)
    {
        Assert.Equal(0, Call(thread, 228, 0, Scratch + 0x800));
        return _kernel.Peek<Timespec>(thread, Scratch + 0x800).ToNanoseconds();
    }

    private long SetClock(Thread* thread, ulong nanoseconds)
    {
        _kernel.Poke(thread, Scratch + 0x800, Timespec.From(nanoseconds));
        return Call(thread, 227, 0, Scratch + 0x800);
    }

    [Fact]
    public void Root_names_the_machine_and_the_names_stay()
    {
        Assert.Equal("aurora", NameOf(_kernel, _init, 1));
        Assert.Equal(0, Call(_init, 170, _kernel.PokeText(_init, Scratch, "harbour"), 7));
        Assert.Equal(0, Call(_init, 171, _kernel.PokeText(_init, Scratch, "example"), 7));
        Assert.Equal("harbour", NameOf(_kernel, _init, 1));
        Assert.Equal("example", NameOf(_kernel, _init, 5));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 170, Scratch, 65));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 170, Scratch, ulong.MaxValue));
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 170, 0x10, 5));
        Assert.Equal(-(long)Errno.EPERM, Call(ForkAsUser(), 170, Scratch, 3));
        long file = Call(_init, 2, _kernel.PokeText(_init, Scratch, "/proc/sys/kernel/hostname"), 2);
        Assert.Equal(5, Call(_init, 1, (ulong)file, _kernel.PokeText(_init, Scratch, "quay\n"), 5));
        Assert.Equal(5, Call(_init, 17, (ulong)file, Scratch, 100, 0));
        Assert.Equal("quay\n", Encoding.UTF8.GetString(BitConverter.GetBytes(_kernel.Peek<ulong>(_init, Scratch)), 0, 5));
        using TestKernel restored = Move();
        Assert.Equal("quay", NameOf(restored, restored.ThreadOf(1), 1));
        Assert.Equal("example", NameOf(restored, restored.ThreadOf(1), 5));
    }

    [Fact]
    public void Root_sets_the_clock_and_it_stays_set()
    {
        ulong before = Now(_init);
        Assert.Equal(0, SetClock(_init, before + (1000 * Second)));
        Assert.Equal(before + (1000 * Second), Now(_init));
        Thread* user = ForkAsUser();
        Assert.Equal(-(long)Errno.EPERM, SetClock(user, before));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 164, 0, 0));
        _kernel.Poke(_init, Scratch, new Timespec { Seconds = -1 });
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 227, 0, Scratch));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 227, 1, Scratch));
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 227, 0, 0x10));
        _kernel.Poke(_init, Scratch, new Timeval { Seconds = (long)(before / Second) + 5000, Microseconds = 7 });
        Assert.Equal(0, Call(_init, 164, Scratch, 0));
        Assert.Equal((((before / Second) + 5000) * Second) + 7000, Now(_init));
        using TestKernel restored = Move();
        Assert.Equal(0, restored.Do(restored.ThreadOf(1), 228, 0, Scratch));
        Assert.Equal((((before / Second) + 5000) * Second) + 7000, restored.Peek<Timespec>(restored.ThreadOf(1), Scratch).ToNanoseconds());
    }

    private static long NewPipe(TestKernel kernel, Thread* thread)
    {
        kernel.Do(thread, 293, Scratch, 0);
        return kernel.Do(thread, 72, kernel.Peek<uint>(thread, Scratch), 1032);
    }

    [Fact]
    public void Root_sets_how_large_a_users_pipes_may_be_and_it_stays()
    {
        Thread* user = ForkAsUser();
        ulong older = (ulong)_kernel.Do(_init, 2, _kernel.PokeText(_init, Scratch, "/proc/sys/fs/pipe-max-size"), 2);
        Assert.Equal((65536L, 65536L), (NewPipe(_kernel, user), NewPipe(_kernel, _init)));
        ulong before = _kernel.Peek<uint>(user, Scratch);
        foreach (string refused in new[] { "-1", "x", "2147483649", "99999999999" })
            Assert.Equal(-(long)Errno.EINVAL, Call(_init, 1, older, _kernel.PokeText(_init, Scratch, refused), (ulong)refused.Length));
        Assert.Equal(5, Call(_init, 1, older, _kernel.PokeText(_init, Scratch, "8191\n"), 5));
        Assert.Equal(5, Call(_init, 17, older, Scratch, 100, 0));
        Assert.Equal("8192\n", Encoding.UTF8.GetString(BitConverter.GetBytes(_kernel.Peek<ulong>(_init, Scratch)), 0, 5));
        using TestKernel restored = Move();
        foreach (TestKernel kernel in new[] { _kernel, restored })
        {
            Thread* again = kernel.ThreadOf(user->Id);
            Assert.Equal((8192L, 65536L), (NewPipe(kernel, again), NewPipe(kernel, kernel.ThreadOf(1))));
            ulong file = kernel.Peek<uint>(again, Scratch);
            Assert.Equal(-(long)Errno.EPERM, kernel.Call(again, 72, file, 1031, 8193));
            Assert.Equal(4096, kernel.Do(again, 72, file, 1031, 1));
            Assert.Equal(-(long)Errno.EPERM, kernel.Call(again, 72, before, 1031, 65537));
            Assert.Equal(16384, kernel.Do(again, 72, before, 1031, 16384));
            Assert.Equal(-(long)Errno.EACCES, kernel.Call(again, 2, kernel.PokeText(again, Scratch, "/proc/sys/fs/pipe-max-size"), 1));
        }
    }

    [Fact]
    public void Settings_of_an_older_version_leave_pipes_as_they_are()
    {
        Assert.Equal(0, Call(_init, 170, _kernel.PokeText(_init, Scratch, "harbour"), 7));
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
            if (kind == ObjectKind.MachineSettings)
                image.Records[id] = (kind, payload[..MachineSettingsRecord.BytesOfVersion1]);
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.MachineSettings ? (byte)1 : null);
        Thread* again = restored.ThreadOf(1);
        Assert.Equal("harbour", NameOf(restored, again, 1));
        restored.Do(again, 105, 1000);
        Assert.Equal(65536, NewPipe(restored, again));
        Assert.Equal(1 << 20, restored.Do(again, 72, restored.Peek<uint>(again, Scratch), 1031, 1 << 20));
    }

    [Fact]
    public void Who_waits_for_a_moment_of_real_time_waits_for_it_by_the_new_clock()
    {
        ulong now = Now(_init);
        Thread* sleeper = _kernel.Fork(_init);
        Thread* waiter = _kernel.Fork(_init);
        Thread* patient = _kernel.Fork(_init);
        _kernel.Poke(sleeper, Scratch, Timespec.From(now + (100 * Second)));
        Assert.Null(_kernel.Call(sleeper, 230, 0, AbsoluteTime, Scratch, 0));
        _kernel.Poke(waiter, Scratch, Timespec.From(now + (100 * Second)));
        Assert.Null(_kernel.Call(waiter, 202, Scratch + 0x100, 9 | 256 | 128, 0, Scratch, 0, uint.MaxValue));
        _kernel.Poke(patient, Scratch, Timespec.From(100 * Second));
        Assert.Null(_kernel.Call(patient, 202, Scratch + 0x100, 128, 0, Scratch));
        Thread* timed = _kernel.Fork(_init);
        Assert.Equal(0, Call(timed, 222, 0, 0, Scratch));
        _kernel.Poke(timed, Scratch + 16, new IntervalTimespec { Value = Timespec.From(now + (100 * Second)) });
        Assert.Equal(0, Call(timed, 223, 0, AbsoluteTime, Scratch + 16, 0));
        Assert.Equal(0, SetClock(_init, now + (50 * Second)));
        _kernel.Advance(49 * Second);
        foreach (nint each in new[] { (nint)sleeper, (nint)waiter, (nint)patient })
            Assert.Null(_kernel.Resume((Thread*)each));
        Assert.False(timed->Process->Pending.Set.Contains(Signal.SIGALRM));
        using TestKernel restored = Move();
        _kernel.Advance(2 * Second);
        Assert.Equal(0, _kernel.Resume(sleeper));
        Assert.Equal(-(long)Errno.ETIMEDOUT, _kernel.Resume(waiter));
        Assert.Null(_kernel.Resume(patient));
        Assert.True(timed->Process->Pending.Set.Contains(Signal.SIGALRM));
        restored.Advance(2 * Second);
        Assert.Equal(-(long)Errno.ETIMEDOUT, restored.Resume(restored.ThreadOf(3)));
        Assert.Null(restored.Resume(restored.ThreadOf(4)));
    }

    [Fact]
    public void A_timer_of_real_time_that_was_set_for_a_while_runs_that_while_whatever_becomes_of_the_clock()
    {
        for (int i = 0; i < 2; i++)
        {
            Thread* timed = _kernel.Fork(_init);
            Assert.Equal(0, Call(timed, 222, 0, 0, Scratch));
            _kernel.Poke(timed, Scratch + 16, new IntervalTimespec { Value = Timespec.From(100 * Second) });
            Assert.Equal(0, Call(timed, 223, 0, 0, Scratch + 16, 0));
        }
        Thread* absolute = _kernel.ThreadOf(3);
        _kernel.Poke(absolute, Scratch + 16, new IntervalTimespec { Value = Timespec.From(Now(_init) + (100 * Second)) });
        Assert.Equal(0, Call(absolute, 223, 0, AbsoluteTime, Scratch + 16, 0));
        Assert.Equal(0, SetClock(_init, Now(_init) + (1000 * Second)));
        using TestKernel restored = Move();
        foreach (TestKernel kernel in new[] { _kernel, restored })
        {
            kernel.Advance(99 * Second);
            Thread* timed = kernel.ThreadOf(2);
            Assert.Equal(0, kernel.Do(timed, 224, 0, Scratch));
            Assert.Equal(Second, kernel.Peek<IntervalTimespec>(timed, Scratch).Value.ToNanoseconds());
            Assert.False(timed->Process->Pending.Set.Contains(Signal.SIGALRM));
            Assert.True(kernel.ThreadOf(3)->Process->Pending.Set.Contains(Signal.SIGALRM));
            kernel.Advance(Second);
            Assert.True(timed->Process->Pending.Set.Contains(Signal.SIGALRM));
        }
    }

    // Stopped, it does not wait in a queue.
    [Fact]
    public void A_stopped_thread_waits_for_real_time_by_the_new_clock()
    {
        ulong now = Now(_init);
        Thread* waiter = _kernel.Fork(_init);
        _kernel.Poke(waiter, Scratch, Timespec.From(now + (100 * Second)));
        Assert.Null(_kernel.Call(waiter, 202, Scratch + 0x100, 9 | 256 | 128, 0, Scratch, 0, uint.MaxValue));
        Call(_init, 62, (ulong)waiter->Id, (ulong)Signal.SIGSTOP);
        Assert.Null(_kernel.Resume(waiter));
        Assert.Equal(0, SetClock(_init, now + (50 * Second)));
        using TestKernel restored = Move();
        foreach (TestKernel kernel in new[] { _kernel, restored })
        {
            kernel.Do(kernel.ThreadOf(1), 62, (ulong)waiter->Id, (ulong)Signal.SIGCONT);
            Thread* again = kernel.ThreadOf(waiter->Id);
            kernel.Advance(49 * Second);
            Assert.Null(kernel.Resume(again));
            kernel.Advance(2 * Second);
            Assert.Equal(-(long)Errno.ETIMEDOUT, kernel.Resume(again));
        }
    }

    [Fact]
    public void A_clock_beyond_what_nanoseconds_hold_is_refused()
    {
        ulong before = Now(_init);
        _kernel.Poke(_init, Scratch, new Timespec { Seconds = (long)(Timespec.Forever / Second) });
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 227, 0, Scratch));
        Assert.Equal(before, Now(_init));
        _kernel.Poke(_init, Scratch, new Timespec { Seconds = (long)(Timespec.Forever / Second) - 1 });
        Assert.Equal(0, Call(_init, 227, 0, Scratch));
        Assert.Equal(Timespec.Forever / Second * Second, Now(_init) + Second);
    }

    // The page for the answer is away when the clock has been stepped.
    [Fact]
    public void A_clock_is_stepped_once_though_the_answer_must_wait()
    {
        ulong now = Now(_init);
        _kernel.Poke(_init, Scratch, 0x100);
        _kernel.Poke(_init, Scratch + 72, new Timeval { Seconds = 100 });
        Assert.Equal(0, Call(_init, 10, Scratch, 4096, 1));
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 159, Scratch));
        Assert.Equal(now + (100 * Second), _kernel.GroupClock.RealtimeNanoseconds);
        Assert.Equal(0, Call(_init, 10, Scratch, 4096, 3));
        using TestKernel restored = Move();
        Thread* again = restored.ThreadOf(1);
        Slices.Start(again, 159, Scratch);
        restored.Trap(again);
        for (int turns = 0; again->Call.Active; turns++)
        {
            Assert.InRange(turns, 0, 20);
            restored.ServePager();
            restored.Executive.PrepareToRun(again);
        }
        Assert.Equal(now + (200 * Second), restored.GroupClock.RealtimeNanoseconds);
    }

    [Fact]
    public void Processor_time_is_limited()
    {
        Thread* child = _kernel.Fork(_init);
        _kernel.Poke(child, Scratch, 1UL);
        _kernel.Poke(child, Scratch + 8, 3UL);
        Assert.Equal(0, Call(child, 160, 0, Scratch));
        SignalSet Use(ulong nanoseconds)
        {
            child->UserNanoseconds += nanoseconds;
            _kernel.Timers.ChargeProcessorTime(child->Process, nanoseconds, 0);
            return child->Process->Pending.Set;
        }

        Assert.False(Use(Second / 2).Contains(Signal.SIGXCPU));
        Assert.True(Use(Second / 2).Contains(Signal.SIGXCPU));
        Assert.Equal(0, Call(_init, 302, (ulong)child->Id, 0, 0, Scratch));
        Assert.Equal(2UL, _kernel.Peek<ulong>(_init, Scratch));
        Assert.False(Use(Second).Contains(Signal.SIGKILL));
        Assert.True(Use(Second).Contains(Signal.SIGKILL));
    }

    [Fact]
    public void More_descriptors_than_the_kernel_has_are_refused()
    {
        _kernel.Poke(_init, Scratch, 1024UL);
        _kernel.Poke(_init, Scratch + 8, 2_000_000_000UL);
        Assert.Equal(-(long)Errno.EPERM, Call(_init, 160, 7, Scratch));
    }

    [Fact]
    public void Timers_and_clocks_refuse_as_Linux_does()
    {
        Assert.Equal(0, Call(_init, 14, 0, _kernel.PokeMask(_init, Signal.SIGUSR1), 0, 8));
        _kernel.Poke(_init, Scratch, 7UL);
        _kernel.Poke(_init, Scratch + 8, (2UL << 32) | (uint)Signal.SIGUSR1);
        Assert.Equal(0, Call(_init, 222, 1, Scratch, Scratch + 0x100));
        _kernel.Poke(_init, Scratch + 0x10, new IntervalTimespec { Value = Timespec.From(1000) });
        Assert.Equal(0, Call(_init, 223, 0, 0, Scratch + 0x10, 0));
        using TestKernel restored = Move();
        foreach (TestKernel kernel in new[] { _kernel, restored })
        {
            kernel.Advance(2000);
            Thread* taker = kernel.ThreadOf(1);
            Assert.True(taker->Process->Pending.Set.Contains(Signal.SIGUSR1));
        }
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 222, 99, 0x10, Scratch + 0x100));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 222, 99, 0, Scratch + 0x100));
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Call(_init, 222, 6, 0, Scratch + 0x100));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 223, 0, 0, 0, 0));
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 223, 99, 0, 0x10, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 229, ulong.MaxValue, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 228, ulong.MaxValue, Scratch));
        Assert.Equal(0, Call(_init, 228, unchecked((ulong)-6), Scratch));
    }

    [Fact]
    public void The_clock_is_stepped_and_its_rate_is_told_but_not_steered()
    {
        ulong now = Now(_init);
        Assert.Equal(5, Call(_init, 159, Scratch));
        Assert.Equal(10_000, _kernel.Peek<long>(_init, Scratch + 88));
        _kernel.Poke(_init, Scratch, 0x4000 | 0x2 | 0x10);
        Assert.Equal(5, Call(_init, 159, Scratch));
        _kernel.Poke(_init, Scratch + 88, 10_001L);
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Call(_init, 159, Scratch));
        _kernel.Poke(_init, Scratch + 88, 8_000L);
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 159, Scratch));
        Thread* user = ForkAsUser();
        Assert.Equal(-(long)Errno.EPERM, Call(user, 159, Scratch));
        _kernel.Poke(user, Scratch, 0);
        Assert.Equal(5, Call(user, 305, 0, Scratch));
        _kernel.Poke(_init, Scratch, 0x100);
        _kernel.Poke(_init, Scratch + 72, new Timeval { Seconds = 100, Microseconds = 5 });
        Assert.Equal(5, Call(_init, 305, 0, Scratch));
        Assert.Equal(now + (100 * Second) + 5000, Now(_init));
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 159, 0x10));
    }

    [Fact]
    public void Membarrier_takes_one_command()
    {
        Assert.Equal(511, Call(_init, 324, 0, 0));
        Assert.Equal(0, Call(_init, 324, 1, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 324, 3, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 324, 512, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 324, 0, 1));
    }

    [Fact]
    public void Clone_refuses_what_makes_no_sense_and_namespaces()
    {
        Thread* user = ForkAsUser();
        const ulong memory = 0x100, fileContext = 0x200, actions = 0x800, sibling = 0x8000, thread = 0x10000, mounts = 0x20000;
        const ulong names = 0x4000000;
        foreach (ulong flags in new[] { thread, thread | memory, actions, fileContext | mounts, ThreadFlags | 0x20000000 })
            Assert.Equal(-(long)Errno.EINVAL, Call(user, 56, flags, 0, 0, 0, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 56, names | 17, 0, 0, 0, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(user, 56, mounts | 17, 0, 0, 0, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 56, names | 17, 0, 0, 0, 0));
        Assert.Equal(-(long)Errno.EINVAL, Call(_init, 56, sibling | 17, 0, 0, 0, 0));
    }

    [Fact]
    public void Futexes_that_are_not_there_and_counts_of_them()
    {
        const ulong gone = 0x10000;
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 202, gone, 1, 1, 0, 0, 0));
        Assert.Equal(0, Call(_init, 202, gone, 129, 1, 0, 0, 0));
        Assert.Equal(-(long)Errno.EFAULT, Call(_init, 202, Scratch, 3, 1, 1, gone, 0));
        Assert.Equal(-(long)Errno.ENOSYS, Call(_init, 202, Scratch, 1 | 256, 1, 0, 0, 0));
        Thread* process = _kernel.Fork(_init);
        var waiters = new nint[5];
        for (int i = 0; i < waiters.Length; i++)
        {
            Thread* waiter = _kernel.ThreadOf(_kernel.Do(process, 56, ThreadFlags, Scratch + 0x8000 + ((ulong)i * 0x1000)));
            Assert.Equal(0, _kernel.Resume(waiter));
            Assert.Null(_kernel.Call(waiter, 202, Scratch, 128, 0, 0));
            waiters[i] = (nint)waiter;
        }
        Assert.Equal(1, Call(process, 202, Scratch, 129, 0, 0, 0, 0));
        Assert.Equal(3, Call(process, 202, Scratch, 131, 1, 2, Scratch + 8, 0));
        Assert.Equal(2, Call(process, 202, Scratch + 8, 131, 0, 100, Scratch + 8, 0));
        Assert.Equal(3, Call(process, 202, Scratch, 131, 0, 100, Scratch + 8, 0) + Call(process, 202, Scratch + 8, 129, 2, 0, 0, 0));
        Assert.Equal(1, Call(process, 202, Scratch + 8, 129, 100, 0, 0, 0));
    }

    [Fact]
    public void A_signal_ends_a_futex_wait_though_the_word_has_changed()
    {
        Thread* child = _kernel.Fork(_init);
        Handlers.Catch(_kernel, child, Signal.SIGUSR1);
        Assert.Null(_kernel.Call(child, 202, Scratch + 0x100, 128, 0, 0));
        _kernel.Poke(child, Scratch + 0x100, 1);
        Assert.Equal(0, Call(_init, 62, (ulong)child->Id, (ulong)Signal.SIGUSR1));
        _kernel.Resume(child);
        Assert.Equal(Handlers.Handler, child->Context->Rip);
        Assert.Equal(-(long)Errno.EINTR, Handlers.Return(_kernel, child));
    }
}
