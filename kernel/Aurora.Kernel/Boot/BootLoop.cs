// The loop of a machine that has no services yet: it turns fibers and serves the disk until one step of the boot has ended. Steps run as
// fibers because they wait for the disk. Fibers that a step has started go on with the next loop.
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>A part of the boot that waits for the disk.</summary>
internal abstract class BootStep : FiberBody
{
    /// <summary>True when it has ended.</summary>
    public bool IsDone { get; private set; }

    /// <summary>True when it has ended and the boot can go on; otherwise the reason has been reported.</summary>
    public bool IsOk { get; private set; }

    public sealed override void Run()
    {
        IsOk = Work();
        IsDone = true;
    }

    /// <summary>Does the work; false when the boot cannot go on (reported). Blocks.</summary>
    protected abstract bool Work();
}

/// <summary>Runs steps of the boot.</summary>
internal sealed class BootLoop(Hardware hardware, KernelFibers fibers, NvmeDevice disk, KernelLock kernelLock)
{
    /// <summary>Runs a step to its end; false when the boot cannot go on.</summary>
    public bool Run(BootStep step)
    {
        fibers.Add(step);
        Panic.Unless(fibers.Start(step), "boot: no memory for a fiber"u8);
        while (!step.IsDone)
        {
            Interrupts.BeginDrain();
            disk.Serve(hardware.Events.TakeAll());
            if (fibers.RunOne() || disk.NeedsPolling)
                continue;
            hardware.Timer.Arm(disk.DeadlineNanoseconds);
            kernelLock.Release();
            Interrupts.Wait();
            kernelLock.Take();
        }
        return step.IsOk;
    }
}
