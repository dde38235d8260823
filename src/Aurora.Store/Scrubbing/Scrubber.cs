// The background scrub: reads the present state round and round, a few pages after each cut, and verifies every sum, so that a disk
// that rots is noticed while the history may still hold what it lost. It looks at what cuts have put into trees; what is only in the
// log is young. The pace is bound to commit time, of which the store knows without a clock: a store in which nothing happens is not
// scrubbed.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads what the store holds to see whether it still can.</summary>
internal sealed unsafe class Scrubber(
    StoreContext context, PresentState present, HistoryState history, ScrubState scrub, VolumeTable volumes, TreeReader trees,
        ObjectReader objects)
{
    private const ulong MostScrubPagesAtOnce = 1024;

    private const ulong Second = 1_000_000_000;

    /// <summary>See <see cref="ObjectStore.Scrub"/>.</summary>
    public StoreStatus Scrub(ulong pages)
    {
        byte* buffer = (byte*)context.Pages.Allocate(1);
        if (buffer == null)
            return StoreStatus.OutOfMemory;
        for (ulong done = 0; done < pages;)
        {
            if (!ScrubNext(buffer, ref done))
                break;
            context.Fibers.Yield();
        }
        context.Pages.Free(buffer, 1);
        return StoreStatus.Ok;
    }

    /// <summary>Scrubs as much as the time since the last cut allows. Blocks.</summary>
    public void ScrubAfterCut()
    {
        if (context.Options.NoScrub || context.PoisonStatus != StoreStatus.Ok)
            return;
        ulong elapsed = scrub.Time == 0 || history.NewestTime < scrub.Time ? 0 : history.NewestTime - scrub.Time;
        scrub.Time = history.NewestTime;
        ulong pages = elapsed >= 60 * Second ? MostScrubPagesAtOnce : elapsed * context.Options.ScrubPagesPerSecond / Second;
        Scrub(pages < MostScrubPagesAtOnce ? pages : MostScrubPagesAtOnce);
    }

    // The next page of the object the scrub is at, or its leaf, or the next object. False at the end of a round.
    private bool ScrubNext(byte* buffer, ref ulong done)
    {
        ulong cut = context.Super->Current.Number;
        StoreFault before = context.Fault;
        StoreStatus status = NextToScrub(out MapEntry entry, out bool isNode);
        if (status == StoreStatus.NotFound)
            return GoToNextVolume();
        done++;
        if (status == StoreStatus.Ok)
        {
            context.Statistics.PagesScrubbed++;
            status = isNode ? StoreStatus.Ok : objects.ReadData(scrub.Object, entry, buffer);
        }
        ulong page = scrub.Page;

        // A page may not be there (a hole, or the object is gone); the round goes on behind it.
        if (status == StoreStatus.Ok && !isNode)
            scrub.Page = entry.Key + 1;
        else if (status != StoreStatus.Ok)
            SkipAfterFault(entry);

        // After two cuts the block may have been somebody else's: no fault.
        if (status != StoreStatus.Ok && context.Super->Current.Number < cut + 2)
            NoteScrubFault(page);
        if (status != StoreStatus.Ok)
            context.Fault = before;
        return true;
    }

    // The round goes on with the next volume; false when there is none.
    private bool GoToNextVolume()
    {
        scrub.Object = 0;
        scrub.Page = 0;
        StoreStatus status = volumes.FindFrom(present.Table, scrub.Volume + 1, out ulong next, out _, out _);
        bool isRoundOver = status != StoreStatus.Ok || next >= VolumeRecord.DroppedBit;
        scrub.Volume = isRoundOver ? VolumeId.First.Value : next;
        context.Statistics.ScrubRounds += isRoundOver ? 1u : 0u;
        return !isRoundOver;
    }

    private void SkipAfterFault(in MapEntry entry)
    {
        if (entry.Block != 0)
        {
            scrub.Page = entry.Key + 1;
            return;
        }
        scrub.Object = scrub.NextObject;
        scrub.Page = scrub.NextPage;
    }

    private void NoteScrubFault(ulong page)
    {
        StoreFault fault = context.Fault;
        if (fault.Object.IsNone)
            fault.Object = new ObjectId(scrub.Object);
        if (fault.Page == 0)
            fault.Page = page;
        scrub.LastFault = fault;
        context.Statistics.ScrubFaults++;
        KernelLog.Line("store: the scrub found a fault"u8);
    }

    // Finds the first page at or behind the scrub's place; isNode when the place only moved on.
    private StoreStatus NextToScrub(out MapEntry entry, out bool isNode)
    {
        entry = default;
        isNode = false;
        if (scrub.Object == ulong.MaxValue)
            return StoreStatus.NotFound;
        StoreStatus status = volumes.Find(present.Table, scrub.Volume, out _, out NodePointer volume);
        if (status != StoreStatus.Ok)
            return StoreStatus.NotFound;
        status = trees.PinNextRecord(
            TreeKind.Objects, volume, scrub.Object, out NodeFrame* leaf, out RecordEntry* record, out ulong next);
        scrub.NextObject = next;
        scrub.NextPage = 0;
        if (status != StoreStatus.Ok)
            return status;
        if (record->Key != scrub.Object)
        {
            scrub.Object = record->Key;
            scrub.Page = 0;
        }
        NodePointer root = record->Root;
        bool isFound = false;
        var pages = (MapEntry*)(record + 1);
        for (int i = 0; i < record->InlinePages && !isFound; i++)
        {
            isFound = pages[i].Key >= scrub.Page;
            entry = isFound ? pages[i] : default;
        }
        NodeCache.Unpin(leaf);
        scrub.NextObject = scrub.Object + 1;
        if (!root.IsEmpty)
        {
            status = trees.FindPageFrom(root, scrub.Page, out entry, out isFound, out next);
            bool goesOn = status != StoreStatus.Ok && next != ulong.MaxValue;
            scrub.NextObject -= goesOn ? 1u : 0;
            scrub.NextPage = goesOn ? next : 0;
        }
        if (status == StoreStatus.Ok && !isFound)
        {
            isNode = true;
            scrub.Object++;
            scrub.Page = 0;
        }
        return status;
    }
}
