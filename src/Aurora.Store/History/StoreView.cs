// A checkpoint opened for reading: the trees of a cut and, for a recent one, a layer replayed from the log. While a view is open, no
// block freed by a later cut is reused (ViewAges), so everything it can reach stays as it was.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A retained checkpoint, readable until closed. Views are a fixed few; they must be closed.</summary>
public sealed unsafe class StoreView
{
    private readonly StoreContext _context;
    private readonly SpaceMarks _marks;
    private readonly ObjectReader _reader;
    private NodePointer _objects;

    internal StoreView(StoreContext context, SpaceMarks marks, ObjectReader reader, Layer layer)
    {
        _context = context;
        _marks = marks;
        _reader = reader;
        Layer = layer;
    }

    internal Layer Layer { get; }

    /// <summary>The trees below the layer.</summary>
    internal NodePointer Objects => _objects;

    internal bool IsOpen { get; private set; }

    /// <summary>Blocks freed by cuts after this one must stay.</summary>
    internal ulong BaseCut { get; private set; }

    /// <summary>The checkpoint's commit.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Opens the view, or, when it is open, changes what it shows.</summary>
    internal void Open(ulong sequence, in NodePointer objects, ulong baseCut)
    {
        Sequence = sequence;
        _objects = objects;
        if (IsOpen)
            return;
        BaseCut = baseCut;
        IsOpen = true;
        _marks.OpenView(baseCut);
    }

    /// <summary>Reads a page as <see cref="ObjectStore.ReadPage"/> does. Blocks.</summary>
    public StoreStatus ReadPage(ObjectId id, ulong page, void* destination)
    {
        ulong at = id.Value;
        StoreStatus status = Layer.FindPage(ref at, page, out MapEntry entry) switch
        {
            LayerAnswer.Found => StoreStatus.Ok,
            LayerAnswer.Absent => StoreStatus.Hole,
            _ => _reader.FindPageInTree(_objects, at, page, out entry),
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
        StoreStatus status = ObjectReader.RecordInLayer(Layer, id.Value, destination, out length);
        return status == StoreStatus.Pending ? _reader.RecordInTree(TreeKind.Objects, _objects, id.Value, destination, out length) : status;
    }

    /// <summary>Walks the records as <see cref="ObjectStore.NextRecord"/> does. Blocks.</summary>
    public StoreStatus NextRecord(ref ObjectId id, Span<byte> destination, out int length)
    {
        length = 0;
        ulong at = id.Value;
        StoreStatus status = _reader.NextWithRecord(Layer, null, _objects, ref at);
        if (status != StoreStatus.Ok)
            return status;
        id = new ObjectId(at);
        return ReadRecord(id, destination, out length);
    }

    /// <summary>Ends the view; its memory and the blocks only it needed become free.</summary>
    public void Close()
    {
        Panic.Unless(IsOpen, "store: view closed twice"u8);
        IsOpen = false;
        Layer.Clear();
        _marks.CloseView(BaseCut);
        _context.Fibers.WakeAll(&_context.Queues->Room);
    }
}
