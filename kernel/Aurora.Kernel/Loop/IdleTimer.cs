using System;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>The one-shot timer as the main loop uses it, and waiting for it or any other interrupt.</summary>
internal sealed class IdleTimer(Hardware hardware, NvmeDevice disk, KernelLock kernelLock)
{
    private ulong _armedNanoseconds = OneShotTimer.Never;

    /// <summary>Waits for an interrupt until a time of the machine's clock, and returns how many nanoseconds it took.</summary>
    public ulong Idle(ulong deadlineNanoseconds)
    {
        if (disk.NeedsPolling)
            return 0;
        Arm(Math.Min(deadlineNanoseconds, disk.DeadlineNanoseconds));
        ulong start = hardware.Clock.MonotonicNanoseconds;
        kernelLock.Release();
        Interrupts.Wait();
        kernelLock.Take();
        return hardware.Clock.MonotonicNanoseconds - start;
    }

    /// <summary>
    /// Has an interrupt come at a time, or before. A timer that fires too early only costs one turn of the loop; programming the APIC costs
    /// more than most system calls.
    /// </summary>
    public void Arm(ulong deadlineNanoseconds)
    {
        ulong now = hardware.Clock.MonotonicNanoseconds;
        if (_armedNanoseconds > now && _armedNanoseconds <= deadlineNanoseconds && _armedNanoseconds != OneShotTimer.Never)
            return;
        if (deadlineNanoseconds == OneShotTimer.Never && _armedNanoseconds == OneShotTimer.Never)
            return;
        _armedNanoseconds = deadlineNanoseconds;
        hardware.Timer.Arm(deadlineNanoseconds);
    }
}
