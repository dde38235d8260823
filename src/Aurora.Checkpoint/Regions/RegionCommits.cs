// What a persist is in the store: a commit of its region's volume, with the record if that has to say something new. What does not fit into
// one commit goes in parts, which become the region's state with the last one. Persists that are joined are commits that are joined: the
// store has room for all of them at the same time and applies them in one stretch, so what is more goes in parts sooner.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Builds and submits the commits of persists.</summary>
internal sealed unsafe class RegionCommits(ObjectStore store, MemoryManager memory, FiberScheduler fibers, Clock clock)
{
    // Pages handed to the store between two looks at whether it is time to give way.
    private const int PagesPerLook = 4;

    /// <summary>Submits a persist, and those that are joined with it; when it is refused nothing of them is left. Blocks.</summary>
    public StoreStatus Submit(RegionPersist* first)
    {
        StoreStatus status = StoreStatus.Ok;
        for (RegionPersist* persist = first; persist != null && status == StoreStatus.Ok; persist = persist->NextJoined)
            status = persist->RefusedWith == StoreStatus.Ok ? Build(persist, first->Joined) : persist->RefusedWith;
        if (status == StoreStatus.Ok)
            status = SubmitAll(first);
        for (RegionPersist* persist = first; persist != null && status != StoreStatus.Ok; persist = persist->NextJoined)
            Abort(persist);
        return status;
    }

    /// <summary>Waits until what has been submitted is durable, or the store has failed. Blocks.</summary>
    public StoreStatus AwaitDurable(RegionPersist* first)
    {
        StoreStatus status = store.WaitDurable(first->Commit);
        for (RegionPersist* persist = first; persist != null; persist = persist->NextJoined)
            store.Release(persist->Commit);
        return status;
    }

    private StoreStatus SubmitAll(RegionPersist* first)
    {
        for (RegionPersist* persist = first->NextJoined; persist != null; persist = persist->NextJoined)
            store.Join(first->Commit, persist->Commit, InfoOf(persist));
        StoreStatus status = first->NextJoined == null
            ? store.Submit(first->Commit, InfoOf(first)) : store.SubmitJoined(first->Commit, InfoOf(first));
        for (RegionPersist* persist = first; persist != null && status == StoreStatus.Ok; persist = persist->NextJoined)
        {
            if (persist->Large != null)
                store.EndFinishLarge(persist->Large);
            persist->Large = null;
        }
        return status;
    }

    private StoreStatus Build(RegionPersist* persist, int joined)
    {
        StoreStatus status = Begin(persist);
        if (status == StoreStatus.Ok)
            status = PutRecord(persist);
        var cursor = new RegionCursor(&persist->Flight);
        for (uint count = 1; status == StoreStatus.Ok && cursor.MoveNext(); count++)
        {
            status = PutPage(persist, cursor.Page, memory.Frames.AddressOf(cursor.Frame));
            if (status == StoreStatus.Ok && store.IsFull(persist->Commit, persist->Large == null ? joined : 1))
                status = SubmitPart(persist, beginsNext: true);
            if (count % PagesPerLook == 0)
                fibers.GiveWay();
        }
        if (status != StoreStatus.Ok || persist->Large == null)
            return status;
        status = SubmitPart(persist, beginsNext: false);
        return status == StoreStatus.Ok ? store.BeginFinishLarge(persist->Large, out persist->Commit) : status;
    }

    // What has been refused since the record was written last, the record has to say.
    private StoreStatus PutRecord(RegionPersist* persist)
    {
        RegionEntry* entry = persist->Entry;
        if (entry->RefusedThrough <= entry->Record.Sound)
            return StoreStatus.Ok;
        RegionRecord record = entry->Record;
        record.Sound = entry->RefusedThrough;
        Span<byte> bytes = stackalloc byte[RegionCatalog.MaxRecordBytes];
        return store.PutRecord(persist->Commit, RegionRecord.Object, bytes[..record.Write(bytes)]);
    }

    private StoreStatus Begin(RegionPersist* persist)
    {
        persist->Commit = store.Begin(persist->Entry->VolumeId);
        return persist->Commit != null ? StoreStatus.Ok : store.Health == StoreStatus.Ok ? StoreStatus.OutOfMemory : store.Health;
    }

    private StoreStatus PutPage(RegionPersist* persist, ulong page, byte* contents)
        => PageContents.IsZero(contents)
            ? store.WriteHole(persist->Commit, RegionRecord.Object, page)
            : store.WritePage(persist->Commit, RegionRecord.Object, page, contents);

    private StoreStatus SubmitPart(RegionPersist* persist, bool beginsNext)
    {
        CommitInfo info = InfoOf(persist);
        StoreStatus status = persist->Large == null
            ? store.BeginLarge(persist->Entry->VolumeId, in info, out persist->Large) : StoreStatus.Ok;
        if (status == StoreStatus.Ok)
            status = store.SubmitPart(persist->Large, persist->Commit, in info);
        if (status == StoreStatus.Ok)
            status = store.WaitDurable(persist->Commit);
        if (status != StoreStatus.Ok)
            return status;
        store.Release(persist->Commit);
        persist->Commit = null;
        return beginsNext ? Begin(persist) : StoreStatus.Ok;
    }

    private void Abort(RegionPersist* persist)
    {
        // Of a store that has failed a part may be in the log.
        if (persist->Commit != null && store.Health == StoreStatus.Ok)
            store.Abort(persist->Commit);
        else if (persist->Commit != null)
            store.Release(persist->Commit);
        if (persist->Large != null)
            store.AbortLarge(persist->Large);
        persist->Commit = null;
        persist->Large = null;
    }

    private CommitInfo InfoOf(RegionPersist* persist)
        => new() { Epoch = new Epoch(persist->Number), RealtimeNanoseconds = clock.RealtimeNanoseconds };
}
