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
/// What is known of one signal: siginfo_t as the kernel keeps it, 12 bytes and a union of 32. Which fields of the union count depends on
/// the code: from a program Pid, Uid, Value and whatever else it sent; a child Pid, Uid, Status and times; a fault Address; a timer
/// TimerId, Overruns, Value.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes, Pack = 4)]
public unsafe struct SignalInfo
{
    public const int Bytes = 44;
    public const int FieldBytes = 32;

    private const ushort OfTimer = 1;

    [FieldOffset(0)]
    private ushort _number;

    /// <summary>What no program can say about a signal: who made it.</summary>
    [FieldOffset(2)]
    private ushort _origin;

    [FieldOffset(4)]
    public int Code;

    [FieldOffset(8)]
    public int Error;

    [FieldOffset(12)]
    public fixed byte Fields[FieldBytes];

    [FieldOffset(12)]
    public int Pid;

    [FieldOffset(12)]
    public int TimerId;

    [FieldOffset(12)]
    public ulong Address;

    [FieldOffset(16)]
    public uint Uid;

    [FieldOffset(16)]
    public int Overruns;

    [FieldOffset(20)]
    public int Status;

    [FieldOffset(20)]
    public ulong Value;

    [FieldOffset(28)]
    public ulong UserTicks;

    [FieldOffset(36)]
    public ulong SystemTicks;

    public int Number
    {
        readonly get => _number;
        set => _number = (ushort)value;
    }

    public readonly Signal Signal => (Signal)_number;

    /// <summary>A timer's own signal: a program may send the code, but not the mark.</summary>
    public readonly bool IsTimers => _origin == OfTimer;

    /// <summary>True when it was made by a program or the kernel, or by a timer of the process.</summary>
    public readonly bool HasKnownOrigin => _origin <= OfTimer;

    /// <summary>What a timer of the process sends.</summary>
    public static SignalInfo FromTimer(int signal, int id, ulong value)
        => new() { Number = signal, Code = SignalCode.Timer, _origin = OfTimer, TimerId = id, Value = value };

    /// <summary>A signal the kernel raises without further detail.</summary>
    public static SignalInfo FromKernel(Signal signal) => new() { Number = (int)signal, Code = SignalCode.Kernel };
}
