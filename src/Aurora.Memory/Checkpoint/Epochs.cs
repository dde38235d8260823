// Checkpoints. A freeze takes the group's change sets as they are: it clears the write bits through the protect lists (no page-table
// walk), looks each dirty page's frame up and marks it in flight, and shoots the TLB down once. It needs no memory; all its work is
// proportional to what changed. From then on the frozen frames cannot change: a store copies first. (Hot pages are frozen as copies and
// need memory, but give way to the ordinary path without it: see HotPages.)
//
// One epoch goes Freeze → (Submitted) → Release, or Freeze → … → Merge. Several may be in flight; they are released
// oldest first, and merged newest first.
//
// Between a freeze and the submission of its commit the store still knows the state before it, so clones captured in this epoch are
// read from their base until Submitted, and from their own id afterwards.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Freezes what has changed, and lets it go again when it is durable or has failed.</summary>
public sealed unsafe partial class Epochs
{
    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly ChangeLog _log;
    private readonly PageInTable _requests;
    private readonly TlbControl _tlb;
    private readonly HotPages _hot;
    private readonly OpenedPages _opened;
    private readonly FrameShortage _shortage;
    private readonly MemoryVerifier _verifier;
    private readonly bool _verify;
    private readonly SeededMemoryFaults _seeded;
    private readonly CloneIndex _clones;

    internal Epochs(MemoryState state, CloneIndex clones, HotPages hot, OpenedPages opened, FrameShortage shortage,
        MemoryVerifier verifier, TlbControl tlb, bool verify)
    {
        _frames = state.Frames;
        _tree = state.Tree;
        _log = state.Log;
        _requests = state.Requests;
        _tlb = tlb;
        _hot = hot;
        _opened = opened;
        _shortage = shortage;
        _verifier = verifier;
        _verify = verify;
        _seeded = state.Seeded;
        _clones = clones;
    }

    /// <summary>True when the group has changed pages, clones, truncations or new objects since its last freeze.</summary>
    public bool HasChanges(ObjectTracker tracker) => _log.GroupAt(tracker.Index)->First != null;

    /// <summary>At least as many pages as the group's next freeze would take.</summary>
    public ulong DirtyPagesOf(ObjectTracker tracker) => _log.GroupAt(tracker.Index)->DirtyPages;

    /// <summary>
    /// At least as many as the operations of the group's next freeze beside its pages: objects that change, clones, truncations.
    /// </summary>
    public ulong OperationsOf(ObjectTracker tracker)
    {
        ChangeLog.Group* group = _log.GroupAt(tracker.Index);
        return group->Count + group->ClonesAndCuts;
    }

    /// <summary>
    /// Takes everything that changed in the group since its last freeze; runs in the stop window. The epoch is the caller's and must
    /// stay where it is until it is released or merged.
    /// </summary>
    public void Freeze(ObjectTracker tracker, FrozenEpoch* epoch)
    {
        Panic.Unless(!epoch->IsActive, "memory: froze into an epoch that is in use"u8);
        ChangeLog.Group* group = _log.GroupAt(tracker.Index);
        *epoch = default;
        epoch->Group = tracker.Index;
        epoch->IsActive = true;
        epoch->First = group->First;
        epoch->Objects = group->Count;
        group->First = group->Last = null;
        group->Count = 0;
        group->DirtyPages = 0;
        group->ClonesAndCuts = 0;
        epoch->Freeze = ++group->Freezes;
        LinkEpoch(group, epoch);
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
            FreezeSet(set, epoch);
        // The entries of hot pages have lost their dirty bits.
        if (epoch->ProtectedEntries != 0 || epoch->HotPages != 0)
            _tlb.InvalidateAll();
        if (_verify)
            _verifier.VerifyAll();
    }

    /// <summary>
    /// The store has taken the epoch's commit: its readers see it from now on. Call it in the same stretch as the store's Submit.
    /// </summary>
    public void Submitted(FrozenEpoch* epoch)
    {
        if (epoch->IsSubmitted)
            return;
        epoch->IsSubmitted = true;
        bool hasIndex = false;
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
        {
            if (!set->IsNew)
                continue;
            if (set->Object != null)
                MoveSource(set->Object, default);
            if (!set->HasClones)
                continue;
            if (!hasIndex)
                IndexClones(epoch);
            hasIndex = true;
            for (ChangeSet* clone = _clones.Next(set->Id, null); clone != null; clone = _clones.Next(set->Id, clone))
                MoveSource(clone->Object, set->Id);
        }
    }

    /// <summary>The epoch is durable: its frames are no longer in flight, and those that nothing shows any more are free.</summary>
    public void Release(FrozenEpoch* epoch)
    {
        while (!ReleaseSome(epoch))
        {
        }
    }

    /// <summary>
    /// As <see cref="Release"/>, a few pages at a time; true when that was all. Others may run in between, and find an epoch that is active
    /// and has so many pages less.
    /// </summary>
    public bool ReleaseSome(FrozenEpoch* epoch)
    {
        Panic.Unless(epoch->IsActive && epoch->Older == null, "memory: released an epoch before an older one"u8);
        Submitted(epoch);
        ChangeSet* set = epoch->First;
        if (set == null)
        {
            CloseEpoch(epoch);
            return true;
        }
        DirtyChunk* chunk = set->FirstDirty;
        if (chunk != null)
        {
            for (int index = 0; index < chunk->Count; index++)
                EndFlight(DirtyChunk.At(chunk, index));
            _log.FreeFirstDirty(set);
            return false;
        }
        epoch->First = set->Next;
        ForgetFrozen(set);
        _log.Free(set);
        return false;
    }

    private void EndFlight(FrozenPage* page)
    {
        if (page->Frame.Value != 0)
            _frames.EndFlight(page->Frame);
    }

    // From now on the object's missing pages come from another stored object.
    private void MoveSource(VmObject* target, ObjectId source)
    {
        if (target->StoreBase == source)
            return;
        target->StoreBase = source;
        if (target->PageIns > 0)
            _requests.MarkStale(target);
    }

    // Clones of a stored object that the store does not know yet, frozen in a newer epoch or not at all, are read from it from now on.
    private void IndexClones(FrozenEpoch* epoch)
    {
        _clones.Clear();
        _clones.Add(_log.GroupAt(epoch->Group)->First);
        for (FrozenEpoch* newer = epoch->Newer; newer != null; newer = newer->Newer)
            _clones.Add(newer->First);
    }

    private static void ForgetFrozen(ChangeSet* set)
    {
        if (set->Object == null)
            return;
        ChangeSet** link = &set->Object->Frozen;
        while (*link != set)
            link = &(*link)->NextOfObject;
        *link = set->NextOfObject;
    }

    private void LinkEpoch(ChangeLog.Group* group, FrozenEpoch* epoch)
    {
        epoch->Older = group->Newest;
        if (group->Newest != null)
            group->Newest->Newer = epoch;
        group->Newest = epoch;
        _shortage.BeginEpoch();
    }

    private void CloseEpoch(FrozenEpoch* epoch)
    {
        if (epoch->Older != null)
            epoch->Older->Newer = epoch->Newer;
        if (epoch->Newer != null)
            epoch->Newer->Older = epoch->Older;
        else
            _log.GroupAt(epoch->Group)->Newest = epoch->Older;
        *epoch = default;
        _shortage.EndEpoch();
    }
}
