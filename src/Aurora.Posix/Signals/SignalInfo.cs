using System.Runtime.InteropServices;

namespace Aurora.Posix.Signals;

/// <summary>Why a signal was sent (si_code). Positive codes come from the kernel; their meaning depends on the signal.</summary>
public static class SignalCode
{
    public const int User = 0;
    public const int Kernel = 0x80;
    public const int Queue = -1;
    public const int Timer = -2;
    public const int ThreadKill = -6;

    public const int ChildExited = 1;
    public const int ChildKilled = 2;
    public const int ChildTrapped = 4;
    public const int ChildStopped = 5;
    public const int ChildContinued = 6;

    public const int FaultMapError = 1;
    public const int FaultAccessError = 2;
    public const int BusAddressAlignment = 1;
    public const int BusNoAddress = 2;
    public const int IllegalOpcode = 1;
    public const int IllegalOperand = 2;
    public const int DivideByZero = 1;
    public const int FloatDivide = 3;
    public const int FloatOverflow = 4;
    public const int FloatUnderflow = 5;
    public const int FloatInexact = 6;
    public const int FloatInvalid = 7;
    public const int TrapBreakpoint = 1;
    public const int TrapTrace = 2;
}

/// <summary>
/// What is known of one signal: siginfo without its padding. Which of the last fields count depends on the code:
/// from a program Pid, Uid, Value; a child Pid, Uid, Status, Value = user and Address = system time in ticks; a fault Address;
/// a timer Pid = its id, Status = overruns, Value.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalInfo
{
    private const ulong TimerMark = ulong.MaxValue;

    public int Number;
    public int Code;
    public int Error;
    public int Pid;
    public uint Uid;
    public int Status;
    public ulong Value;
    public ulong Address;

    public readonly Signal Signal => (Signal)Number;

    /// <summary>A timer's own signal: a program may send the code, but not the mark (in Address, which a timer's does not use).</summary>
    public readonly bool IsTimers => Code == SignalCode.Timer && Address == TimerMark;

    /// <summary>What a timer of the process sends.</summary>
    public static SignalInfo FromTimer(int signal, int id, ulong value)
        => new() { Number = signal, Code = SignalCode.Timer, Pid = id, Value = value, Address = TimerMark };

    /// <summary>A signal the kernel raises without further detail.</summary>
    public static SignalInfo FromKernel(Signal signal) => new() { Number = (int)signal, Code = SignalCode.Kernel };
}
