// The background scrub: reads the present state round and round, a few pages after each cut, and verifies every sum, so that a disk that rots is noticed
// while the history may still hold what it lost. It looks at what cuts have put into trees; what is only in the log is young. The pace is
// bound to commit time, of which the store knows without a clock: a store in which nothing happens is not scrubbed.
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const ulong MostScrubPagesAtOnce = 1024;

    private ulong _scrubTime;
    private ulong _scrubObject;
    private ulong _scrubPage;

    // Where the round goes on when the tree cannot be read at its place; no object has the largest number.
    private ulong _scrubNextObject;
    private ulong _scrubNextPage;

    /// <summary>The last fault the background scrub found.</summary>
    public StoreFault LastScrubFault { get; private set; }

    /// <summary>
    /// Reads and verifies the next pages of the present state, from where the last call ended; what it finds is counted in the statistics, and the last fault
    /// kept. The maintenance fiber calls it by itself. Blocks.
    /// </summary>
    public StoreStatus Scrub(ulong pages)
    {
        byte* buffer = (byte*)_context.Pages.Allocate(1);
        if (buffer == null)
            return StoreStatus.OutOfMemory;
        for (ulong done = 0; done < pages;)
        {
            if (!ScrubNext(buffer, ref done))
                break;
            _context.Fibers.Yield();
        }
        _context.Pages.Free(buffer, 1);
        return StoreStatus.Ok;
    }

    private void ScrubAfterCut()
    {
        if (_options.NoScrub || _context.PoisonStatus != StoreStatus.Ok)
            return;
        ulong elapsed = _scrubTime == 0 || _newestTime < _scrubTime ? 0 : _newestTime - _scrubTime;
        _scrubTime = _newestTime;
        ulong pages = elapsed >= 60 * Second ? MostScrubPagesAtOnce : elapsed * _options.ScrubPagesPerSecond / Second;
        Scrub(pages < MostScrubPagesAtOnce ? pages : MostScrubPagesAtOnce);
    }

    // The next page of the object the scrub is at, or its leaf, or the next object. False at the end of a round.
    private bool ScrubNext(byte* buffer, ref ulong done)
    {
        ulong cut = _context.Super->Current.Number;
        StoreFault before = _context.Fault;
        StoreStatus status = NextToScrub(out MapEntry entry, out bool isNode);
        if (status == StoreStatus.NotFound)
        {
            _scrubObject = 0;
            _scrubPage = 0;
            _context.Statistics.ScrubRounds++;
            return false;
        }
        done++;
        if (status == StoreStatus.Ok)
        {
            _context.Statistics.PagesScrubbed++;
            status = isNode ? StoreStatus.Ok : ReadData(_scrubObject, entry, buffer);
        }
        ulong page = _scrubPage;

        // A page may not be there (a hole, or the object is gone); the round goes on behind it.
        if (status == StoreStatus.Ok && !isNode)
            _scrubPage = entry.Key + 1;
        else if (status != StoreStatus.Ok)
            SkipAfterFault(entry);

        // After two cuts the block may have been somebody else's: no fault.
        if (status != StoreStatus.Ok && _context.Super->Current.Number < cut + 2)
            NoteScrubFault(page);
        if (status != StoreStatus.Ok)
            _context.Fault = before;
        return true;
    }

    private void SkipAfterFault(in MapEntry entry)
    {
        if (entry.Block != 0)
        {
            _scrubPage = entry.Key + 1;
            return;
        }
        _scrubObject = _scrubNextObject;
        _scrubPage = _scrubNextPage;
    }

    private void NoteScrubFault(ulong page)
    {
        StoreFault fault = _context.Fault;
        if (fault.Object.IsNone)
            fault.Object = new ObjectId(_scrubObject);
        if (fault.Page == 0)
            fault.Page = page;
        LastScrubFault = fault;
        _context.Statistics.ScrubFaults++;
        KernelLog.Line("store: the scrub found a fault"u8);
    }

    // Finds the first page at or behind the scrub's place; isNode when the place only moved on.
    private StoreStatus NextToScrub(out MapEntry entry, out bool isNode)
    {
        entry = default;
        isNode = false;
        if (_scrubObject == ulong.MaxValue)
            return StoreStatus.NotFound;
        StoreStatus status = _reader.PinNextRecord(TreeKind.Objects, PresentObjects, _scrubObject, out NodeFrame* leaf, out RecordEntry* record, out ulong next);
        _scrubNextObject = next;
        _scrubNextPage = 0;
        if (status != StoreStatus.Ok)
            return status;
        if (record->Key != _scrubObject)
        {
            _scrubObject = record->Key;
            _scrubPage = 0;
        }
        NodePointer root = record->Root;
        bool isFound = false;
        var pages = (MapEntry*)(record + 1);
        for (int i = 0; i < record->InlinePages && !isFound; i++)
        {
            isFound = pages[i].Key >= _scrubPage;
            entry = isFound ? pages[i] : default;
        }
        NodeCache.Unpin(leaf);
        _scrubNextObject = _scrubObject + 1;
        if (!root.IsEmpty)
        {
            status = _reader.FindPageFrom(root, _scrubPage, out entry, out isFound, out next);
            bool goesOn = status != StoreStatus.Ok && next != ulong.MaxValue;
            _scrubNextObject -= goesOn ? 1u : 0;
            _scrubNextPage = goesOn ? next : 0;
        }
        if (status == StoreStatus.Ok && !isFound)
        {
            isNode = true;
            _scrubObject++;
            _scrubPage = 0;
        }
        return status;
    }
}
