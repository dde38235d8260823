// adjtimex and clock_adjtime. The clock's rate is the machine's and cannot be steered: the calls tell so (an unsynchronized clock at its
// nominal rate), take the values that are in force, step the clock (ADJ_SETOFFSET), and refuse everything else.
using System.Runtime.InteropServices;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ClockAdjustCalls
{
    private const int Realtime = 0;
    private const uint Offset = 0x1;
    private const uint Frequency = 0x2;
    private const uint MaximumError = 0x4;
    private const uint EstimatedError = 0x8;
    private const uint Status = 0x10;
    private const uint TimeConstant = 0x20;
    private const uint Tai = 0x80;
    private const uint SetOffset = 0x100;
    private const uint Nanoseconds = 0x2000;
    private const uint TickLength = 0x4000;
    private const uint Adjtime = 0x8000;
    private const uint AdjtimeReads = 0x2000;
    private const int Unsynchronized = 0x40;
    private const int StatusReadOnly = 0xFF00;
    private const int ClockIsInError = 5;
    private const long UnknownError = 16_000_000;
    private const long NominalTick = 10_000;
    private const long DefaultConstant = 2;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>struct timex.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Adjustment
    {
        public uint Modes;
        public long Offset, Frequency, MaximumError, EstimatedError;
        public int Status;
        public long Constant, Precision, Tolerance;
        public Timeval Time;
        public long Tick, PulseFrequency, Jitter;
        public int Shift;
        public long Stability, JitterCount, CalibrationCount, ErrorCount, StabilityCount;
        public int Tai;
        private fixed int _padding[11];
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(159, &Adjtimex);
        table.Register(305, &ClockAdjtime);
    }

    private static SystemCallResult Adjtimex(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Adjust(kernel, thread, arguments->Arg0);

    private static SystemCallResult ClockAdjtime(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!kernel.Read(thread, arguments->Arg1, out Adjustment _, out SystemCallResult failure))
            return failure;
        return arguments->Int0 == Realtime ? Adjust(kernel, thread, arguments->Arg1)
            : arguments->Int0 is > 0 and <= 11 and not 10 ? Errno.EOPNOTSUPP : Errno.EINVAL;
    }

    private static SystemCallResult Adjust(LinuxKernel kernel, Thread* thread, ulong address)
    {
        if (!kernel.Read(thread, address, out Adjustment request, out SystemCallResult failure))
            return failure;
        bool isSet = RealtimeSetting.IsSet(thread);
        Errno error = isSet ? Errno.Ok : Check(thread, in request);
        if (error != Errno.Ok)
            return error;
        if (isSet || (request.Modes & (SetOffset | Adjtime)) == SetOffset)
        {
            SystemCallResult told = isSet ? RealtimeSetting.GoOn(kernel, thread) : Step(kernel, thread, in request);
            if (told.Outcome != SystemCallOutcome.Done || told.IsError)
                return told;
        }
        var result = new Adjustment
        {
            Modes = request.Modes, MaximumError = UnknownError, EstimatedError = UnknownError, Status = Unsynchronized,
            Constant = DefaultConstant, Precision = 1, Tolerance = 32_768_000,
                Time = Timeval.From(kernel.ClockOf(thread).RealtimeNanoseconds),
            Tick = NominalTick,
        };
        return kernel.Write(thread, address, in result, out failure) ? ClockIsInError : failure;
    }

    private static Errno Check(Thread* thread, in Adjustment request)
    {
        uint modes = request.Modes;
        bool isAdjtime = (modes & Adjtime) != 0;
        if (isAdjtime && (modes & Offset) == 0)
            return Errno.EINVAL;
        bool changes = isAdjtime ? (modes & AdjtimeReads) == 0 : modes != 0;
        if (changes && !thread->Process->Credentials.Has(Capability.SysTime))
            return Errno.EPERM;
        if (!isAdjtime && (modes & TickLength) != 0 && request.Tick is < NominalTick * 9 / 10 or > NominalTick * 11 / 10)
            return Errno.EINVAL;
        if (!changes)
            return Errno.Ok;
        bool isInForce = ((modes & Offset) == 0 || request.Offset == 0) && ((modes & Frequency) == 0 || request.Frequency == 0)
            && ((modes & MaximumError) == 0 || request.MaximumError == UnknownError)
            && ((modes & EstimatedError) == 0 || request.EstimatedError == UnknownError)
            && ((modes & Status) == 0 || (request.Status & ~StatusReadOnly) == Unsynchronized)
            && ((modes & TimeConstant) == 0 || isAdjtime || request.Constant == DefaultConstant)
            && ((modes & Tai) == 0 || request.Constant == 0) && ((modes & TickLength) == 0 || request.Tick == NominalTick)
            && ((modes & Nanoseconds) == 0 || (modes & SetOffset) != 0);
        return isInForce ? Errno.Ok : Errno.EOPNOTSUPP;
    }

    private static SystemCallResult Step(LinuxKernel kernel, Thread* thread, in Adjustment request)
    {
        long scale = (request.Modes & Nanoseconds) != 0 ? 1 : 1000;
        const long mostSeconds = long.MaxValue / (2 * NanosecondsPerSecond);
        long part = request.Time.Microseconds;
        if (part < 0 || part >= NanosecondsPerSecond / scale || request.Time.Seconds is < -mostSeconds or > mostSeconds)
            return Errno.EINVAL;
        long target = (long)kernel.ClockOf(thread).RealtimeNanoseconds + (request.Time.Seconds * NanosecondsPerSecond) + (part * scale);
        return target < 0 ? Errno.EINVAL : RealtimeSetting.Set(kernel, thread, Timespec.From((ulong)target));
    }
}
