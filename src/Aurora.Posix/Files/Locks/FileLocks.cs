// Advisory locks: each inode has a list of them. An owner's own locks never conflict with each other; setting a range replaces what the
// owner had there, splitting and joining as POSIX says. There is no deadlock detection: programs that wait for each other's locks wait.
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
    private readonly FileServices _files;
    private readonly Slab<FileLock> _locks;

    internal FileLocks(FileServices files, PageAllocator pages, int limit)
    {
        _files = files;
        _locks = new Slab<FileLock>(pages, limit);
    }

    /// <summary>The first lock of somebody else that a request conflicts with, or null.</summary>
    public FileLock* FindConflict(Inode* inode, ObjectId owner, bool isWholeFile, bool isExclusive, ulong start, ulong end)
    {
        for (FileLock* held = inode->FirstLock; held != null; held = held->Next)
        {
            bool isOther = held->IsWholeFile == isWholeFile && held->Owner != owner;
            if (isOther && (held->IsExclusive || isExclusive) && held->Overlaps(start, end))
                return held;
        }
        return null;
    }

    /// <summary>Sets, converts or removes the owner's lock on a range. EAGAIN: somebody else's is in the way; wait on the inode's queue and retry.</summary>
    public Errno Set(Inode* inode, ObjectId owner, int process, bool isWholeFile, LockRequest request, ulong start, ulong end)
    {
        bool isExclusive = request == LockRequest.Exclusive;
        if (request != LockRequest.Unlock && FindConflict(inode, owner, isWholeFile, isExclusive, start, end) != null)
            return Errno.EAGAIN;
        // At most two new locks are needed, the requested one and the far part of a split: have both before anything changes.
        FileLock* wanted = request == LockRequest.Unlock ? null : _locks.Allocate();
        FileLock* spare = _locks.Allocate();
        if (spare == null || (wanted == null && request != LockRequest.Unlock))
        {
            if (spare != null)
                _locks.Free(spare);
            if (wanted != null)
                _locks.Free(wanted);
            return Errno.ENOLCK;
        }
        CutOut(inode, owner, isWholeFile, start, end, ref spare);
        if (spare != null)
            _locks.Free(spare);
        if (wanted != null)
        {
            Describe(wanted, owner, process, isWholeFile, isExclusive, start, end);
            Add(inode, wanted);
            Join(inode, wanted);
        }
        _files.Waker.WakeAll(&inode->LockWaiters);
        return Errno.Ok;
    }

    /// <summary>Releases all locks of an owner on an inode.</summary>
    public void ReleaseOwner(Inode* inode, ObjectId owner)
    {
        FileLock* held = inode->FirstLock;
        while (held != null)
        {
            FileLock* next = held->Next;
            if (held->Owner == owner)
                Remove(held);
            held = next;
        }
        _files.Waker.WakeAll(&inode->LockWaiters);
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

    // Removes the owner's locks from a range; a lock that sticks out on both sides leaves two, the second one in spare.
    private void CutOut(Inode* inode, ObjectId owner, bool isWholeFile, ulong start, ulong end, ref FileLock* spare)
    {
        FileLock* held = inode->FirstLock;
        while (held != null)
        {
            FileLock* next = held->Next;
            if (held->Owner == owner && held->IsWholeFile == isWholeFile && held->Overlaps(start, end))
            {
                if (held->Start < start && held->End > end)
                {
                    Describe(spare, owner, held->Process, isWholeFile, held->IsExclusive, end + 1, held->End);
                    Add(inode, spare);
                    spare = null;
                    held->End = start - 1;
                    _files.MarkChanged(&held->Header);
                }
                else if (held->Start < start)
                {
                    held->End = start - 1;
                    _files.MarkChanged(&held->Header);
                }
                else if (held->End > end)
                {
                    held->Start = end + 1;
                    _files.MarkChanged(&held->Header);
                }
                else
                {
                    Remove(held);
                }
            }
            held = next;
        }
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
        _files.TrackerOf(&inode->Header).Register(&held->Header, ObjectKind.FileLock);
    }

    private void Remove(FileLock* held)
    {
        FileLock** link = &held->Inode->FirstLock;
        while (*link != held)
            link = &(*link)->Next;
        *link = held->Next;
        _files.TrackerOf(&held->Header).Remove(&held->Header);
        _locks.Free(held);
    }
}
