// A session that makes the kernel panic would do so for ever: the machine resets, resumes it and panics again. So a start must last: the start mark
// is set before the session is restored, and cleared after ten seconds of running or at an orderly end. A boot that finds it set counts one more failed
// start on the disk, where the number survives this machine; the third in a row is not followed by a fourth. A start that lasts, and going back to
// another state, forget the number; losing power or being killed leaves it. Ordinary starts write nothing. See decision 031.
using System;
using Aurora.Base;
using Aurora.Hal;
using Aurora.Store;

namespace Aurora.Kernel;

internal sealed unsafe partial class KernelSession
{
    private const uint MostFailedStarts = 3;
    private const ulong LastingNanoseconds = 10_000_000_000;

    private readonly StartMark _mark;
    private uint _failedStarts;
    private bool _hasLasted;

    /// <summary>When <see cref="NoteLasting"/> has to be called again at the latest.</summary>
    public ulong LastingDueNanoseconds => _hasLasted ? ulong.MaxValue : BootNanoseconds + LastingNanoseconds;

    /// <summary>Counts the start before this one if it failed. False when the session must not be started once more (reported). Blocks.</summary>
    public bool MayStart(ObjectStore store, bool isHeld)
    {
        bool hasFailed = _mark.IsSet;
        _mark.IsSet = false;
        StoreStatus status = store.ReadFailedStarts(out _failedStarts);
        if (status == StoreStatus.Ok && hasFailed)
            status = store.WriteFailedStarts(++_failedStarts);
        if (status != StoreStatus.Ok)
            return Refuse("store"u8, StoreMessages.Of(status));
        if (isHeld)
            return true;
        if (_failedStarts >= MostFailedStarts)
            return Refuse("held"u8, "the session panicked three times in a row within ten seconds of running"u8);
        _mark.IsSet = true;
        return true;
    }

    /// <summary>Called every turn of the main loop: notices that the session has run long enough to be trusted.</summary>
    public void NoteLasting()
    {
        if (_hasLasted || Hardware.Clock.MonotonicNanoseconds < LastingDueNanoseconds)
            return;
        _mark.IsSet = false;
        // Without memory for a fiber the number stays, and the next turn tries again.
        _hasLasted = _failedStarts == 0 || Fibers.Start(_forgetting);
    }

    /// <summary>This start was a good one. A failed write has poisoned the store by itself. Blocks.</summary>
    public void ForgetFailedStarts()
    {
        _mark.IsSet = false;
        if (_failedStarts == 0)
            return;
        _failedStarts = 0;
        if (Group.Store.WriteFailedStarts(0) == StoreStatus.Ok)
            KernelLog.Line("session: this start has lasted; the failed ones before it are forgotten"u8);
    }
}
