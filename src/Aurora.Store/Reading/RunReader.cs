// Reading several pages of an object at once: what lies side by side on the device is one request, and all requests are under way together.
// A page that is not there, or not as it should be, is left to whoever reads it by itself, which finds out why and may take longer.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads consecutive pages of the newest state.</summary>
internal sealed unsafe class RunReader(StoreContext context, PresentReader reader)
{
    /// <summary>See <see cref="ObjectStore.ReadPages"/>.</summary>
    public void Read(VolumeId volume, ObjectId id, ulong page, void** destinations, int count, StoreStatus* statuses)
    {
        Panic.Unless(count is > 0 and <= ObjectStore.MostPagesAtOnce, "store: more pages at once than there may be"u8);
        MapEntry* entries = stackalloc MapEntry[ObjectStore.MostPagesAtOnce];
        for (int i = 0; i < count; i++)
        {
            statuses[i] = reader.FindPage(volume, id.Value, page + (ulong)i, out entries[i]);
            if (statuses[i] == StoreStatus.Ok && !context.Geometry.IsDataBlock(entries[i].Block))
                statuses[i] = StoreStatus.Corrupt;
        }
        ReadRuns(entries, destinations, count, statuses);
        for (int i = 0; i < count; i++)
        {
            if (statuses[i] == StoreStatus.Ok)
                statuses[i] = context.VerifyPage(id.Value, entries[i].Key, entries[i].Block, entries[i].Checksum, destinations[i]);
            context.Fibers.GiveWay();
        }
    }

    // Of pages that were found.
    private void ReadRuns(MapEntry* entries, void** destinations, int count, StoreStatus* statuses)
    {
        BlockRequest* requests = stackalloc BlockRequest[ObjectStore.MostPagesAtOnce];
        int* firsts = stackalloc int[ObjectStore.MostPagesAtOnce];
        int runs = 0;
        context.Device.BeginBatch();
        for (int first = 0; first < count;)
        {
            int end = EndOfRun(entries, first, count, statuses);
            if (end > first)
            {
                requests[runs] = new BlockRequest
                {
                    Operation = BlockOperation.Read, Start = new BlockNumber(entries[first].Block), BlockCount = end - first,
                    Pages = destinations + first,
                };
                firsts[runs] = first;
                context.Device.Submit(&requests[runs++]);
            }
            first = end > first ? end : first + 1;
        }
        context.Device.EndBatch();
        for (int run = 0; run < runs; run++)
        {
            bool isRead = context.Device.Wait(&requests[run]) == BlockStatus.Ok;
            context.Statistics.PagesRead += (ulong)requests[run].BlockCount;
            for (int i = 0; i < requests[run].BlockCount && !isRead; i++)
                statuses[firsts[run] + i] = StoreStatus.DeviceError;
        }
    }

    private int EndOfRun(MapEntry* entries, int first, int count, StoreStatus* statuses)
    {
        int end = first;
        while (end < count && statuses[end] == StoreStatus.Ok && end - first < context.Device.MaxBlocksPerRequest
            && entries[end].Block == entries[first].Block + (ulong)(end - first))
        {
            end++;
        }
        return end;
    }
}
