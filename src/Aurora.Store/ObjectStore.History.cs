// The history: named commits are kept (root and record in the history tree) until dropped; all others stay readable for as long as the log and the
// rule of two superblocks keep them anyway: from the cut before the last one on.
using System;
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// The next checkpoint after <paramref name="sequence"/> (0: the oldest) that can be opened, in order: kept ones and recent ones.
    /// NotFound at the end. What cannot be read is passed over, see <see cref="HistoryFault"/>. Blocks.
    /// </summary>
    public StoreStatus NextCheckpoint(ulong sequence, out CheckpointInfo info)
    {
        info = default;
        StoreStatus status = NextKept(sequence, out CheckpointInfo kept);
        if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
            return status;
        for (int i = 0; i < _recent.Count; i++)
        {
            ref readonly CheckpointInfo recent = ref _recent.InfoAt(i);
            if (recent.Sequence <= sequence)
                continue;
            if (status == StoreStatus.Ok && kept.Sequence <= recent.Sequence)
                break;
            info = recent;
            StoreStatus keeping = recent.Commit.NameLength > 0 ? IsStillKept(recent.Sequence) : StoreStatus.NotFound;
            info.IsKept = keeping == StoreStatus.Ok;
            if (!info.IsKept)
                info.Commit.NameLength = 0;
            return keeping == StoreStatus.OutOfMemory ? keeping : StoreStatus.Ok;
        }
        info = kept;
        return status;
    }

    /// <summary>The kept or recent checkpoint with a name; of several, the newest. Blocks.</summary>
    public StoreStatus FindCheckpoint(ReadOnlySpan<byte> name, out CheckpointInfo found)
    {
        found = default;
        StoreStatus result = StoreStatus.NotFound;
        ulong sequence = 0;
        while (true)
        {
            StoreStatus status = NextCheckpoint(sequence, out CheckpointInfo info);
            if (status != StoreStatus.Ok)
                return status == StoreStatus.NotFound ? result : status;
            sequence = info.Sequence;
            CommitInfo commit = info.Commit;
            if (!new ReadOnlySpan<byte>(commit.Name, commit.NameLength).SequenceEqual(name))
                continue;
            found = info;
            result = StoreStatus.Ok;
        }
    }

    /// <summary>The kept or recent checkpoint of an epoch; of several, the newest. Blocks.</summary>
    public StoreStatus FindCheckpoint(Epoch epoch, out CheckpointInfo found)
    {
        found = default;
        StoreStatus result = StoreStatus.NotFound;
        StoreStatus status;
        ulong sequence = 0;
        while ((status = NextCheckpoint(sequence, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (info.Commit.Epoch.Value != epoch.Value)
                continue;
            found = info;
            result = StoreStatus.Ok;
        }
        return status == StoreStatus.NotFound ? result : status;
    }

    /// <summary>
    /// Opens a checkpoint for reading. NotFound when it is not (or no longer) retained or not yet durable; OutOfMemory when four views are open or
    /// its changes do not fit. Blocks.
    /// </summary>
    public StoreStatus OpenView(ulong sequence, out StoreView? view)
    {
        view = null;
        StoreView? free = null;
        foreach (StoreView candidate in _views)
        {
            if (!candidate.IsOpen)
                free = candidate;
        }
        if (free == null)
            return StoreStatus.OutOfMemory;
        Superblock* super = _context.Super;
        bool isRecent = _recent.Contains(sequence) && sequence <= _log.DurableSequence;
        Cut start = super->Current;
        if (isRecent && sequence < start.Sequence)
            start = super->Previous;
        else if (!isRecent && sequence != start.Sequence)
            return OpenKept(sequence, free, ref view);

        // Opened first, so that nothing it needs is reused while the log is read.
        free.Open(sequence, start.Objects, start.Number);
        NodePointer objects = start.Objects;
        StoreStatus status = isRecent ? Replay(start, sequence, free.Layer, ref objects) : StoreStatus.Ok;
        if (status == StoreStatus.Ok)
            free.Open(sequence, objects, start.Number);
        if (status != StoreStatus.Ok)
            free.Close();
        else
            view = free;
        return status;
    }

    /// <summary>
    /// A store opened for reading shows a retained checkpoint instead of the newest state from here on. NotFound when it is not retained. Blocks.
    /// </summary>
    public StoreStatus ShowCheckpoint(ulong sequence)
    {
        if (!_options.ReadOnly)
            return StoreStatus.BadArgument;
        StoreStatus status = OpenView(sequence, out StoreView? view);
        if (view == null)
            return status;
        NodePointer objects = view.Objects;
        view.Close();
        Cut start = sequence < _context.Super->Current.Sequence ? _context.Super->Previous : _context.Super->Current;
        bool isKept = !_recent.Contains(sequence);
        _active.Clear();
        status = isKept || sequence == start.Sequence ? StoreStatus.Ok : Replay(start, sequence, _active, ref objects);
        _switchedObjects = objects;
        _isSwitched = true;
        return status;
    }

    internal void ViewOpened(StoreView view) => _space.Marks.OpenView(view.BaseCut);

    internal void ViewClosed(StoreView view)
    {
        _space.Marks.CloseView(view.BaseCut);
        _context.Fibers.WakeAll(&_queues->Room);
    }

    private StoreStatus OpenKept(ulong sequence, StoreView free, ref StoreView? view)
    {
        free.Open(sequence, default, _context.Super->Current.Number);
        StoreStatus status = _reader.FindKept(_context.Super->History, sequence, out NodePointer objects);
        if (status != StoreStatus.Ok)
        {
            free.Close();
            return status;
        }
        free.Open(sequence, objects, free.BaseCut);
        view = free;
        return StoreStatus.Ok;
    }

    private StoreStatus Replay(in Cut start, ulong sequence, Layer layer, ref NodePointer objects)
    {
        layer.Arena.Limit = _options.OverlayBytes * 2;
        var replay = new LogReplay(_context, start);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < sequence)
        {
            status = replay.Next(layer);

            // Only a store opened for reading has a rollback behind its newest cut.
            if (status == StoreStatus.Ok && layer.RollbackTo != 0)
                status = SwitchTo(layer, out objects);
        }
        replay.Dispose();

        // The part of the log that held it may have been overwritten meanwhile.
        return status == StoreStatus.Corrupt && !_recent.Contains(sequence) ? StoreStatus.NotFound : status;
    }

    // Those a commit has dropped already, although their cut is still to come, are passed over.
    private StoreStatus NextKept(ulong sequence, out CheckpointInfo info)
    {
        StoreStatus status;
        do
        {
            status = NextInHistory(sequence, out info);
            sequence = info.Sequence;
        }
        while (status == StoreStatus.Ok && IsDropped(sequence));
        return status;
    }

    private bool IsDropped(ulong sequence)
        => _active.HistoryStateOf(sequence) == LayerRecord.Absent
            || (IsFrozen && _active.HistoryStateOf(sequence) == LayerRecord.Same && _frozen.HistoryStateOf(sequence) == LayerRecord.Absent);
}
