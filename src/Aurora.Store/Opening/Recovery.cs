// Opening a store: with the newest whole superblock chosen, find the end of the log, make a new generation durable, and only then apply
// the log and allow commits.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Brings an opened store to its newest state.</summary>
internal sealed unsafe class Recovery(
    StoreContext context,
    HistoryState history,
    SpaceState space,
    LogState log,
    RecoveryTargets targets,
    HistoryReader records,
    SuperblockWriter superblocks,
    LogRecovery recovery,
    RecoveryReplay replay)
{
    /// <summary>Brings the store to the state of the last commit that was acknowledged. Blocks.</summary>
    public StoreStatus Run()
    {
        Superblock* super = context.Super;
        space.Start(super->Current.Number, context.Geometry.DataBlocks, super->UsedBlocks, super->FreedBlocks);

        // After a warm reset the device's cache may hold more than the medium; what is read below must not get lost later.
        StoreStatus status = context.Options.ReadOnly ? StoreStatus.Ok : context.Flush();
        if (status == StoreStatus.Ok)
            status = recovery.FindEnd();
        if (status == StoreStatus.Ok)
            status = MarkBlocks();
        if (status == StoreStatus.Ok && !context.Options.ReadOnly && recovery.HasTargets)
            status = targets.Require(recovery.EndSequence);
        if (status == StoreStatus.Ok)
            status = StartGeneration();
        if (status == StoreStatus.Ok)
            status = replay.ReadRecentHistory();
        if (status == StoreStatus.Ok)
            status = replay.ReplayTo(recovery.EndSequence);
        if (status == StoreStatus.Ok)
            status = records.ReadAll(VolumeId.First);
        history.AutomaticCount = super->AutomaticCount;
        history.IsRecovered = true;
        return status;
    }

    // Who only reads needs no free blocks.
    private StoreStatus MarkBlocks()
    {
        StoreStatus status = recovery.MarkBlocks();
        bool isDamage = status is StoreStatus.BadChecksum or StoreStatus.Corrupt or StoreStatus.DeviceError;
        return context.Options.ReadOnly && isDamage && IsOfSpaceMap(context.Fault) ? StoreStatus.Ok : status;
    }

    private bool IsOfSpaceMap(in StoreFault fault)
        => fault.Place == FaultPlace.SpaceMap || (fault.Place == FaultPlace.Device && fault.Block.Value >= context.Geometry.Level0Start);

    // From here on the records found are history that must be found again, and records of the new generation follow them.
    private StoreStatus StartGeneration()
    {
        Superblock* super = context.Super;
        bool isStale = context.Has(SeededFaults.StaleGeneration);
        log.Generation = super->Generation;
        if (recovery.EndGeneration > log.Generation)
            log.Generation = recovery.EndGeneration;
        log.Generation += isStale ? 0u : 1u;
        log.LastSequence = recovery.EndSequence;
        log.DurableSequence = recovery.EndSequence;
        log.Position = recovery.EndPosition;
        log.Chain = recovery.EndChain;
        log.Tail = super->Previous.Number != 0 ? super->Previous.LogPosition : super->Current.LogPosition;
        if (context.Options.ReadOnly || isStale)
            return StoreStatus.Ok;
        super->Generation = log.Generation;
        super->EndSequence = recovery.EndSequence;
        super->DurableSequence = recovery.EndSequence;

        // Before the first commit that a build without the feature would not know.
        super->RequiredFeatures |= StoreFormat.WrittenFeatures;

        // An upgrade writes none of its version before the cut that makes it whole.
        if (context.Options.Upgrade)
            return StoreStatus.Ok;
        Superblock* draft = superblocks.Draft();
        StoreStatus status = superblocks.WriteDraft();
        *super = *draft;
        return status;
    }
}
