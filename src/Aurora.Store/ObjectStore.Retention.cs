// Retention: a cut whose state is a second or more after the last one kept is kept too, as an automatic checkpoint; each cut drops a few of those that
// are too old for their tier. Both are part of the cut, so they need no record, and a power cut undoes or keeps them with it. Dropping costs what
// it frees. On a full disk history gives way: see WaitForSpace.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const int MostDropsPerCut = 8;

    private bool _isRecovered;
    private bool _isHistoryPressed;

    // The time of the newest commit. Clocks jump, and not every jump is meant: after one, nothing is dropped for its age before the time has gone on
    // steadily for FineSpan, so that a commit a day ahead costs nothing when the next one is back.
    private ulong _newestTime;
    private ulong _steadySince;
    private bool _isTimeSteady;
    private bool _hasTimeLeapt;
    private ulong _lastKeptTime;
    private ulong _automaticCount;

    // A checkpoint on its way to becoming the present state must stay.
    private ulong _rollbackTarget;

    private void NoteTime(ulong now)
    {
        bool isBack = now < _newestTime;
        bool isLeap = !isBack && now - _newestTime > _options.Retention.FineSpan;
        if (isBack || (isLeap && !_hasTimeLeapt))
        {
            _isTimeSteady = false;
            _steadySince = now;
        }
        else if (isLeap || now - _steadySince >= _options.Retention.FineSpan)
        {
            // A second leap in a row: commits are just rare.
            _isTimeSteady = true;
        }
        _hasTimeLeapt = isLeap;
        _newestTime = now;
    }

    // Called when the active layer is about to be frozen: its last commit may become a checkpoint. Does not wait.
    private void KeepAutomatically()
    {
        bool isPossible = _isRecovered && !_options.Retention.IsOff && _active.RollbackTo == 0 && _recent.TryGetLast(out _);
        if (!isPossible)
            return;
        _recent.TryGetLast(out CheckpointInfo last);
        ulong time = last.Commit.RealtimeNanoseconds;
        bool isNew = last.Sequence > _context.Super->Current.Sequence && last.Commit.NameLength == 0;
        bool isDue = time < _lastKeptTime || time - _lastKeptTime >= _options.Retention.FineSpacing;
        if (!isNew || !isDue || !_active.Arena.Reserve(Layer.FixedBytes))
            return;
        HistoryRecord record = HistoryRecord.From(last.Commit, last.Bytes, HistoryFlags.Automatic);
        _active.PutHistory(last.Sequence, record.AsBytes());
        _lastKeptTime = time;
    }

    // Adds to the frozen layer which automatic checkpoints the cut drops. A history that cannot be read is left as it is. Blocks.
    private void ThinHistory()
    {
        if (!_isRecovered || _context.Super->History.IsEmpty)
            return;

        // Under pressure a cut drops as many as there is room for the nodes that change; a few are in the reserve.
        ulong reserve = CutReserve(null);
        ulong most = MostDropsPerCut + (FreeBlocks > reserve ? (FreeBlocks - reserve) / (ulong)(_treeLevels + 1) : 0);
        ulong toGive = _isHistoryPressed || IsTight ? (_automaticCount + 1) / 2 : 0;
        _isHistoryPressed = false;
        ulong count = 0;
        ulong dropped = 0;
        ulong lastBucket = ulong.MaxValue;
        ulong sequence = 0;
        while (NextKept(sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (!info.IsAutomatic)
                continue;
            bool isAged = !_options.Retention.IsOff && _isTimeSteady && IsOutdated(info.Commit.RealtimeNanoseconds, ref lastBucket);
            bool isDue = count < toGive || isAged;
            count++;
            if (!isDue || sequence == _rollbackTarget || dropped >= most || (dropped >= MostDropsPerCut && count > toGive))
                continue;
            if (_frozen.Find(LayerNode.HistoryObject, sequence) != null || !_frozen.Arena.Reserve(Layer.FixedBytes))
                continue;
            _frozen.DropHistory(sequence);
            dropped++;
        }
        _automaticCount = count - dropped;
        _context.Statistics.CheckpointsDropped += dropped;
    }

    // Those who write are told of a full disk when only the reserve is left: history goes before that, not after. Of what changes may cost no more than a
    // part comes true.
    private bool IsTight
        => FreeBlocks + _space.State.PendingFreeBlocks < EmergencyBlocks + (2 * HistoryReserve) + (_frozen.Changes.NodesFor(_context.Super->NodeBlocks, _treeLevels) / 4) + (TotalBlocks / 16);

    // The first of each coarse interval stays.
    private bool IsOutdated(ulong time, ref ulong lastBucket)
    {
        ulong age = time < _newestTime ? _newestTime - time : 0;
        if (age <= _options.Retention.FineSpan)
            return false;
        if (age > _options.Retention.CoarseSpan)
            return true;
        ulong bucket = time / _options.Retention.CoarseSpacing;
        bool isRepeated = bucket == lastBucket;
        lastBucket = bucket;
        return isRepeated;
    }

    private bool HasHistoryToGive()
    {
        ulong sequence = 0;
        _automaticCount = 0;
        while (NextKept(sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            _automaticCount += info.IsAutomatic && sequence != _rollbackTarget ? 1u : 0u;
        }
        return _automaticCount > 0;
    }
}
