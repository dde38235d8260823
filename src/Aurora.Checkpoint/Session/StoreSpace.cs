// The room in the store as file calls see it. A write is refused before it makes memory dirty that no checkpoint could keep: once a commit is refused
// nothing becomes durable until something is removed. What has been granted since the newest durable checkpoint is still to be placed and counts as
// taken; a page written twice counts twice, so the refusal may come a little early. Automatic history gives way before a write is refused.
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Free space of a group's store.</summary>
public sealed class StoreSpace(ObjectStore store, CheckpointEngine engine) : StorageSpace
{
    // Granted since the newest capture, and before it, up to the epoch that will hold it.
    private ulong _current;
    private ulong _older;
    private Epoch _olderEpoch;
    private Epoch _seen;

    private ulong Available
    {
        get
        {
            ulong free = store.FreeBlocks + store.PendingFreeBlocks;
            ulong reserve = store.ReserveBlocks;
            return free > reserve ? free - reserve : 0;
        }
    }

    /// <inheritdoc/>
    public override void Describe(out ulong total, out ulong free)
    {
        Settle();
        total = store.TotalBlocks;
        ulong taken = _current + _older;
        free = Available > taken ? Available - taken : 0;
    }

    /// <inheritdoc/>
    public override bool Take(ulong pages)
    {
        if (!engine.IsEnabled)
            return true;
        Settle();
        bool isRefused = engine.Refusal == StoreStatus.NoSpace || (Available < _current + _older + pages && !store.GiveHistory());
        if (isRefused)
            return false;
        _current += pages;
        return true;
    }

    private void Settle()
    {
        if (engine.LastCaptured.Value != _seen.Value)
        {
            _seen = engine.LastCaptured;
            _older += _current;
            _olderEpoch = _seen;
            _current = 0;
        }
        if (engine.LastDurable.Value >= _olderEpoch.Value)
            _older = 0;
    }
}
