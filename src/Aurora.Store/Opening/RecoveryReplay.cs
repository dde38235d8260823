// Reading the log again after a restart: the commits before the last cut for the recent history, those behind it into the active set. What
// fills it, or makes a chain of layers long, ends a set, as when it was made.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Replays the log while a store is opened.</summary>
internal sealed unsafe class RecoveryReplay(
    StoreContext context, PresentState present, RecentCheckpoints recent, VolumeDirectory volumes, Cutter cutter)
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
            if (status == StoreStatus.Ok && !replay.IsWatermark && !new VolumeId(replay.Volume).IsHidden)
                recent.Add(replay.Volume, replay.Sequence, replay.DataBlocks * PageSize.Bytes, replay.Info);
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
        var replay = new LogReplay(context, context.Super->Current, volumes);
        StoreStatus status = replay.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && replay.Sequence < endSequence)
        {
            present.Active.Arena.Limit = limit;
            status = replay.Next(present.Active);
            if (status == StoreStatus.Ok)
                status = FinishReplay(replay);
        }
        replay.Dispose();
        present.Active.Arena.Limit = context.Options.OverlayBytes;
        return status;
    }

    private StoreStatus FinishReplay(in LogReplay replay)
    {
        if (replay.IsWatermark)
            return StoreStatus.Ok;
        if (!new VolumeId(replay.Volume).IsHidden)
            recent.Add(replay.Volume, replay.Sequence, replay.DataBlocks * PageSize.Bytes, replay.Info);
        bool isFull = present.Active.IsDeep || present.Active.Arena.BytesUsed >= context.Options.OverlayBytes;
        if (context.Options.ReadOnly || !isFull)
            return StoreStatus.Ok;
        present.Freeze(new Cut { Sequence = replay.Sequence, LogPosition = replay.Position, LogChain = replay.Chain });
        return cutter.Cut();
    }
}
