// Pages being read from the store: a bounded table, one request per (object, page), found through a small hash. A request is queued,
// taken by a pager fiber, read and completed; then everybody who waited runs again and faults again. Nothing here is captured: after a
// restore the threads simply fault again. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The outstanding page-in requests and the queue the pager fibers serve.</summary>
internal sealed unsafe class PageInTable
{
    private const int Buckets = 128;

    private struct Shared
    {
        public FiberQueue Work;
        public WaitQueue Room;
    }

    private readonly ThreadWaker _waker;
    private readonly FiberScheduler _fibers;
    private readonly PageInRequest* _requests;
    private readonly PageInRequest** _buckets;
    private readonly Shared* _shared;
    private readonly int _limit;
    private PageInRequest* _firstFree;
    private PageInRequest* _firstQueued;
    private PageInRequest* _lastQueued;

    public PageInTable(PageAllocator pages, ThreadWaker waker, FiberScheduler fibers, int limit)
    {
        _waker = waker;
        _fibers = fibers;
        _limit = limit;
        _requests = (PageInRequest*)pages.Allocate((int)PageSize.PagesFor((ulong)limit * (ulong)sizeof(PageInRequest)));
        byte* fixedPart = (byte*)pages.Allocate(1);
        Panic.Unless(_requests != null && fixedPart != null, "memory: no room for the page-in table"u8);
        _buckets = (PageInRequest**)fixedPart;
        _shared = (Shared*)(fixedPart + (Buckets * sizeof(void*)));
        for (int index = limit - 1; index >= 0; index--)
        {
            _requests[index].NextQueued = _firstFree;
            _firstFree = &_requests[index];
        }
    }

    /// <summary>Requests that are queued or being read.</summary>
    public int ActiveCount { get; private set; }

    /// <summary>Requests that a pager has ended since boot.</summary>
    public ulong EndedCount { get; private set; }

    /// <summary>Where pager fibers sleep while there is nothing to take.</summary>
    public FiberQueue* Work => &_shared->Work;

    /// <summary>Where threads wait for a free request.</summary>
    public WaitQueue* Room => &_shared->Room;

    /// <summary>The request for a page, made if there is none; null when the table is full. One that is there already may read or probe.</summary>
    public PageInRequest* Request(VmObject* target, ulong page, bool isProbe = false)
    {
        PageInRequest* request = Find(target, page);
        if (request != null)
            return request;
        request = _firstFree;
        if (request == null)
            return null;
        _firstFree = request->NextQueued;
        *request = default;
        request->Object = target;
        request->Group = target->Header.Group;
        request->Source = target->StoreSource;
        request->Page = page;
        request->IsActive = true;
        request->IsProbe = isProbe;
        PageInRequest** bucket = BucketOf(target, page);
        request->NextInBucket = *bucket;
        *bucket = request;
        target->PageIns++;
        ActiveCount++;
        Enqueue(request);
        return request;
    }

    /// <summary>True while the page is queued or being read for this object.</summary>
    public bool IsRequested(VmObject* target, ulong page) => Find(target, page) != null;

    /// <summary>True while more than half of the table is free: room for read-ahead.</summary>
    public bool HasRoomToSpare => ActiveCount * 2 < _limit;

    /// <summary>The next request for a pager fiber, or null. Requests whose object has ended are finished on the way.</summary>
    public PageInRequest* Take()
    {
        while (_firstQueued != null)
        {
            PageInRequest* request = _firstQueued;
            _firstQueued = request->NextQueued;
            if (_firstQueued == null)
                _lastQueued = null;
            request->NextQueued = null;
            if (request->Object != null)
            {
                // Only now does it matter which stored object stands for this one.
                request->Source = request->Object->StoreSource;
                request->IsStale = false;
                return request;
            }
            Finish(request);
        }
        return null;
    }

    /// <summary>The next request if it is for this page of the object of one that was taken, which is as it was then; else null.</summary>
    public PageInRequest* TakeNext(PageInRequest* taken, ulong page)
    {
        PageInRequest* request = _firstQueued;
        VmObject* target = taken->Object;
        bool isNext = request != null && target != null && request->Object == target && request->Page == page && !request->IsProbe
            && !taken->IsStale && taken->Source == target->StoreSource;
        return isNext ? Take() : null;
    }

    /// <summary>A pager has ended a request: wakes everybody who waits for it and frees it.</summary>
    public void End(PageInRequest* request)
    {
        EndedCount++;
        Finish(request);
    }

    private void Finish(PageInRequest* request)
    {
        Panic.Unless(request->IsActive, "page-in: completed a request twice"u8);
        if (request->Object != null)
            Forget(request);
        _waker.WakeAll(&request->Waiters);
        request->IsActive = false;
        request->NextQueued = _firstFree;
        _firstFree = request;
        ActiveCount--;
        if (!_shared->Room.IsEmpty)
            _waker.WakeAll(&_shared->Room);
    }

    /// <summary>The object ends: its requests will be finished without it.</summary>
    public void Cancel(VmObject* target)
    {
        for (int index = 0; index < _limit && target->PageIns > 0; index++)
        {
            PageInRequest* request = &_requests[index];
            if (!request->IsActive || request->Object != target)
                continue;
            _waker.WakeAll(&request->Waiters);
            Forget(request);
        }
    }

    /// <summary>The object's pages have moved to another stored object: what is being read for it must be read again.</summary>
    public void MarkStale(VmObject* target)
    {
        for (int index = 0; index < _limit && target->PageIns > 0; index++)
        {
            if (_requests[index].IsActive && _requests[index].Object == target)
                _requests[index].IsStale = true;
        }
    }

    private PageInRequest* Find(VmObject* target, ulong page)
    {
        if (target->PageIns == 0)
            return null;
        PageInRequest* request = *BucketOf(target, page);
        while (request != null && (request->Object != target || request->Page != page))
            request = request->NextInBucket;
        return request;
    }

    private void Forget(PageInRequest* request)
    {
        PageInRequest** link = BucketOf(request->Object, request->Page);
        while (*link != request)
            link = &(*link)->NextInBucket;
        *link = request->NextInBucket;
        request->Object->PageIns--;
        request->Object = null;
    }

    private void Enqueue(PageInRequest* request)
    {
        if (_lastQueued != null)
            _lastQueued->NextQueued = request;
        else
            _firstQueued = request;
        _lastQueued = request;
        _fibers.WakeOne(&_shared->Work);
    }

    private PageInRequest** BucketOf(VmObject* target, ulong page) =>
        _buckets + (((target->Header.Id.Value * 31) + page) % Buckets);
}
