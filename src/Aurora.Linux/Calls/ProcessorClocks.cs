// Clocks of processor time. Those of the caller have numbers; negative clocks name somebody's: bits 3 up are the complement of an id (0:
// the caller), bit 2 says thread, bits 0 and 1 which time: 0 all in ticks, 1 the program's, 2 all, 3 no time but a clock device's
// descriptor.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Calls;

/// <summary>Finds whose processor time a clock is.</summary>
public static unsafe class ProcessorClocks
{
    private const int ProcessTime = 2;
    private const int ThreadTime = 3;
    private const int WhichBits = 3;
    private const int ThreadBit = 4;
    private const int UserTime = 1;
    private const int PreciseTime = 2;
    private const int NoTime = 3;
    private const ulong TickNanoseconds = 4_000_000;

    /// <summary>True for what may name processor time, whether or not anybody has it.</summary>
    public static bool IsProcessorClock(int clock) => clock is ProcessTime or ThreadTime || (clock < 0 && !IsDevice(clock));

    /// <summary>True for what names the clock of a device: there are none.</summary>
    public static bool IsDevice(int clock) => clock < 0 && (clock & (WhichBits | ThreadBit)) == NoTime;

    /// <summary>The thread of the caller or the process whose time this is, and which time; null when there is none.</summary>
    public static ObjectHeader* Find(LinuxKernel kernel, Thread* thread, int clock, out ProcessorClock which)
    {
        which = clock < 0 && (clock & WhichBits) == UserTime ? ProcessorClock.User : ProcessorClock.All;
        if (clock == ProcessTime)
            return &thread->Process->Header;
        if (clock == ThreadTime)
            return &thread->Header;
        if (clock >= 0 || (clock & WhichBits) == NoTime)
            return null;
        int id = ~(clock >> 3);
        if ((clock & ThreadBit) == 0)
            return (ObjectHeader*)(id == 0 || id == thread->Id ? thread->Process : kernel.Processes.Of(thread).FindProcess(id));
        Thread* other = id == 0 ? thread : kernel.Processes.Of(thread).FindThread(id);
        return other == null || other->Process != thread->Process ? null : &other->Header;
    }

    /// <summary>How much has been used.</summary>
    public static ulong TimeOf(ObjectHeader* target, ProcessorClock which)
        => target->Kind == ObjectKind.Thread
            ? TimerService.ProcessorTimeOf((Thread*)target, which) : TimerService.ProcessorTimeOf((Process*)target, which);

    /// <summary>The resolution of a clock.</summary>
    public static ulong ResolutionOf(int clock) => clock >= 0 || (clock & WhichBits) == PreciseTime ? 1 : TickNanoseconds;
}
