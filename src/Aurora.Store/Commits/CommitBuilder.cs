// Building a commit. Nothing here blocks or touches the device. Operations take effect in the order they are given. A failure is kept
// in the commit and returned by Submit, so that a long series of calls needs only one check.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Fills commits with operations.</summary>
internal sealed unsafe class CommitBuilder(StoreContext context, CommitPool pool, int treeLevels)
{
    /// <summary>See <see cref="ObjectStore.Begin"/>.</summary>
    public StoreCommit* Begin(VolumeId volume)
    {
        if (context.Options.ReadOnly || context.PoisonStatus != StoreStatus.Ok)
            return null;
        StoreCommit* commit = pool.Take(volume.Value);
        if (commit != null)
        {
            commit->LayerBytes = Layer.FixedBytes;
            commit->LowestObject = ulong.MaxValue;
            commit->Changes.Volumes = 1;
            commit->Changes.Merges = 1;
        }
        return commit;
    }

    /// <summary>See <see cref="ObjectStore.CloneObject"/>.</summary>
    public StoreStatus CloneObject(StoreCommit* commit, ObjectId source, ObjectId target)
        => !IsValid(source) ? Reject(commit) : AddOperation(commit, LogEntryKind.Clone, target, source.Value, null, default);

    /// <summary>See <see cref="ObjectStore.DeleteObject"/>.</summary>
    public StoreStatus DeleteObject(StoreCommit* commit, ObjectId id) => AddOperation(commit, LogEntryKind.Delete, id, 0, null, default);

    /// <summary>See <see cref="ObjectStore.Truncate"/>.</summary>
    public StoreStatus Truncate(StoreCommit* commit, ObjectId id, ulong firstPage)
        => AddOperation(commit, LogEntryKind.Truncate, id, firstPage, null, default);

    /// <summary>See <see cref="ObjectStore.PutRecord"/>.</summary>
    public StoreStatus PutRecord(StoreCommit* commit, ObjectId id, ReadOnlySpan<byte> record)
    {
        if (record.Length > StoreFormat.MaxRecordBytes)
        {
            commit->Status = StoreStatus.TooLong;
            return StoreStatus.TooLong;
        }
        return AddOperation(commit, LogEntryKind.Record, id, 0, null, record);
    }

    /// <summary>See <see cref="ObjectStore.WritePage"/>.</summary>
    public StoreStatus WritePage(StoreCommit* commit, ObjectId id, ulong page, void* data)
    {
        StoreStatus status = AddOperation(commit, LogEntryKind.Pages, id, page, data, default);
        if (status == StoreStatus.Ok)
            commit->DataPages++;
        return status;
    }

    /// <summary>See <see cref="ObjectStore.WriteHole"/>.</summary>
    public StoreStatus WriteHole(StoreCommit* commit, ObjectId id, ulong page)
        => AddOperation(commit, LogEntryKind.Holes, id, page, null, default);

    /// <summary>See <see cref="ObjectStore.DropCheckpoint"/>.</summary>
    public StoreStatus DropCheckpoint(StoreCommit* commit, ulong sequence)
        => AddOperation(commit, LogEntryKind.DropCheckpoint, new ObjectId(1), sequence, null, default);

    /// <summary>See <see cref="ObjectStore.Abort"/>.</summary>
    public void Abort(StoreCommit* commit)
    {
        bool isApart = commit->State == CommitState.Building || (commit->State == CommitState.Failed && commit->Sequence == 0);
        Panic.Unless(isApart, "store: only a commit that is not in the log can be aborted"u8);
        pool.Release(commit);
    }

    /// <summary>The commit makes or clones a volume, or sets its name and flags: the only operation of a commit of that volume.</summary>
    public StoreStatus AddVolume(
        StoreCommit* commit, LogEntryKind kind, VolumeId source, ulong sequence, VolumeFlags flags, ReadOnlySpan<byte> name)
    {
        if (name.Length > VolumeInfo.MaxNameBytes)
        {
            commit->Status = StoreStatus.TooLong;
            return StoreStatus.TooLong;
        }
        StoreStatus status = AddOperation(commit, kind, new ObjectId(1), source.Value, null, name);
        if (status != StoreStatus.Ok)
            return status;
        commit->LastOperation->Block = sequence;
        commit->LastOperation->FlagsOrNodes = (uint)flags;
        return status;
    }

    /// <summary>
    /// Adds an operation of any kind; <paramref name="page"/> is as in <see cref="LogEntry"/>, <paramref name="data"/> the caller's page of
    /// one that sets a page.
    /// </summary>
    public StoreStatus AddOperation(
        StoreCommit* commit, LogEntryKind kind, ObjectId id, ulong page, void* data, ReadOnlySpan<byte> payload)
    {
        Panic.Unless(commit->State == CommitState.Building, "store: the commit was already submitted"u8);
        if (!IsValid(id) || (page > StoreFormat.MaxPage && kind is LogEntryKind.Pages or LogEntryKind.Holes or LogEntryKind.Truncate))
            return Reject(commit);
        var operation = (CommitOperation*)pool.Allocate(commit, sizeof(CommitOperation) + payload.Length);
        if (operation == null)
        {
            commit->Status = StoreStatus.OutOfMemory;
            return StoreStatus.OutOfMemory;
        }
        *operation = new CommitOperation { Kind = kind, Object = id.Value, Page = page, Data = data, Length = (ushort)payload.Length };
        payload.CopyTo(new Span<byte>(operation + 1, payload.Length));
        if (!commit->Objects.Add(pool, commit, operation))
        {
            commit->Status = StoreStatus.OutOfMemory;
            return StoreStatus.OutOfMemory;
        }
        commit->LowestObject = Math.Min(commit->LowestObject, id.Value);
        commit->HighestObject = Math.Max(commit->HighestObject, id.Value);
        bool isSameObject = commit->LastOperation != null && commit->LastOperation->Object == id.Value;
        bool isOfSameObject = isSameObject && commit->LastOperation->Kind != LogEntryKind.DropCheckpoint;
        CountChanges(commit, operation, isOfSameObject ? commit->LastOperation : null);
        CountLayerBytes(commit, operation, isSameObject && kind != LogEntryKind.DropCheckpoint);
        commit->Removes |= kind is LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone or LogEntryKind.DropCheckpoint;
        if (commit->LastOperation == null)
            commit->FirstOperation = operation;
        else
            commit->LastOperation->Next = operation;
        commit->LastOperation = operation;
        commit->Operations++;
        return StoreStatus.Ok;
    }

    // An object takes its place in the layer once; a clone is counted whatever was there before, and so is each checkpoint dropped.
    private void CountLayerBytes(StoreCommit* commit, CommitOperation* operation, bool isSameObject)
    {
        bool isClone = operation->Kind == LogEntryKind.Clone;
        commit->HasClones |= isClone;
        bool isOfObject = commit->HasClones && operation->Kind is not LogEntryKind.DropCheckpoint and < LogEntryKind.Rollback;
        bool wasNamed = !isSameObject && isOfObject && commit->Named.Name(pool, commit, operation->Object);
        commit->LayerBytes += (isSameObject || (wasNamed && !isClone) ? 0 : Layer.BytesPerObject) + operation->Length + Layer.BytesPerPage;
    }

    // Operations come in order, so the one before is the nearest key; with others in between the counts are only larger.
    private void CountChanges(StoreCommit* commit, CommitOperation* operation, CommitOperation* ofSameObject)
    {
        ref ChangeCounts changes = ref commit->Changes;
        switch (operation->Kind)
        {
            case LogEntryKind.Pages or LogEntryKind.Holes:
                bool isBehindPage = ofSameObject != null && ofSameObject->Kind is LogEntryKind.Pages or LogEntryKind.Holes;
                ulong apart = isBehindPage ? ofSameObject->Page ^ operation->Page : ulong.MaxValue;
                ulong ofHole = operation->Kind == LogEntryKind.Holes ? (ulong)treeLevels : 0;
                operation->FlagsOrNodes = (uint)(ChangeCounts.NodesOf(apart, treeLevels) + ofHole);
                changes.PageNodes += operation->FlagsOrNodes;
                break;
            case LogEntryKind.Record:
                changes.RecordBytes += operation->Length;
                break;
            case LogEntryKind.Truncate or LogEntryKind.Clone:
                changes.Truncations++;
                break;
            case LogEntryKind.DropCheckpoint or >= LogEntryKind.Rollback:
                changes.HistoryChanges++;

                // A rollback puts a layer on top, and so may what is taken; what is dropped or taken changes two entries of the table.
                changes.Merges += operation->Kind is LogEntryKind.Rollback or LogEntryKind.TakeVolume ? 1u : 0u;
                changes.Volumes += operation->Kind is LogEntryKind.DropVolume or LogEntryKind.TakeVolume ? 1u : 0u;
                return;
        }
        if (operation->Kind != LogEntryKind.Delete && (ofSameObject == null || ofSameObject->Kind == LogEntryKind.Delete))
            changes.Growing++;
        if (ofSameObject != null)
            return;
        changes.Objects++;
        ulong objectsApart = commit->LastOperation == null ? ulong.MaxValue : commit->LastOperation->Object ^ operation->Object;
        changes.ObjectNodes += ChangeCounts.NodesOf(objectsApart, treeLevels);
    }

    private static bool IsValid(ObjectId id) => !id.IsNone && id.Value < StoreFormat.MaxObjectId;

    private static StoreStatus Reject(StoreCommit* commit)
    {
        commit->Status = StoreStatus.BadArgument;
        return StoreStatus.BadArgument;
    }
}
