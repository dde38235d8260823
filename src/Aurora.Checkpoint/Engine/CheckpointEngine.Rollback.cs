// Going back to an earlier checkpoint. From the moment it is asked for nothing more is captured and no thread runs; what has been captured
// becomes durable first, so that the branch that is left ends with it. Then the store makes the checkpoint its present state, and the
// machine starts again from there: kernel objects, terminal and held output are all those of that moment.
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    private bool _isRollingBack;

    /// <summary>True once the store's present state is another than the one that runs: the machine must be reset.</summary>
    public bool HasRolledBack { get; private set; }

    // The numbers go on: the rollback is a commit like any other, and what comes after it is not confused with what was left.
    private Errno RollBack()
    {
        if (_hasFailed)
            return Errno.EIO;
        Errno found = FindTarget(mustBeNamed: false, out CheckpointInfo info);
        if (found != Errno.Ok)
            return found;
        var about = new CommitInfo { Epoch = _lastCaptured.Next, RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds };
        StoreStatus status = _services.Store.Rollback(info.Sequence, in about);
        if (status != StoreStatus.Ok)
            return ErrnoOf(status);
        HasRolledBack = true;
        return Errno.Ok;
    }
}
