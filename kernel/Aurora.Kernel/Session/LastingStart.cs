using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;

namespace Aurora.Kernel;

/// <summary>Notices that the session has run long enough for its start to be trusted.</summary>
internal sealed class LastingStart(Clock clock, KernelFibers fibers, CheckpointEngine engine, FailedStarts failedStarts,
    ForgettingFiber forgetting)
{
    private const ulong LastingNanoseconds = 10_000_000_000;

    private bool _hasLasted;

    /// <summary>When <see cref="Note"/> has to be called again at the latest.</summary>
    public ulong DueNanoseconds => _hasLasted ? ulong.MaxValue : engine.BootNanoseconds + LastingNanoseconds;

    /// <summary>Called every turn of the main loop.</summary>
    public void Note()
    {
        if (_hasLasted || clock.MonotonicNanoseconds < DueNanoseconds)
            return;
        failedStarts.Trust();
        // Without memory for a fiber the number stays, and the next turn tries again.
        _hasLasted = failedStarts.Count == 0 || fibers.Start(forgetting);
    }
}
