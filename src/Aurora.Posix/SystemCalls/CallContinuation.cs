using System.Runtime.InteropServices;

namespace Aurora.Posix.SystemCalls;

/// <summary>
/// The system call a thread is in, and how far it has come. Captured with the thread: after a restore the call is dispatched again
/// with this progress and goes on as if nothing had happened. Cleared when a call begins, kept while it blocks.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct CallContinuation
{
    /// <summary>
    /// A phase with this bit is that of a wait under way. A signal that interrupts the wait takes the bit away: the call then begins again from
    /// the phase below it, and no longer has what it waited with.
    /// </summary>
    public const byte WaitPhase = 0x80;

    /// <summary>
    /// A wait for a terminal: a stop interrupts it too, whichever thread took the signal, since others may have the terminal afterwards.
    /// </summary>
    public const byte TerminalPhase = WaitPhase | 1;

    /// <summary>The call that init is in, without memory, until its first program is loaded: the last of Aurora's own.</summary>
    public const uint FirstProgram = 0x5A0FF;

    /// <summary>
    /// The call that init is in while its program begins again (<see cref="Processes.ProcessLife"/>); the kernel alone begins it, in the
    /// phase below, and a program that makes it is in phase 0.
    /// </summary>
    public const uint RestartProgram = 0x5A0FE;

    /// <summary>The phase of that call in which the other processes of the group end.</summary>
    public const byte AwaitingOthers = 3;

    /// <summary>futex(2), and its phase in which a FUTEX_WAIT waits.</summary>
    public const uint Futex = 202;
    public const byte FutexWaiting = 1;

    public SystemCallArguments Arguments;

    /// <summary>The call number as the program gave it.</summary>
    public uint Number;

    /// <summary>True from entry until the call's result is in RAX.</summary>
    public bool Active;

    /// <summary>For the call: which step it is in; zero at entry.</summary>
    public byte Phase;

    /// <summary>A restart code (see <see cref="Errno"/>) while the executive decides between restart and EINTR; else zero.</summary>
    public ushort RestartCode;

    /// <summary>For the call: bytes or items done so far.</summary>
    public ulong Progress;

    /// <summary>For the call: absolute session-monotonic time at which its wait ends; zero for none.</summary>
    public ulong DeadlineNanoseconds;

    /// <summary>For the call.</summary>
    public ulong Extra0, Extra1;

    /// <summary>True in the one wait that is in the record: a restore makes it again instead of dispatching the call.</summary>
    public readonly bool IsFutexWait => Active && Number == Futex && Phase == FutexWaiting;

    /// <summary>True in the call by which a program begins again: only a thread of init is in it.</summary>
    public readonly bool IsRestart => Active && Number == RestartProgram && Phase != 0;

    /// <summary>True in that call until the other processes have ended.</summary>
    public readonly bool AwaitsOthers => Active && Number == RestartProgram && Phase == AwaitingOthers;

    /// <summary>True while a thread needs no memory.</summary>
    public readonly bool NeedsNoMemory => Active && Number == FirstProgram && Phase == 0;
}
