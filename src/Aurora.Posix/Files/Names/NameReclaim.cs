// Inodes and names that the store has exactly as they are go out of memory when it is short, and come back as everything there does: when
// somebody asks for them. A hand goes over all of them, by their places in the slabs, so that neighbours go together and whole chunks
// become free. What it finds the first time becomes idle; what is still idle when it comes again may go:
//
//   an inode       durable with all that belongs to it alone; that nobody holds, maps, locks, watches or waits for, and that is being read
//                  for nobody; a directory only when no entry of it is in memory. Its names stay, and lead to nothing in memory again.
//   a bucket       of names, all or none: each durable and leading to nothing in memory, and what was taken away at its places durable
//                  too; no entries of the directory are being read. It is unknown afterwards, never known to be empty.
//
// So what is above a directory in memory stays, and a tree goes from its leaves. What is being read must not go because it could change,
// be written and go once more before the old reading is used. A record that was captured and is not durable is no reason to let go: its
// capture may be refused, and taken back (ObjectTracker.IsDurable).
//
// Pointers of a call under way would dangle: only a fiber lets go of anything, between two calls. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>Drops inodes and names that can be read again, some at a time.</summary>
public sealed unsafe class NameReclaim
{
    /// <summary>Places the hand goes over in a step.</summary>
    public const int PlacesPerStep = 32;

    private readonly FileState _state;
    private readonly FileRecords _records;
    private readonly NameRequests _requests;
    private readonly NameEntries _entries;
    private readonly StoredInodes _inodes;
    private readonly MemoryManager _memory;

    internal NameReclaim(
        FileState state, FileRecords records, NameRequests requests, NameEntries entries, StoredInodes inodes, MemoryManager memory)
    {
        _state = state;
        _records = records;
        _requests = requests;
        _entries = entries;
        _inodes = inodes;
        _memory = memory;
    }

    /// <summary>Inodes and names dropped since boot.</summary>
    public ulong Dropped => _state.Reclaim->Dropped;

    /// <summary>While objects are there that are not yet put together, nothing goes.</summary>
    public bool IsHeld
    {
        get => _state.Reclaim->IsHeld;
        set => _state.Reclaim->IsHeld = value;
    }

    /// <summary>Moves the hand over some places. True when it has been everywhere and begins again, or may not move.</summary>
    public bool Step()
    {
        NameReclaimState* hand = _state.Reclaim;
        if (hand->IsHeld)
            return true;
        for (int left = PlacesPerStep; left > 0; left--)
        {
            if (hand->Place < BoundOf(hand->Part))
            {
                LookAt(hand->Part, hand->Place++);
                continue;
            }
            hand->Place = 0;
            bool isEnd = hand->Part == NameHandPart.LongNames;
            hand->Part = isEnd ? NameHandPart.Inodes : hand->Part + 1;
            if (isEnd)
                return true;
        }
        return false;
    }

    private uint BoundOf(NameHandPart part)
        => part switch
        {
            NameHandPart.Inodes => _state.Inodes.IndexBound,
            NameHandPart.ShortNames => _state.ShortEntries.IndexBound,
            _ => _state.LongEntries.IndexBound,
        };

    private void LookAt(NameHandPart part, uint place)
    {
        if (part == NameHandPart.Inodes)
            LookAt(_state.Inodes.LiveAt(place));
        else if (part == NameHandPart.ShortNames)
            LookAt(_state.ShortEntries.LiveAt(place));
        else
            LookAt((DirectoryEntry*)_state.LongEntries.LiveAt(place));
    }

    private void LookAt(Inode* inode)
    {
        if (inode == null || inode->Header.Kind != ObjectKind.Inode || inode->Header.References != 0 || !IsOfLivingTree(&inode->Header))
            return;
        bool isAsked = !inode->IsIdle;
        inode->IsIdle = true;
        if (!isAsked && MayGo(inode))
            Drop(inode);
    }

    private void LookAt(DirectoryEntry* entry)
    {
        if (entry == null || entry->Header.Kind != ObjectKind.DirectoryEntry || !IsOfLivingTree(&entry->Header))
            return;
        if (entry->State == EntryState.Fine)
            entry->State = EntryState.Idle;
        else if (entry->State == EntryState.Idle && BucketMayGo(entry->Directory, entry->Hash))
            DropBucket(entry->Directory, entry->Hash);
    }

    // One that has a root, from which everything can be found again, and whose store can be read.
    private bool IsOfLivingTree(ObjectHeader* header)
    {
        Namespace* tree = _state.NamespaceOf(header);
        return tree->IsOpen && tree->Root != null && !tree->IsOld && _records.MayForget(_state.TrackerOf(header));
    }

    private bool MayGo(Inode* inode)
    {
        ObjectTracker group = _state.TrackerOf(&inode->Header);
        bool isOrdinary = FileIds.IsOnDemand(inode->Header.Id) && inode->NameCount > 0 && !inode->IsRoot && !inode->IsProc;
        bool isInUse = inode->IsPutOff || inode->Pipe != null || inode->FirstLock != null || inode->FirstLease != null
            || inode->FirstWatch != null || !inode->LockWaiters.IsEmpty || inode->Entries.LoadedCount != 0 || inode->FormerName != null;
        return isOrdinary && !isInUse && group.IsDurable(&inode->Header)
            && (inode->Data == null || _memory.Objects.MayForget(inode->Data))
            && (inode->Attributes == null || group.IsDurable(&inode->Attributes->Header))
            && (inode->Tail == null || group.IsDurable(&inode->Tail->Header))
            && !_requests.IsReading(inode);
    }

    private void Drop(Inode* inode)
    {
        while (inode->FirstName != null)
        {
            DirectoryEntry* entry = inode->FirstName;
            inode->FirstName = entry->NextName;
            entry->NextName = null;
            entry->Target = null;
        }
        _inodes.Forget(_state.TrackerOf(&inode->Header), inode->Number);
        _state.Reclaim->Dropped++;
    }

    private bool BucketMayGo(Inode* directory, uint hash)
    {
        ObjectTracker group = _state.TrackerOf(&directory->Header);
        if (!group.IsDurable(NameBucketTable.TakenIn(directory, hash)) || _requests.IsReadingNamesOf(directory))
            return false;
        for (DirectoryEntry* entry = *NameBucketTable.SlotOf(directory, hash); entry != null; entry = entry->NextInBucket)
        {
            if (entry->State != EntryState.Idle || entry->Target != null || !group.IsDurable(&entry->Header))
                return false;
        }
        return true;
    }

    private void DropBucket(Inode* directory, uint hash)
    {
        ObjectTracker group = _state.TrackerOf(&directory->Header);
        DirectoryEntry** slot = NameBucketTable.SlotOf(directory, hash);
        while (*slot != null)
        {
            DirectoryEntry* entry = *slot;
            NameBucketTable.Remove(directory, entry);
            group.Forget(&entry->Header);
            _entries.Free(entry);
            _state.NamespaceOf(&directory->Header)->EntryCount--;
            _state.Reclaim->Dropped++;
        }
        NameBucketTable.EndKnown(directory, hash);
    }
}
