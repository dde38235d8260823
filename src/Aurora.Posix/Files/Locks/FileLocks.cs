// Advisory locks: each inode has a list of them. An owner's own locks never conflict with each other; setting a range replaces what the
// owner had there, splitting and joining as POSIX says.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>What to do to a lock.</summary>
public enum LockRequest : byte
{
    Shared,
    Exclusive,
    Unlock,
}

/// <summary>Takes, finds and releases advisory locks.</summary>
public sealed unsafe class FileLocks
{
    // Locks of others that are looked at in the time it takes to release one. A walk over as many as there can be leaves half a step.
    private const int PassedPerUnit = 1024;

    private readonly FileState _state;
    private readonly ThreadWaker _waker;
    private readonly Slab<FileLock> _locks;

    internal FileLocks(FileState state, ThreadWaker waker, int limit)
    {
        _state = state;
        _waker = waker;
        _locks = new Slab<FileLock>(state.Pages, limit, ChargeKind.FileLock);
    }

    /// <summary>Of the locks of others that a request conflicts with, the one that begins first; or null.</summary>
    public FileLock* FindConflict(Inode* inode, ObjectId owner, bool isWholeFile, bool isExclusive, ulong start, ulong end)
    {
        FileLock* first = null;
        for (FileLock* held = inode->FirstLock; held != null; held = held->Next)
            if ((first == null || held->Start < first->Start) && IsConflict(held, owner, isWholeFile, isExclusive, start, end))
                first = held;
        return first;
    }

    // Who only wants to know whether there is one looks no further than the first: thousands may wait and ask again.
    private FileLock* FindAnyConflict(Inode* inode, ObjectId owner, bool isWholeFile, bool isExclusive, ulong start, ulong end)
    {
        FileLock* held = inode->FirstLock;
        while (held != null && !IsConflict(held, owner, isWholeFile, isExclusive, start, end))
            held = held->Next;
        return held;
    }

    /// <summary>Of the range locks of others that a request conflicts with, any; or null.</summary>
    public FileLock* FindAnyConflict(Inode* inode, ObjectId owner, bool isExclusive, ulong start, ulong end)
        => FindAnyConflict(inode, owner, isWholeFile: false, isExclusive, start, end);

    private bool IsConflict(FileLock* held, ObjectId owner, bool isWholeFile, bool isExclusive, ulong start, ulong end)
        => held->IsWholeFile == isWholeFile && held->Owner != owner && (held->IsExclusive || isExclusive)
            && held->Overlaps(start, end) && !IsLeft(held);

    // Its open file is gone for everybody, and is being closed.
    private bool IsLeft(FileLock* held)
    {
        ObjectHeader* owner = _state.TrackerOf(&held->Header).Find(held->Owner, ObjectKind.OpenFile);
        return owner != null && ((OpenFile*)owner)->IsClosing;
    }

    /// <summary>
    /// Sets, converts or removes the owner's lock on a range. EAGAIN: somebody else's is in the way; wait on the inode's queue and retry. Each lock
    /// that it replaces is one of <paramref name="left"/>; false when there are more to replace: call again with the same. The new lock is held from the
    /// first step on.
    /// </summary>
    public bool Set(
        Inode* inode, ObjectId owner, int process, bool isWholeFile, LockRequest request, ulong start, ulong end, ref int left, out Errno error)
    {
        bool isExclusive = request == LockRequest.Exclusive;
        error = Errno.EAGAIN;
        if (request != LockRequest.Unlock && FindAnyConflict(inode, owner, isWholeFile, isExclusive, start, end) != null)
            return true;
        error = Errno.ENOLCK;
        FileLock* wanted = request == LockRequest.Unlock ? null : FindExactly(inode, owner, isWholeFile, isExclusive, start, end);
        bool isNew = wanted == null && request != LockRequest.Unlock;
        // At most two new locks are needed, the requested one and the far part of a split: have both before anything changes. What needs
        // none goes without, so that a full table can be emptied.
        bool splits = IsSplitBy(inode, owner, isWholeFile, start, end);
        FileLock* spare = splits ? _locks.Allocate() : null;
        if (isNew && (spare != null || !splits))
            wanted = _locks.Allocate();
        if ((splits && spare == null) || (isNew && wanted == null))
        {
            if (spare != null)
                _locks.Free(spare);
            return true;
        }
        error = Errno.Ok;
        if (isNew)
        {
            Describe(wanted, owner, process, isWholeFile, isExclusive, start, end);
            Add(inode, wanted);
        }
        bool isDone = CutOut(inode, owner, isWholeFile, start, end, wanted, ref spare, ref left);
        if (spare != null)
            _locks.Free(spare);
        if (isDone && wanted != null)
            Join(inode, wanted);
        _waker.WakeAll(&inode->LockWaiters);
        return isDone;
    }

    /// <summary>Releases all locks of an owner on an inode.</summary>
    public void ReleaseOwner(Inode* inode, ObjectId owner)
    {
        int left = int.MaxValue;
        ReleaseSome(inode, owner, ref left);
    }

    /// <summary>Releases locks of an owner on an inode, each one of <paramref name="left"/>. False when there are more.</summary>
    public bool ReleaseSome(Inode* inode, ObjectId owner, ref int left)
    {
        bool isAll = true;
        int passed = 0;
        for (FileLock** link = &inode->FirstLock; *link != null; )
        {
            FileLock* held = *link;
            isAll = held->Owner != owner || left > 0;
            if (!isAll)
                break;
            if (held->Owner != owner)
            {
                link = &held->Next;
                passed++;
                continue;
            }
            left--;
            *link = held->Next;
            Free(held);
        }
        left -= passed / PassedPerUnit;
        _waker.WakeAll(&inode->LockWaiters);
        return isAll;
    }

    internal void EndAll(Inode* inode)
    {
        while (inode->FirstLock != null)
            Remove(inode->FirstLock);
    }

    internal FileLock* Allocate() => _locks.Allocate();

    internal static void Attach(Inode* inode, FileLock* held)
    {
        held->Inode = inode;
        held->Next = inode->FirstLock;
        inode->FirstLock = held;
    }

    /// <summary>The same in one go, however many locks it replaces.</summary>
    public Errno Set(Inode* inode, ObjectId owner, int process, bool isWholeFile, LockRequest request, ulong start, ulong end)
    {
        int left = int.MaxValue;
        Errno error;
        while (!Set(inode, owner, process, isWholeFile, request, start, end, ref left, out error))
        {
        }
        return error;
    }

    private static FileLock* FindExactly(Inode* inode, ObjectId owner, bool isWholeFile, bool isExclusive, ulong start, ulong end)
    {
        for (FileLock* held = inode->FirstLock; held != null; held = held->Next)
        {
            bool isSame = held->Owner == owner && held->IsWholeFile == isWholeFile && held->IsExclusive == isExclusive;
            if (isSame && held->Start == start && held->End == end)
                return held;
        }
        return null;
    }

    // True if one of the owner's locks sticks out of the range on both sides.
    private static bool IsSplitBy(Inode* inode, ObjectId owner, bool isWholeFile, ulong start, ulong end)
    {
        for (FileLock* held = inode->FirstLock; held != null; held = held->Next)
        {
            if (held->Owner == owner && held->IsWholeFile == isWholeFile && held->Start < start && held->End > end)
                return true;
        }
        return false;
    }

    // Removes the owner's locks but one from a range, as many as left allows; a lock that sticks out on both sides leaves two, the second one in
    // spare. False when there are more: also when a second lock sticks out so, which overlaps the first because another thread is replacing it.
    private bool CutOut(
        Inode* inode, ObjectId owner, bool isWholeFile, ulong start, ulong end, FileLock* kept, ref FileLock* spare, ref int left)
    {
        for (FileLock** link = &inode->FirstLock; *link != null; )
        {
            FileLock* held = *link;
            bool isMeant = held != kept && held->Owner == owner && held->IsWholeFile == isWholeFile && held->Overlaps(start, end);
            if (isMeant && spare == null && held->Start < start && held->End > end)
                return false;
            if (!isMeant || Trim(held, start, end, ref spare))
            {
                link = &held->Next;
                continue;
            }
            if (left-- <= 0)
                return false;
            *link = held->Next;
            Free(held);
        }
        return true;
    }

    // Shortens a lock by what overlaps the range; false when nothing of it would be left.
    private bool Trim(FileLock* held, ulong start, ulong end, ref FileLock* spare)
    {
        if (held->Start >= start && held->End <= end)
            return false;
        if (held->Start < start && held->End > end)
        {
            Describe(spare, held->Owner, held->Process, held->IsWholeFile, held->IsExclusive, end + 1, held->End);
            Add(held->Inode, spare);
            spare = null;
            held->End = start - 1;
        }
        else if (held->Start < start)
        {
            held->End = start - 1;
        }
        else
        {
            held->Start = end + 1;
        }
        _state.MarkChanged(&held->Header);
        return true;
    }

    // Neighbours of the same owner and type become one.
    private void Join(Inode* inode, FileLock* added)
    {
        FileLock* held = inode->FirstLock;
        while (held != null)
        {
            FileLock* next = held->Next;
            bool isAlike = held != added && held->Owner == added->Owner && held->IsWholeFile == added->IsWholeFile
                && held->IsExclusive == added->IsExclusive;
            if (isAlike && held->End != ulong.MaxValue && held->End + 1 == added->Start)
            {
                added->Start = held->Start;
                Remove(held);
            }
            else if (isAlike && added->End != ulong.MaxValue && added->End + 1 == held->Start)
            {
                added->End = held->End;
                Remove(held);
            }
            held = next;
        }
    }

    private static void Describe(FileLock* held, ObjectId owner, int process, bool isWholeFile, bool isExclusive, ulong start, ulong end)
    {
        held->Owner = owner;
        held->Process = process;
        held->IsWholeFile = isWholeFile;
        held->IsExclusive = isExclusive;
        held->Start = start;
        held->End = end;
    }

    private void Add(Inode* inode, FileLock* held)
    {
        Attach(inode, held);
        _state.TrackerOf(&inode->Header).Register(&held->Header, ObjectKind.FileLock);
    }

    private void Remove(FileLock* held)
    {
        FileLock** link = &held->Inode->FirstLock;
        while (*link != held)
            link = &(*link)->Next;
        *link = held->Next;
        Free(held);
    }

    private void Free(FileLock* held)
    {
        _state.TrackerOf(&held->Header).Remove(&held->Header);
        _locks.Free(held);
    }
}
