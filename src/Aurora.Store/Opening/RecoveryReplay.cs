// Reading the log again after a restart: the commits before the last cut for the recent history, those behind it into the active layer.
// A named commit and a rollback end their layer, as when they were made; so does one that fills it.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Replays the log while a store is opened.</summary>
internal sealed unsafe class RecoveryReplay(
    StoreContext context, PresentState present, RecentCheckpoints recent, Retention retention, CheckpointViews views, Cutter cutter)
{
    /// <summary>Read-only stores cannot make cuts, so their log must fit into memory at once: this many times the overlay.</summary>
    private const ulong ReadOnlyOverlayFactor = 16;

    /// <summary>The commits between the last two cuts are only history: when they cannot be read, they are left out. Blocks.</summary>
    public StoreStatus ReadRecentHistory()
    {
        Superblock* super = context.Super;
        if (super->Previous.Number == 0)
            return StoreStatus.Ok;
        var replay = new LogReplay(context, super->Previous);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < super->Current.Sequence)
        {
            status = replay.Next(null);
            if (status == StoreStatus.Ok && !replay.IsWatermark)
                recent.Add(replay.Sequence, replay.RecordPosition, replay.DataBlocks * PageSize.Bytes, replay.Info);
        }
        replay.Dispose();
        if (status == StoreStatus.Corrupt)
        {
            recent.DropBefore(ulong.MaxValue);
            return StoreStatus.Ok;
        }
        return status;
    }

    /// <summary>Applies the commits since the last cut. Blocks.</summary>
    public StoreStatus ReplayTo(ulong endSequence)
    {
        ulong limit = context.Options.OverlayBytes * (context.Options.ReadOnly ? ReadOnlyOverlayFactor : 2);
        present.Active.Arena.Limit = limit;
        present.Frozen.Arena.Limit = limit;
        var replay = new LogReplay(context, context.Super->Current);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < endSequence)
        {
            status = replay.Next(present.Active);
            if (status == StoreStatus.Ok)
                status = FinishReplay(replay);
        }
        replay.Dispose();
        present.Active.Arena.Limit = context.Options.OverlayBytes;
        present.Frozen.Arena.Limit = context.Options.OverlayBytes;
        return status;
    }

    private StoreStatus FinishReplay(in LogReplay replay)
    {
        present.Active.LastSequence = replay.Sequence;
        if (replay.IsWatermark)
            return StoreStatus.Ok;
        ulong bytes = replay.DataBlocks * PageSize.Bytes;
        if (context.Has(SeededFaults.ForgottenRollback))
            present.Active.RollbackTo = 0;
        bool isRollback = present.Active.RollbackTo != 0;
        if (isRollback && !context.Options.ReadOnly)
            retention.KeepBranch(replay.Info);
        recent.Add(replay.Sequence, replay.RecordPosition, bytes, replay.Info);
        bool isNamed = replay.Info.NameLength > 0;
        if (context.Options.ReadOnly)
            return isRollback ? views.SwitchPresent() : StoreStatus.Ok;
        if (!isNamed && !isRollback && present.Active.Arena.BytesUsed < context.Options.OverlayBytes)
            return StoreStatus.Ok;
        if (isNamed)
        {
            HistoryRecord record = HistoryRecord.From(replay.Info, bytes);
            present.Active.PutHistory(replay.Sequence, record.AsBytes());
        }
        present.Freeze(new Cut { Sequence = replay.Sequence, LogPosition = replay.Position, LogChain = replay.Chain });
        return cutter.Cut();
    }
}
