// What is wanted of names and is not in memory: a bounded table, one request for each entry or part of a directory. Whoever misses
// something asks for it and waits; a fiber takes the request, reads what it is about (FileLoader) and ends it; then everybody who waited
// runs again, begins his call again from the top, and finds it, or finds that it cannot be had. Nothing here is captured: after a restore
// the threads simply ask again.
//
// An operation on names first makes present all that it needs, which may end in a wait and has changed nothing; then it acts, and waits for
// nothing any more. What has been made present stays. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Asks for what of a directory tree is not in memory.</summary>
public sealed unsafe class NameRequests
{
    private const int Limit = 64;

    private struct Shared
    {
        public WaitQueue Room;
    }

    private readonly Inodes _inodes;
    private readonly FileRecords _records;
    private readonly ThreadWaker _waker;
    private readonly NameRequest* _requests;
    private readonly Shared* _shared;
    private NameRequest* _firstQueued;
    private NameRequest* _lastQueued;

    internal NameRequests(FileState state, Inodes inodes, FileRecords records, ThreadWaker waker)
    {
        _inodes = inodes;
        _records = records;
        _waker = waker;
        _requests = (NameRequest*)state.Pages.Allocate((int)PageSize.PagesFor((ulong)(Limit * sizeof(NameRequest))));
        _shared = (Shared*)state.Pages.Allocate(1);
        Panic.Unless(_requests != null && _shared != null, "names: no memory for requests"u8);
    }

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many have ended since boot.</summary>
    public ulong Ended { get; private set; }

    /// <summary>The inode an entry leads to is wanted: the thread of the caller waits for it.</summary>
    internal Errno AwaitTarget(in FileCaller caller, DirectoryEntry* entry)
        => caller.MustNotWait ? Errno.EAGAIN
            : Await(in caller, new NameRequest { Directory = entry->Directory, Entry = entry->Header.Id, Target = entry->TargetId });

    /// <summary>The bucket of a hash, which counts in the order of places, is wanted.</summary>
    internal Errno AwaitEntries(in FileCaller caller, Inode* directory, uint from, bool isListing)
    {
        if (caller.MustNotWait)
            return Errno.EAGAIN;
        uint first = NameBucketTable.RangeOf(directory, from).First;
        return Await(in caller, new NameRequest { Directory = directory, From = first, IsListing = isListing });
    }

    private Errno Await(in FileCaller caller, in NameRequest wanted)
    {
        NameRequest* request = Find(in wanted);
        if (request == null)
            request = Make(in wanted);
        if (request != null)
            request->IsPrivileged |= caller.Thread == null || caller.Has(Capability.SysResource);
        if (caller.Thread != null)
            _waker.BlockOn(caller.Thread, request == null ? &_shared->Room : &request->Waiters);
        return Errno.EIOCBQUEUED;
    }

    /// <summary>True while something of a group's tree is being read.</summary>
    public bool IsWaitingFor(ObjectTracker group)
    {
        for (int i = 0; i < Limit && Count > 0; i++)
        {
            if (_requests[i].IsActive && _requests[i].Directory->Header.Group == group.Index)
                return true;
        }
        return false;
    }

    /// <summary>True while somebody reads an inode.</summary>
    internal bool IsReading(Inode* inode)
    {
        for (int i = 0; i < Limit && Count > 0; i++)
        {
            NameRequest* request = &_requests[i];
            if (request->IsActive && request->Target == inode->Header.Id && request->Directory->Header.Group == inode->Header.Group)
                return true;
        }
        return false;
    }

    /// <summary>True while somebody reads entries of a directory.</summary>
    internal bool IsReadingNamesOf(Inode* directory)
    {
        for (int i = 0; i < Limit && Count > 0; i++)
        {
            NameRequest* request = &_requests[i];
            if (request->IsActive && request->Directory == directory && request->Entry.IsNone)
                return true;
        }
        return false;
    }

    private NameRequest* Find(in NameRequest wanted)
    {
        for (int i = 0; i < Limit && Count > 0; i++)
        {
            NameRequest* request = &_requests[i];
            bool isSame = request->Directory == wanted.Directory && request->Entry == wanted.Entry && request->Target == wanted.Target
                && request->From == wanted.From;
            if (request->IsActive && isSame)
                return request;
        }
        return null;
    }

    private NameRequest* Make(in NameRequest wanted)
    {
        NameRequest* request = _requests;
        while (request < _requests + Limit && request->IsActive)
            request++;
        if (request == _requests + Limit)
            return null;
        *request = wanted;
        request->IsActive = true;
        _inodes.Hold(wanted.Directory);
        Count++;
        if (_lastQueued != null)
            _lastQueued->NextQueued = request;
        else
            _firstQueued = request;
        _lastQueued = request;
        _records.Asked();
        return request;
    }

    /// <summary>The next request to serve, or null. Each must be ended.</summary>
    internal NameRequest* Take()
    {
        NameRequest* request = _firstQueued;
        if (request == null)
            return null;
        _firstQueued = request->NextQueued;
        if (_firstQueued == null)
            _lastQueued = null;
        request->NextQueued = null;
        return request;
    }

    internal void End(NameRequest* request)
    {
        Panic.Unless(request->IsActive, "names: ended a request twice"u8);
        request->IsActive = false;
        Count--;
        Ended++;
        _waker.WakeAll(&request->Waiters);
        if (!_shared->Room.IsEmpty)
            _waker.WakeAll(&_shared->Room);
        _inodes.Release(request->Directory);
    }
}
