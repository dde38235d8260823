// Whose time it is. The entry code notes in a thread's context, in ticks of the machine's counter, when its program began to run and when
// it trapped. What lies between the two is user time; what lies between a trap and the next entry is system time, of the thread whose trap
// it was, until its turn ends; all else is nobody's. The fractions of a nanosecond that are left over are charged with the next, so short
// calls are not cheaper for being many. Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Executive;

/// <summary>Charges threads for the processor time they use.</summary>
internal sealed unsafe class TrapAccounting
{
    private readonly ThreadScheduler _scheduler;
    private readonly TimerService _timers;
    private readonly Clock _clock;
    private readonly TickScale _scale;
    private readonly ulong _factor;
    private readonly ulong _fewTicks;

    // Who is charged for what passes in the kernel, and until when he has been.
    private Thread* _thread;
    private ulong _untilTicks;

    // What has not been charged yet, in parts of 2^-32 ns.
    private uint _userRest;
    private uint _systemRest;

    public TrapAccounting(ThreadScheduler scheduler, TimerService timers, Clock clock)
    {
        _scheduler = scheduler;
        _timers = timers;
        _clock = clock;
        _scale = clock.TickScale;
        _factor = _scale.Factor;
        _fewTicks = (ulong.MaxValue - uint.MaxValue) / _factor;
    }

    /// <summary>A thread has trapped: its program has run, and before that it may have been in the kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Trapped(Thread* thread)
    {
        ulong entered = thread->Context->EnteredTicks;
        ulong trapped = thread->Context->TrappedTicks;
        ulong until = _thread == thread ? _untilTicks : entered;
        _thread = thread;
        _untilTicks = trapped;
        Charge(thread, trapped - entered, entered - until);
    }

    /// <summary>From here on the thread is in the kernel, unless it is so already.</summary>
    public void Start(Thread* thread)
    {
        if (_thread == thread)
            return;
        _thread = thread;
        _untilTicks = _clock.Ticks;
    }

    /// <summary>What passes from here on is nobody's.</summary>
    public void Stop() => _thread = null;

    /// <summary>The thread goes on in the kernel: it is charged for what it has spent there so far.</summary>
    public void ChargeKernel(Thread* thread)
    {
        Start(thread);
        ulong now = _clock.Ticks;
        Charge(thread, 0, now - _untilTicks);
        _untilTicks = now;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Charge(Thread* thread, ulong userTicks, ulong systemTicks)
    {
        // A counter that went back has made one of them very large.
        if (userTicks > _fewTicks || systemTicks > _fewTicks)
            ChargeMany(thread, userTicks, systemTicks);
        else
            ChargeNanoseconds(thread, Take(userTicks, ref _userRest), Take(systemTicks, ref _systemRest));
    }

    // A few ticks in nanoseconds, with the rest of those before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Take(ulong ticks, ref uint rest)
    {
        ulong parts = (ticks * _factor) + rest;
        rest = (uint)parts;
        return parts >> 32;
    }

    private void ChargeMany(Thread* thread, ulong userTicks, ulong systemTicks)
        => ChargeNanoseconds(thread, Convert(userTicks), Convert(systemTicks));

    private ulong Convert(ulong ticks) => (long)ticks < 0 ? 0 : _scale.Convert(ticks);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ChargeNanoseconds(Thread* thread, ulong user, ulong system)
    {
        thread->UserNanoseconds += user;
        thread->SystemNanoseconds += system;
        _scheduler.Charge(thread, user + system);
        if (TimerService.CountsTimeOf(thread->Process))
            _timers.ChargeProcessorTime(thread->Process, user, system);
    }
}
