// A session that makes the kernel panic would do so for ever: the machine resets, resumes it and panics again. So a start must last: the
// start mark is set before the session is restored, and cleared after ten seconds of running (LastingStart) or at an orderly end. A boot
// that finds it set counts one more failed start on the disk, where the number survives this machine; the third in a row is not followed by
// a fourth. A start that lasts, and going back to another state, forget the number; losing power or being killed leaves it. Ordinary starts
// write nothing. See decision 031.
using Aurora.Base;
using Aurora.Hal;
using Aurora.Store;

namespace Aurora.Kernel;

/// <summary>The starts in a row that a panic has ended.</summary>
internal sealed class FailedStarts(ObjectStore store, StartMark mark)
{
    private const uint Most = 3;

    private uint _count;

    /// <summary>How many there were before this start.</summary>
    public uint Count => _count;

    /// <summary>
    /// Counts the start before this one if it failed. False when the session must not be started once more (reported). Blocks.
    /// </summary>
    public bool MayStart(bool isHeld)
    {
        bool hasFailed = mark.IsSet;
        mark.IsSet = false;
        StoreStatus status = store.ReadFailedStarts(out _count);
        if (status == StoreStatus.Ok && hasFailed)
            status = store.WriteFailedStarts(++_count);
        if (status != StoreStatus.Ok)
            return Refusal.Report("store"u8, StoreMessages.Of(status));
        if (isHeld)
            return true;
        if (_count >= Most)
            return Refusal.Report("held"u8, "the session panicked three times in a row within ten seconds of running"u8);
        mark.IsSet = true;
        return true;
    }

    /// <summary>This start is not a failed one, whatever happens from now on.</summary>
    public void Trust() => mark.IsSet = false;

    /// <summary>This start was a good one. A failed write has poisoned the store by itself. Blocks.</summary>
    public void Forget()
    {
        Trust();
        if (_count == 0)
            return;
        _count = 0;
        if (store.WriteFailedStarts(0) == StoreStatus.Ok)
            KernelLog.Line("session: this start has lasted; the failed ones before it are forgotten"u8);
    }
}
