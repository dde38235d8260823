// Asynchronous writes of pages the store has built (tree nodes, space-map pages): a ring of page buffers, where pages for consecutive
// blocks travel in one request and half a ring of requests in one batch. Used by one fiber at a time (whoever makes the cut). A failure poisons
// the store and shows in Drain.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A bounded queue of outgoing 4-KiB writes.</summary>
internal sealed unsafe class WriteBatch
{
    private const int BufferCount = 64;
    private const int MaxRun = 16;
    private const int PagesPerBatch = BufferCount / 2;

    private readonly StoreContext _context;
    private readonly byte* _buffers;

    // One request per run; a run's request lives at the index of its first buffer.
    private readonly BlockRequest* _requests;
    private readonly void** _pages;
    private readonly int _maxRun;

    // Counters, not modulo the ring: waited for ≤ sent ≤ gathered into a request ≤ filled.
    private long _waited;
    private long _sent;
    private long _gathered;
    private long _filled;
    private ulong _runStart;
    private StoreStatus _status;

    /// <summary>Pages for the constructor's three allocations.</summary>
    public const int MemoryPages = BufferCount + 3;

    public WriteBatch(StoreContext context, byte* memory)
    {
        _context = context;
        _buffers = memory;
        _requests = (BlockRequest*)(memory + (BufferCount * PageSize.Bytes));
        _pages = (void**)(memory + ((BufferCount + 2) * PageSize.Bytes));
        _maxRun = context.Device.MaxBlocksPerRequest < MaxRun ? context.Device.MaxBlocksPerRequest : MaxRun;
        Panic.Unless(sizeof(BlockRequest) * BufferCount <= 2 * PageSize.Bytes, "store: write batch requests do not fit"u8);
        for (int i = 0; i < BufferCount; i++)
            _pages[i] = _buffers + (i * PageSize.Bytes);
    }

    /// <summary>Queues a copy of <paramref name="contents"/> for <paramref name="block"/>. May block.</summary>
    public void Write(ulong block, void* contents)
    {
        long run = _filled - _gathered;
        if (run > 0 && (block != _runStart + (ulong)run || run >= _maxRun || _filled % BufferCount == 0))
            GatherRun();
        if (_filled - _sent >= PagesPerBatch)
            Send();
        if (_filled - _waited >= BufferCount)
            WaitOldest();
        if (_gathered == _filled)
            _runStart = block;
        StoreContext.Copy(contents, _pages[_filled % BufferCount], PageSize.Bytes);
        _filled++;
    }

    /// <summary>Waits for everything queued so far and returns the first failure.</summary>
    public StoreStatus Drain()
    {
        Send();
        while (_waited < _sent)
            WaitOldest();
        StoreStatus status = _status;
        _status = StoreStatus.Ok;
        return status;
    }

    private void GatherRun()
    {
        int first = (int)(_gathered % BufferCount);
        BlockRequest* request = &_requests[first];
        *request = default;
        request->Operation = BlockOperation.Write;
        request->BlockCount = (int)(_filled - _gathered);
        request->Start = new BlockNumber(_runStart);
        request->Pages = &_pages[first];
        _gathered = _filled;
    }

    private void Send()
    {
        if (_gathered < _filled)
            GatherRun();
        _context.Device.BeginBatch();
        while (_sent < _gathered)
        {
            BlockRequest* request = &_requests[_sent % BufferCount];
            _sent += request->BlockCount;
            _context.Device.Submit(request);
        }
        _context.Device.EndBatch();
    }

    private void WaitOldest()
    {
        BlockRequest* request = &_requests[_waited % BufferCount];
        StoreStatus status = _context.CheckWrite(_context.Device.Wait(request), request->Start.Value);
        if (_status == StoreStatus.Ok)
            _status = status;
        _waited += request->BlockCount;
    }
}
