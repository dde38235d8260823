using System.Runtime.InteropServices;

namespace Aurora.Posix.Signals;

/// <summary>Why a signal was sent (si_code). Positive codes come from the kernel; their meaning depends on the signal.</summary>
public static class SignalCode
{
    public const int User = 0;
    public const int Kernel = 0x80;
    public const int Queue = -1;
    public const int Timer = -2;
    public const int MessageQueue = -3;
    public const int File = -5;
    public const int ThreadKill = -6;

    public const int ChildExited = 1;
    public const int ChildKilled = 2;
    public const int ChildTrapped = 4;
    public const int ChildStopped = 5;
    public const int ChildContinued = 6;

    public const int FileIn = 1;
    public const int FileOut = 2;
    public const int FileMessage = 3;

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
/// Who made a signal, which no program can say of itself: what may end init, and what timers do with their own, follows from this and
/// not from the code. Queued signals keep it, in records too; those of older versions are another's or a timer's.
/// </summary>
public enum SignalOrigin : ushort
{
    /// <summary>A call of another process, or something that any process of the group may bring about (SignalService.ToGroup).</summary>
    Another,

    /// <summary>A timer of the process that gets it.</summary>
    Timer,

    /// <summary>The kernel: faults, alarms, limits, the terminal, what becomes of children.</summary>
    Kernel,

    /// <summary>A call of the process that gets it.</summary>
    Itself,
}

/// <summary>
/// What is known of one signal: siginfo_t as the kernel keeps it, 12 bytes and a union of 32. Which fields of the union count depends on
/// the code: from a program Pid, Uid, Value and whatever else it sent; a child Pid, Uid, Status and times; a fault Address; a timer
/// TimerId, Overruns, Value; a file Band, Descriptor.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes, Pack = 4)]
public unsafe struct SignalInfo
{
    public const int Bytes = 44;
    public const int FieldBytes = 32;

    [FieldOffset(0)]
    private ushort _number;

    [FieldOffset(2)]
    public SignalOrigin Origin;

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

    /// <summary>A set of poll's events.</summary>
    [FieldOffset(12)]
    public ulong Band;

    [FieldOffset(16)]
    public uint Uid;

    [FieldOffset(16)]
    public int Overruns;

    [FieldOffset(20)]
    public int Status;

    [FieldOffset(20)]
    public int Descriptor;

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
    public readonly bool IsTimers => Origin == SignalOrigin.Timer;

    /// <summary>True when its origin is one of those there are.</summary>
    public readonly bool HasKnownOrigin => Origin <= SignalOrigin.Itself;

    /// <summary>What a timer of the process sends.</summary>
    public static SignalInfo FromTimer(int signal, int id, ulong value)
        => new() { Number = signal, Code = SignalCode.Timer, Origin = SignalOrigin.Timer, TimerId = id, Value = value };

    /// <summary>A signal the kernel raises without further detail.</summary>
    public static SignalInfo FromKernel(Signal signal) => FromKernel(signal, SignalCode.Kernel);

    /// <summary>A signal the kernel raises for a reason; the caller fills in what goes with it.</summary>
    public static SignalInfo FromKernel(Signal signal, int code)
        => new() { Number = (int)signal, Code = code, Origin = SignalOrigin.Kernel };
}
