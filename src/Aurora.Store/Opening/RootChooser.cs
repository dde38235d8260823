// Which of the two superblocks to open with. Usually the newer; but when one of its roots (RootCheck, or the space map's) cannot be read
// and the older one's can, the older: everything it refers to is still there, and so is the log from its cut on, so that the state that is
// recovered is the same. The recent history before it is then not offered. What only the newer one knew to be durable must still be found.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads the superblock whose roots are whole.</summary>
internal static unsafe class RootChooser
{
    // Without the objects there is no present, without the map nothing can be written, without the history no past.
    private const int ObjectsWorth = 4;
    private const int SpaceWorth = 2;
    private const int HistoryWorth = 1;

    /// <summary>Fills the context's superblock, geometry and seed. Blocks.</summary>
    public static StoreStatus Read(StoreContext context, Superblock* scratch)
    {
        StoreStatus status = SuperblockReader.Read(context, scratch);
        if (status != StoreStatus.Ok)
            return status;
        int worth = WorthOf(context, scratch, out StoreFault fault);
        if (worth == ObjectsWorth + SpaceWorth + HistoryWorth)
            return status;
        ulong version = context.Super->WriteVersion;
        ulong cut = context.Super->Current.Number;
        ulong cutBefore = context.Super->Previous.Number;
        ulong generation = context.Super->Generation;
        ulong durable = context.Super->DurableSequence;
        ulong end = context.Super->EndSequence;
        ulong required = context.Super->RequiredFeatures;
        bool isOlderWhole = SuperblockReader.Read(context, scratch, version) == StoreStatus.Ok;
        bool isNext = isOlderWhole && (context.Super->Current.Number == cutBefore || context.Super->Current.Number == cut);
        if (!isNext || WorthOf(context, scratch, out _) <= worth)
            return SuperblockReader.Read(context, scratch);
        context.RootFault = fault;
        context.Super->Generation = generation;
        context.Super->DurableSequence = durable;
        context.Super->EndSequence = end;
        context.Super->RequiredFeatures |= required;
        KernelLog.Line("store: a root of the newest superblock cannot be read; opened with the older one and its log"u8);
        return StoreStatus.Ok;
    }

    private static int WorthOf(StoreContext context, void* page, out StoreFault fault)
    {
        var roots = new RootCheck(context);
        roots.Run();
        bool isSpaceWhole = IsSpaceWhole(context, page);
        fault = roots.HistoryFault;
        if (!isSpaceWhole)
        {
            fault = new StoreFault
            {
                Status = StoreStatus.BadChecksum,
                Place = FaultPlace.SpaceMap,
                Block = new BlockNumber(context.Geometry.Level2Start),
            };
        }
        if (!roots.AreObjectsWhole)
            fault = roots.ObjectFault;
        return (roots.AreObjectsWhole ? ObjectsWorth : 0) + (isSpaceWhole ? SpaceWorth : 0)
            + (roots.AreHistoriesWhole ? HistoryWorth : 0);
    }

    private static bool IsSpaceWhole(StoreContext context, void* page)
    {
        var entries = (SpaceEntry*)context.Super->SpaceRoots;
        for (ulong i = 0; i < context.Geometry.Level2Pages; i++)
        {
            ulong block = context.Geometry.Level2Start + (i * SpacePage.Slots) + entries[i].Slot;
            if (entries[i].IsPresent == 0)
                continue;
            bool isWhole = entries[i].Slot < SpacePage.Slots && context.ReadBlock(block, page) == StoreStatus.Ok
                && BlockChecksum.OfSpacePage(context.HashSeed, block, (byte*)page) == entries[i].Checksum;
            if (!isWhole)
                return false;
        }
        return true;
    }
}
