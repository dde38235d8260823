// A checkpoint opened for reading: the trees of a cut and, for a recent one, a set of layers replayed from the log. Everything it can reach
// stays as it was. A checkpoint that is kept has references of its own on all of it: nothing else is needed until a cut drops it. All
// others are pinned, and so is that one from that cut on: while a pinned view is open, no block freed by a later cut is reused (ViewAges).
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A retained checkpoint, readable until closed. Views are a fixed few; they must be closed.</summary>
public sealed unsafe class StoreView
{
    private readonly StoreContext _context;
    private readonly SpaceMarks _marks;
    private readonly ObjectReader _reader;

    internal StoreView(StoreContext context, SpaceMarks marks, ObjectReader reader, LayerSet layers)
    {
        _context = context;
        _marks = marks;
        _reader = reader;
        Layers = layers;
    }

    /// <summary>What the log says since the cut.</summary>
    internal LayerSet Layers { get; }

    /// <summary>The object tree below the volume's layers.</summary>
    internal NodePointer Objects { get; private set; }

    internal bool IsOpen { get; private set; }

    /// <summary>Blocks freed by cuts after BaseCut must stay.</summary>
    internal bool IsPinned { get; private set; }

    internal ulong BaseCut { get; private set; }

    /// <summary>The volume it is of.</summary>
    public VolumeId Volume { get; private set; }

    /// <summary>The checkpoint's commit.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>From the newest layer of the volume down to <see cref="Objects"/>.</summary>
    internal LayerPath Path => new(Layers, null, Volume.Value);

    /// <summary>Opens the view, or, when it is open, changes what it shows.</summary>
    internal void Open(VolumeId volume, ulong sequence, in NodePointer objects, ulong baseCut)
    {
        Volume = volume;
        Sequence = sequence;
        Objects = objects;
        if (IsOpen)
            return;
        IsOpen = true;
        Pin(baseCut);
    }

    /// <summary>Blocks freed by cuts after this one, which is one of the last two, must stay from now on.</summary>
    internal void Pin(ulong baseCut)
    {
        BaseCut = baseCut;
        IsPinned = true;
        _marks.OpenView(baseCut);
    }

    /// <summary>The checkpoint is kept, by the trees and by the cut that is being made.</summary>
    internal void Unpin()
    {
        IsPinned = false;
        _marks.CloseView(BaseCut);
        _context.Fibers.WakeAll(&_context.Queues->Room);
    }

    /// <summary>Reads a page as <see cref="ObjectStore.ReadPage"/> does. Blocks.</summary>
    public StoreStatus ReadPage(ObjectId id, ulong page, void* destination)
    {
        ulong at = id.Value;
        var answer = LayerAnswer.Below;
        MapEntry entry = default;
        for (LayerPath path = Path; path.Layer != null && answer == LayerAnswer.Below; path.Descend())
            answer = path.Layer->FindPage(ref at, page, out entry);
        StoreStatus status = answer switch
        {
            LayerAnswer.Found => StoreStatus.Ok,
            LayerAnswer.Absent => StoreStatus.Hole,
            _ => _reader.FindPageInTree(Objects, at, page, out entry),
        };
        if (status == StoreStatus.Ok)
            return _reader.ReadData(id.Value, entry, destination);
        if (status == StoreStatus.Hole)
            StoreContext.Clear(destination, PageSize.Bytes);
        return status;
    }

    /// <summary>Copies a record as <see cref="ObjectStore.ReadRecord"/> does. Blocks.</summary>
    public StoreStatus ReadRecord(ObjectId id, Span<byte> destination, out int length)
    {
        StoreStatus status = ObjectReader.RecordInLayers(Path, id.Value, destination, out length);
        return status == StoreStatus.Pending ? _reader.RecordInTree(TreeKind.Objects, Objects, id.Value, destination, out length) : status;
    }

    /// <summary>Walks the records as <see cref="ObjectStore.NextRecord"/> does. Blocks.</summary>
    public StoreStatus NextRecord(ref ObjectId id, Span<byte> destination, out int length)
    {
        length = 0;
        ulong at = id.Value;
        StoreStatus status = NextWithRecord(ref at);
        if (status != StoreStatus.Ok)
            return status;
        id = new ObjectId(at);
        return ReadRecord(id, destination, out length);
    }

    private StoreStatus NextWithRecord(ref ulong at)
    {
        while (true)
        {
            StoreStatus status = _reader.NextObjectInTree(Objects, at, out ulong inTree);
            if (status != StoreStatus.Ok)
                return status;
            status = _reader.IsRecordNext(Path, Objects, inTree, ref at);
            if (status != StoreStatus.Pending)
                return status;
        }
    }

    /// <summary>Ends the view; its memory and the blocks only it needed become free.</summary>
    public void Close()
    {
        Panic.Unless(IsOpen, "store: view closed twice"u8);
        IsOpen = false;
        Layers.Clear();
        if (IsPinned)
            Unpin();
        _context.Fibers.WakeAll(&_context.Queues->Room);
    }
}
