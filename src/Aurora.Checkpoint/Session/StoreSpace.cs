// The room in the store as file calls see it. A write is refused before it makes memory dirty that no checkpoint could keep: once a commit is refused
// nothing becomes durable until something is removed. What has been granted since the newest durable checkpoint is still to be placed and counts as
// taken; a page written twice counts twice, so the refusal may come a little early. Before it is
// refused a write waits for what cuts can still free: deleted blocks, and automatic history.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Free space of a group's store.</summary>
public sealed unsafe class StoreSpace(ObjectStore store, CheckpointEngine engine, UserAccounts accounts) : StorageSpace
{
    private const ulong CutsToAwait = 3;
    private const ulong SlackPages = 64;

    // One block in so many is kept for those with CAP_SYS_RESOURCE, as mke2fs does.
    private const ulong RootShare = 20;

    private bool _isShort;
    private ulong _shortSince;

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
        ulong taken = Needed(_current + _older);
        free = Available > taken ? Available - taken : 0;
    }

    /// <inheritdoc/>
    public override ulong KeptForRoot => store.TotalBlocks / RootShare;

    private ulong Kept => accounts.IsLimited ? KeptForRoot : 0;

    /// <inheritdoc/>
    public override bool IsFull
        => engine.IsEnabled && (engine.Refusal == StoreStatus.NoSpace || (_isShort && Available < Needed(_current + _older) + Kept));

    /// <inheritdoc/>
    public override PageAccess Take(ulong pages)
    {
        Settle();
        if (!engine.IsEnabled || Available >= Needed(_current + _older + pages) + Kept)
        {
            _isShort = false;
            _current += pages;
            return new PageAccess { Status = MemoryStatus.Ok };
        }
        return engine.Refusal != StoreStatus.NoSpace && MayWait()
            ? new PageAccess { Status = MemoryStatus.WouldBlock, Wait = engine.Durable }
            : new PageAccess { Status = MemoryStatus.OutOfMemory };
    }

    // Pages, the records and tree nodes that come with them, and what programs' memory changes meanwhile.
    private static ulong Needed(ulong pages) => pages + (pages / 8) + SlackPages;

    // What has been deleted becomes free only when cuts have taken it in; a few of them are waited for, and all that history can give.
    private bool MayWait()
    {
        ulong cut = store.CutNumber;
        bool givesHistory = store.AskForRoom();
        if (!_isShort || (givesHistory && cut >= _shortSince + CutsToAwait))
            _shortSince = cut;
        _isShort = cut < _shortSince + CutsToAwait;
        return _isShort;
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
