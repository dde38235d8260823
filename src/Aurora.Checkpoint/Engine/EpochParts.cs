// An epoch that does not fit into one commit of the store goes to it in parts (ObjectStore.BeginLarge), which become one commit with the
// last of them. The operations come in their order, wherever they are divided. Each part is durable before the next one is filled, so that
// two of a group are never in memory. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Hands the operations of an epoch to the store in as many commits as they need.</summary>
internal sealed unsafe class EpochParts(ObjectStore store)
{
    /// <summary>Begins the commit that operations are added to.</summary>
    public StoreStatus Begin(VolumeId volume, EpochSlot* slot)
    {
        slot->Commit = store.Begin(volume);
        return slot->Commit != null ? StoreStatus.Ok : store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : store.Health;
    }

    /// <summary>An operation was added, as the status says: when the commit is full, a part goes to the store. Blocks.</summary>
    public StoreStatus Added(VolumeId volume, EpochSlot* slot, StoreStatus status)
    {
        if (status != StoreStatus.Ok || !store.IsFull(slot->Commit))
            return status;
        status = SubmitPart(volume, slot);
        return status == StoreStatus.Ok ? Begin(volume, slot) : status;
    }

    /// <summary>All operations were added: the epoch becomes the state of the volume. Blocks.</summary>
    public StoreStatus Submit(VolumeId volume, EpochSlot* slot)
    {
        if (slot->Large == null)
            return store.Submit(slot->Commit, InfoOf(slot));
        StoreStatus status = SubmitPart(volume, slot);
        if (status == StoreStatus.Ok)
            status = store.FinishLarge(slot->Large, InfoOf(slot), out slot->Commit);
        if (status == StoreStatus.Ok)
            slot->Large = null;
        return status;
    }

    /// <summary>The store has refused the epoch: nothing of it stays.</summary>
    public void Abort(EpochSlot* slot)
    {
        if (slot->Commit != null)
            store.Abort(slot->Commit);
        if (slot->Large != null)
            store.AbortLarge(slot->Large);
        slot->Commit = null;
        slot->Large = null;
    }

    private StoreStatus SubmitPart(VolumeId volume, EpochSlot* slot)
    {
        CommitInfo info = InfoOf(slot);
        StoreStatus status = slot->Large == null ? store.BeginLarge(volume, in info, out slot->Large) : StoreStatus.Ok;
        if (status == StoreStatus.Ok)
            status = store.SubmitPart(slot->Large, slot->Commit, in info);
        if (status == StoreStatus.Ok)
            status = store.WaitDurable(slot->Commit);
        if (status != StoreStatus.Ok)
            return status;
        store.Release(slot->Commit);
        slot->Commit = null;
        return status;
    }

    private static CommitInfo InfoOf(EpochSlot* slot)
    {
        var info = new CommitInfo
        {
            Epoch = slot->Epoch,
            RealtimeNanoseconds = slot->RealtimeNanoseconds,
            NameLength = slot->NameLength,
        };
        new ReadOnlySpan<byte>(slot->Name, slot->NameLength).CopyTo(new Span<byte>(info.Name, CommitInfo.MaxNameBytes));
        return info;
    }
}
