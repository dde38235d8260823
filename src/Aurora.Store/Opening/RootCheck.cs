// Whether the roots that a superblock names can be read: the volume table, and in it the objects and histories of volumes. Only what the
// superblock's own cut has written is looked at: everything else the superblock before it names as well, so that opening with that one
// would not help.
namespace Aurora.Store;

/// <summary>Reads the volume table of a superblock as far as its cut wrote it.</summary>
internal unsafe ref struct RootCheck
{
    private readonly StoreContext _context;
    private readonly ulong _cut;

    public RootCheck(StoreContext context)
    {
        _context = context;
        _cut = context.Super->Current.Number;
        AreObjectsWhole = true;
        AreHistoriesWhole = true;
    }

    /// <summary>The table and every volume's objects can be read.</summary>
    public bool AreObjectsWhole { get; private set; }

    public bool AreHistoriesWhole { get; private set; }

    /// <summary>The first root of objects, or node of the table, and the first root of a history that cannot be read.</summary>
    public StoreFault ObjectFault { get; private set; }

    public StoreFault HistoryFault { get; private set; }

    /// <summary>Reads what there is to read. Without memory nothing is found damaged. Blocks.</summary>
    public void Run()
    {
        CheckRoots(_context.First.Objects, _context.First.History);
        CheckTable(_context.Super->Current.Volumes, NodeCache.AnyKey);
    }

    // A node's keys start with the one its parent says: so no node is met twice.
    private void CheckTable(in NodePointer pointer, ulong firstKey)
    {
        byte* page = pointer.IsEmpty ? null : (byte*)_context.Pages.Allocate(1);
        if (page == null)
            return;
        bool isWhole = Read(TreeKind.Volumes, pointer, page)
            && (firstKey == NodeCache.AnyKey || ((NodeHeader*)page)->FirstKey == firstKey);
        if (!isWhole)
            NoteObjects(FaultPlace.VolumeTable, pointer.Block);
        else if (((NodeHeader*)page)->Cut == _cut)
            CheckEntries(page);
        _context.Pages.Free(page, 1);
    }

    private void CheckEntries(byte* node)
    {
        var header = (NodeHeader*)node;
        byte* at = node + NodeHeader.Bytes;
        for (int i = 0; i < header->Count; i++)
        {
            if (header->Level > 0)
            {
                MapEntry* child = (MapEntry*)at + i;
                var pointer = new NodePointer { Block = child->Block, Checksum = child->Checksum, Level = (byte)(header->Level - 1) };
                CheckTable(pointer, child->Key);
                continue;
            }
            var entry = (RecordEntry*)at;
            at += entry->TotalBytes;
            NodePointer history = entry->RecordLength == VolumeRecord.Size ? ((VolumeRecord*)(entry + 1))->History : default;
            CheckRoots(entry->Root, history);
        }
    }

    private void CheckRoots(in NodePointer objects, in NodePointer history)
    {
        byte* page = (byte*)_context.Pages.Allocate(1);
        if (page == null)
            return;
        if (!objects.IsEmpty && !Read(TreeKind.Objects, objects, page))
            NoteObjects(FaultPlace.ObjectTree, objects.Block);
        if (!history.IsEmpty && !Read(TreeKind.History, history, page))
        {
            AreHistoriesWhole = false;
            HistoryFault = FaultAt(FaultPlace.HistoryTree, history.Block);
        }
        _context.Pages.Free(page, 1);
    }

    private void NoteObjects(FaultPlace place, ulong block)
    {
        if (AreObjectsWhole)
            ObjectFault = FaultAt(place, block);
        AreObjectsWhole = false;
    }

    private static StoreFault FaultAt(FaultPlace place, ulong block)
        => new() { Status = StoreStatus.BadChecksum, Place = place, Block = new Base.BlockNumber(block) };

    private readonly bool Read(TreeKind kind, in NodePointer root, byte* page)
        => _context.Geometry.IsDataBlock(root.Block) && root.Level < StoreFormat.MaxLevels
            && _context.ReadBlock(root.Block, page) == StoreStatus.Ok
            && BlockChecksum.OfNode(_context.HashSeed, root.Block, page) == root.Checksum
            && NodeCheck.IsValid(page, kind, root, _context.Geometry);
}
