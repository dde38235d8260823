// Only the newer superblock may know a checkpoint that a rollback or a clone in the log goes back to. With the older one there is no
// present then: refused before anything is written, so that the newer one is still there when it, or its root, can be read again.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Makes sure that every checkpoint which the log goes back to is there.</summary>
internal sealed unsafe class RecoveryTargets(StoreContext context, VolumeTable volumes)
{
    /// <summary>Looks at all records up to the end of the log. Blocks.</summary>
    public StoreStatus Require(ulong endSequence)
    {
        Cut start = context.Super->Current;
        var reader = new LogReader(context, start.LogPosition, start.LogChain, start.Sequence);
        StoreStatus status = reader.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && reader.Sequence < endSequence)
        {
            // What goes back is one record of one block.
            LogBlockHeader* header = reader.NextPart(0);
            for (uint part = 1; header != null && header->Part + 1 < header->Parts; part++)
                header = reader.NextPart(part);
            if (header == null)
                break;
            TreeState target = TargetIn(header);
            if (target.Sequence != 0)
                status = RequireTarget(target);
        }
        reader.Dispose();
        return status;
    }

    private static TreeState TargetIn(LogBlockHeader* header)
    {
        TreeState target = default;
        LogEntry* entry;
        for (uint offset = 0; (entry = LogReader.EntryAt(header, offset)) != null
            && target.Sequence == 0; offset += (uint)entry->TotalBytes)
            target = LogRecovery.TargetOf(header, entry);
        return target;
    }

    private StoreStatus RequireTarget(in TreeState target)
    {
        StoreStatus status = volumes.Find(context.Super->Current.Volumes, target.Volume, out VolumeRecord record, out _);
        if (status == StoreStatus.Ok)
            status = volumes.FindKept(record, target.Sequence, out _);
        if (status != StoreStatus.NotFound)
            return status;
        var reader = new LogReplay(context, context.Super->Current);
        status = reader.HasMemory ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        while (status == StoreStatus.Ok && reader.Sequence < target.Sequence)
            status = reader.Next(null);

        // A name in the log is kept on the way.
        bool isKept = status == StoreStatus.Ok && reader.Sequence == target.Sequence && reader.Info.NameLength > 0
            && reader.Volume == target.Volume;
        reader.Dispose();
        if (isKept || status is StoreStatus.OutOfMemory or StoreStatus.DeviceError)
            return status;
        status = context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, 0, 0, target.Sequence);
        if (context.RootFault.Status == StoreStatus.Ok)
            return status;
        context.Fault = context.RootFault;
        return context.RootFault.Status;
    }
}
