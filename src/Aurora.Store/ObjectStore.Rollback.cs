// Rollback: the next state is that of a retained checkpoint. Two cuts and one record:
//   1. A cut gives the target a root in the history tree, unless it has one. From here on it is found whatever happens.
//   2. A record "rollback to N" is logged like a commit, and the layer ends with it.
//   3. The cut of that layer merges what came before, keeps it as a checkpoint of its own (the branch that was left), and takes N's root as
//      the object tree. Its superblock makes all of this happen at once.
// A power cut before 2 is durable leaves the old state, one after it is finished by recovery. Nothing is copied: the cost is that of two cuts.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const int RollbackAttempts = 4;

    private bool _isRollbackWanted;

    // A store opened for reading cannot make the cut that a rollback in its log asks for: it only reads from the target's trees.
    private bool _isSwitched;
    private NodePointer _switchedObjects;

    private NodePointer PresentObjects => _isSwitched ? _switchedObjects : _context.Super->Current.Objects;

    /// <summary>
    /// Makes the state that of a retained checkpoint (see <see cref="NextCheckpoint"/>), durably, as a commit of its own with this epoch and time and
    /// no name. What came after the checkpoint stays in the history: the state that is left is kept until retention drops it. Commits submitted
    /// meanwhile come after it; nobody should have one half built on the old state. NotFound when the checkpoint is not retained. Blocks.
    /// </summary>
    public StoreStatus Rollback(ulong sequence, in CommitInfo info) => Rollback(sequence, info, out _);

    /// <summary>
    /// As above; also gives the rollback's own sequence, or 0 when it got none. One that got a sequence and failed is finished by the next Open if
    /// its record survived.
    /// </summary>
    public StoreStatus Rollback(ulong sequence, in CommitInfo info, out ulong ownSequence)
    {
        ownSequence = 0;
        if (_options.ReadOnly)
            return StoreStatus.ReadOnly;
        if (info.NameLength != 0)
            return StoreStatus.BadArgument;
        TakeTurn();
        StoreStatus status = _log.WaitDurable(_log.LastSequence);
        if (status == StoreStatus.Ok)
            status = HistoryFault.Status;
        if (status == StoreStatus.Ok)
            status = KeepForRollback(sequence);
        if (status == StoreStatus.Ok)
            status = RollbackInTurn(sequence, info, out ownSequence);
        _rollbackTarget = 0;
        EndTurn();
        return status;
    }

    // Makes cuts until the target is in the durable history tree. The turn is ours, so nobody drops it afterwards.
    private StoreStatus KeepForRollback(ulong sequence)
    {
        _isRollbackWanted = true;
        _rollbackTarget = sequence;
        for (int attempt = 0; attempt < RollbackAttempts; attempt++)
        {
            bool isPending = _active.Find(LayerNode.HistoryObject, sequence) != null
                || (IsFrozen && _frozen.Find(LayerNode.HistoryObject, sequence) != null);
            if (HistoryFault.Status != StoreStatus.Ok)
                return HistoryFault.Status;
            StoreStatus status = _reader.FindKept(_context.Super->History, sequence, out _);
            bool isKept = status == StoreStatus.Ok;
            if (isKept && !isPending && (_context.Super->RequiredFeatures & StoreFormat.RollbackFeature) != 0)
                return StoreStatus.Ok;
            if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
                return status;
            bool willBeKept = (isKept || isPending) && !IsDropped(sequence);
            status = willBeKept ? CutNow() : Promote(sequence);
            if (status != StoreStatus.Ok)
                return status;
        }
        return StoreStatus.NotFound;
    }

    // Has the next cut give a recent checkpoint a root of its own, also one that commits have dropped: promoted by the cut that would drop it, it
    // stays. So the layer that is frozen already, which may not be that one, goes first; the open view keeps the checkpoint readable meanwhile.
    private StoreStatus Promote(ulong sequence)
    {
        if (NextCheckpoint(sequence - 1, out CheckpointInfo info) != StoreStatus.Ok || info.Sequence != sequence)
            return StoreStatus.NotFound;
        StoreStatus status = OpenView(sequence, out StoreView? view);
        if (view == null)
            return status;
        while ((IsFrozen || _isCutting) && status == StoreStatus.Ok)
            status = Cut();
        if (status == StoreStatus.Ok && FreeBlocks < CutReserve(null) + view.Layer.Changes.NodesFor(TotalBlocks, _treeLevels))
            status = _context.Refuse(StoreStatus.NoSpace, FaultPlace.SpaceMap, 0, 0, 0, FreeBlocks);
        if (status != StoreStatus.Ok)
        {
            view.Close();
            return status;
        }
        _cutter.PromotedInfo = info;
        _cutter.Promoted = view;
        while (_cutter.Promoted != null && status == StoreStatus.Ok)
            status = _cutter.LeavesHistory ? HistoryFault.Status : Cut();
        _cutter.Promoted = null;
        view.Close();
        return status;
    }

    private StoreStatus RollbackInTurn(ulong sequence, in CommitInfo info, out ulong ownSequence)
    {
        ownSequence = 0;
        StoreCommit* commit = Begin(0);
        if (commit == null)
            return _context.PoisonStatus == StoreStatus.Ok ? StoreStatus.OutOfMemory : StoreStatus.Poisoned;
        commit->Info = info;
        StoreStatus status = AddOperation(commit, LogEntryKind.Rollback, new ObjectId(1), sequence, null, default);
        if (status == StoreStatus.Ok)
            status = SubmitInTurn(commit);
        if (status != StoreStatus.Ok)
        {
            Abort(commit);
            return status;
        }
        ownSequence = commit->Sequence;
        status = _log.WaitDurable(ownSequence);
        while (status == StoreStatus.Ok && _context.Super->Current.Sequence < ownSequence)
            status = Cut();
        Release(commit);
        return status;
    }

    // The state that a rollback leaves is kept, so that there is a way back. The commit's reservation covers it. When nothing is known about its
    // commit (the cut before the last one is not readable), it counts as old as the rollback; is it kept already, the cut leaves it as it is.
    private void KeepBranch(in CommitInfo rollback)
    {
        bool isRecent = _recent.TryGetLast(out CheckpointInfo info);
        if (!isRecent)
        {
            info.Sequence = _context.Super->Current.Sequence;
            info.Commit.RealtimeNanoseconds = rollback.RealtimeNanoseconds;
        }
        if (info.Sequence == 0 || info.Commit.NameLength > 0)
            return;
        HistoryRecord record = HistoryRecord.From(info.Commit, info.Bytes, HistoryFlags.Automatic);
        _active.PutHistory(info.Sequence, record.AsBytes());
    }

    // Only the newer superblock may know the checkpoint that a rollback in the log goes back to. With the older one there is no present then:
    // refused before anything is written, so that the newer one is still there when it, or its root, can be read again.
    private StoreStatus RequireTarget(ulong sequence)
    {
        StoreStatus status = _reader.FindKept(_context.Super->History, sequence, out _);
        if (status != StoreStatus.NotFound)
            return status;
        var replay = new LogReplay(_context, _context.Super->Current);
        status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < sequence)
            status = replay.Next(null);

        // A name in the log is kept on the way.
        bool isKept = status == StoreStatus.Ok && replay.Sequence == sequence && replay.Info.NameLength > 0;
        replay.Dispose();
        if (isKept || status is StoreStatus.OutOfMemory or StoreStatus.DeviceError)
            return status;
        status = _context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, 0, 0, sequence);
        if (_context.RootFault.Status == StoreStatus.Ok)
            return status;
        _context.Fault = _context.RootFault;
        return _context.RootFault.Status;
    }

    private StoreStatus SwitchPresent()
    {
        StoreStatus status = SwitchTo(_active, out NodePointer objects);
        _switchedObjects = objects;
        _isSwitched = true;
        return status;
    }

    // Reading only: forgets a layer that ends with a rollback and finds the trees to go on from.
    private StoreStatus SwitchTo(Layer layer, out NodePointer objects)
    {
        ulong sequence = layer.RollbackTo;
        layer.Clear();
        StoreStatus status = _reader.FindKept(_context.Super->History, sequence, out objects);
        return status == StoreStatus.NotFound ? _context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, 0, 0, sequence) : status;
    }
}
