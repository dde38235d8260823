// What one dispatch of a system call came to. A call that must wait registers its thread with ThreadScheduler.BlockOn (and BlockUntil for
// a deadline), records its progress in thread->Call, and returns one of the Blocked results; it is dispatched again from the top when
// woken. What an interrupting signal makes of the wait is part of the result, so that no call needs code of its own for it:
//   Blocked                ERESTARTSYS, the rule for slow calls
//   BlockedOr(code)        another restart code, or a plain error
//   BlockedWith(count)     the call ends with this count: the bytes it has moved so far
//   BlockedUninterruptible the wait goes on (page-in, commit): it is short and bounded by the machine, not by another program
// A call that moves much asks Preemption between its steps and returns Again (a fatal signal ends it) or AgainWith(count) (any signal
// does).
using System.Runtime.CompilerServices;

namespace Aurora.Posix.SystemCalls;

public enum SystemCallOutcome : byte
{
    Done,
    Blocked,

    /// <summary>The call has more to do but let others run: the thread stays runnable and the call is dispatched again.</summary>
    Again,

    /// <summary>The call replaced the thread's registers (execve, sigreturn): nothing is written to RAX.</summary>
    NoReturn,

    /// <summary>The thread has ended; it must not be touched again.</summary>
    Ended,
}

/// <summary>The outcome of one dispatch and the value that goes with it.</summary>
public readonly struct SystemCallResult
{
    private const long Uninterruptible = long.MinValue;

    /// <summary>Done: the value for RAX (negative: an error). Blocked: the value if a signal interrupts the wait.</summary>
    public readonly long Value;
    public readonly SystemCallOutcome Outcome;

    private SystemCallResult(SystemCallOutcome outcome, long value)
    {
        Outcome = outcome;
        Value = value;
    }

    public static SystemCallResult Blocked => new(SystemCallOutcome.Blocked, -(long)Errno.ERESTARTSYS);
    public static SystemCallResult BlockedUninterruptible => new(SystemCallOutcome.Blocked, Uninterruptible);
    public static SystemCallResult Again => new(SystemCallOutcome.Again, Uninterruptible);
    public static SystemCallResult NoReturn => new(SystemCallOutcome.NoReturn, 0);
    public static SystemCallResult Ended => new(SystemCallOutcome.Ended, 0);

    public bool IsInterruptible => Value != Uninterruptible;
    public bool IsError => Outcome == SystemCallOutcome.Done && Value < 0 && Value >= -4095;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SystemCallResult Done(long value) => new(SystemCallOutcome.Done, value);

    public static SystemCallResult Fail(Errno error) => new(SystemCallOutcome.Done, -(long)error);

    /// <summary>Blocked; a signal ends the wait with this error or restart code.</summary>
    public static SystemCallResult BlockedOr(Errno onSignal) => new(SystemCallOutcome.Blocked, -(long)onSignal);

    /// <summary>Blocked; a signal ends the call with the positive count it has reached, or restarts it when the count is zero.</summary>
    public static SystemCallResult BlockedWith(long count)
        => count > 0 ? new SystemCallResult(SystemCallOutcome.Blocked, count) : Blocked;

    /// <summary>The call goes on after others have run, unless a signal is pending: then it ends with this count.</summary>
    public static SystemCallResult AgainWith(long count) => new(SystemCallOutcome.Again, count);

    /// <summary>Success is zero, anything else an error: so that `return errno;` works in every call.</summary>
    public static implicit operator SystemCallResult(Errno error)
        => error == Errno.EIOCBQUEUED ? BlockedUninterruptible : Fail(error);

    public static implicit operator SystemCallResult(long value) => Done(value);
}
