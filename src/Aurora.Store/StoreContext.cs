// What the parts of one open store share: the device, memory, the newest superblock, and the last fault. Protected by the kernel lock.
// Every method that takes a status of a device through here may block the calling fiber: its callers re-read what they knew before.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The common ground of the parts of one open store.</summary>
internal sealed unsafe class StoreContext
{
    public readonly BlockDevice Device;
    public readonly PageAllocator Pages;
    public readonly FiberScheduler Fibers;

    /// <summary>With all defaults put in.</summary>
    public readonly OpenOptions Options;
    public readonly SeededFaults Seeded;

    /// <summary>The superblock as last written; its Checksum field is not maintained.</summary>
    public readonly Superblock* Super;
    public Geometry Geometry;
    public ulong HashSeed;

    /// <summary>The first volume while the volume table does not know it: empty, or what an image of version 1 holds.</summary>
    public FirstVolume First;
    public StoreFault Fault;

    /// <summary>The root for which the older superblock was opened instead of the newest; none as a rule.</summary>
    public StoreFault RootFault;
    public StoreStatistics Statistics;

    /// <summary>See <see cref="ObjectStore.FirstNewVolume"/>.</summary>
    public VolumeId FirstNewVolume;

    /// <summary>The open store's queues; null while formatting.</summary>
    public readonly StoreQueues* Queues;

    /// <summary>Set by the first failed write or flush: nothing is committed afterwards.</summary>
    public StoreStatus PoisonStatus;

    public StoreContext(BlockDevice device, PageAllocator pages, FiberScheduler fibers, in OpenOptions options, Superblock* super,
        StoreQueues* queues)
    {
        Device = device;
        Pages = pages;
        Fibers = fibers;
        Options = options;
        Seeded = options.Seeded;
        Super = super;
        Queues = queues;
    }

    /// <summary>The length of the ring in blocks.</summary>
    public ulong LogRing => Has(SeededFaults.ReusedLogSpace) ? Geometry.LogBlocks / 4 : Geometry.LogBlocks;

    /// <summary>The block that holds a position of the log.</summary>
    public ulong LogBlockAt(ulong position) => StoreFormat.LogStart + (position % LogRing);

    public bool Has(SeededFaults fault) => (Seeded & fault) != 0;

    /// <summary>Records where something failed and returns the status, for "return Refuse(…)".</summary>
    public StoreStatus Refuse(StoreStatus status, FaultPlace place, ulong block, ulong objectId = 0, ulong page = 0, ulong found = 0)
    {
        Fault = new StoreFault
        {
            Status = status,
            Place = place,
            Block = new BlockNumber(block),
            Object = new ObjectId(objectId),
            Page = page,
            Found = found,
        };
        return status;
    }

    /// <summary>Marks the store unusable for commits after a failed write or flush.</summary>
    public StoreStatus Poison(StoreStatus status)
    {
        if (PoisonStatus == StoreStatus.Ok)
        {
            PoisonStatus = status;

            // Whoever waits for room or for work must not wait for what will not come.
            if (Queues != null)
            {
                Fibers.WakeAll(&Queues->Room);
                Fibers.WakeAll(&Queues->Claims);
                Fibers.WakeAll(&Queues->Work);
            }
            KernelLog.Line("store: a write failed; nothing more will be committed"u8);
        }
        return status;
    }

    /// <summary>Reads one block into a page-aligned buffer.</summary>
    public StoreStatus ReadBlock(ulong block, void* destination) => ReadBlocks(block, &destination, 1);

    /// <summary>Reads consecutive blocks into scattered buffers; at most the device's request limit.</summary>
    public StoreStatus ReadBlocks(ulong block, void** destinations, int count)
    {
        BlockRequest request = default;
        request.Operation = BlockOperation.Read;
        request.BlockCount = count;
        request.Start = new BlockNumber(block);
        request.Pages = destinations;
        Device.Submit(&request);
        return Device.Wait(&request) == BlockStatus.Ok ? StoreStatus.Ok : Refuse(StoreStatus.DeviceError, FaultPlace.Device, block);
    }

    /// <summary>Writes consecutive blocks, in as many requests as the device wants, and waits; a failure poisons the store.</summary>
    public StoreStatus WriteBlocks(ulong block, void** sources, int count)
    {
        StoreStatus status = StoreStatus.Ok;
        for (int done = 0; done < count && status == StoreStatus.Ok;)
        {
            int part = count - done < Device.MaxBlocksPerRequest ? count - done : Device.MaxBlocksPerRequest;
            status = WriteRun(block + (ulong)done, sources + done, part);
            done += part;
        }
        return status;
    }

    private StoreStatus WriteRun(ulong block, void** sources, int count)
    {
        BlockRequest request = default;
        request.Operation = BlockOperation.Write;
        request.BlockCount = count;
        request.Start = new BlockNumber(block);
        request.Pages = sources;
        Device.Submit(&request);
        return CheckWrite(Device.Wait(&request), block);
    }

    /// <summary>Makes completed writes durable; free when the device has no volatile cache.</summary>
    public StoreStatus Flush()
    {
        if (!Device.HasVolatileWriteCache)
            return StoreStatus.Ok;
        BlockRequest request = default;
        request.Operation = BlockOperation.Flush;
        ulong start = Fibers.Trace.Begin();
        Device.Submit(&request);
        Statistics.Flushes++;
        StoreStatus status = CheckWrite(Device.Wait(&request), 0);
        Fibers.Trace.End(TraceKind.Flush, start, 0);
        return status;
    }

    /// <summary>Turns the outcome of a write into a status, poisoning the store when it failed.</summary>
    public StoreStatus CheckWrite(BlockStatus status, ulong block)
    {
        if (status == BlockStatus.Ok || Has(SeededFaults.IgnoredWriteStatus))
            return StoreStatus.Ok;
        Refuse(StoreStatus.DeviceError, FaultPlace.Device, block);
        return Poison(StoreStatus.DeviceError);
    }

    /// <summary>Checks the contents of a data page just read.</summary>
    public StoreStatus VerifyPage(ulong objectId, ulong page, ulong block, ulong checksum, void* data)
        => BlockChecksum.OfPage(HashSeed, page, block, data) == checksum
            ? StoreStatus.Ok
            : Refuse(StoreStatus.BadChecksum, FaultPlace.Data, block, objectId, page);

    public static void Clear(void* memory, int bytes) => new Span<byte>(memory, bytes).Clear();

    public static void Copy(void* source, void* destination, int bytes)
        => new ReadOnlySpan<byte>(source, bytes).CopyTo(new Span<byte>(destination, bytes));
}
