// Reading the present state. A lookup that fails is repeated when a cut has moved the roots under it, and, when commits were in flight, once
// they have been written: their data may not have reached the device when it was read.
using System;
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    private const int ReadAttempts = 3;

    /// <summary>
    /// Reads a page into a page-aligned 4-KiB buffer from the page allocator. Ok, or Hole (the buffer is zeroed), or a failure. Sees every commit
    /// that was submitted, durable or not. Blocks.
    /// </summary>
    public StoreStatus ReadPage(ObjectId id, ulong page, void* destination)
    {
        for (int attempt = 1; ; attempt++)
        {
            ulong cut = _context.Super->Current.Number;
            ulong last = _log.LastSequence;
            bool isQuiet = _log.DurableSequence == last;
            StoreStatus status = FindAndRead(id.Value, page, destination);
            if (status is StoreStatus.Ok or StoreStatus.Hole)
                return status;
            if (cut != _context.Super->Current.Number)
                continue;
            if (isQuiet || attempt > ReadAttempts || _log.WaitDurable(last) != StoreStatus.Ok)
                return status;
        }
    }

    /// <summary>
    /// Copies an object's record. NotFound when it has none; TooLong when it does not fit (the length is still given). Blocks.
    /// </summary>
    public StoreStatus ReadRecord(ObjectId id, Span<byte> destination, out int length)
    {
        while (true)
        {
            ulong cut = _context.Super->Current.Number;
            StoreStatus status = FindRecord(id.Value, destination, out length);
            if (status is StoreStatus.Ok or StoreStatus.NotFound or StoreStatus.TooLong || cut == _context.Super->Current.Number)
                return status;
        }
    }

    /// <summary>
    /// The record of the first object with an id greater than <paramref name="id"/> that has one, in id order; start with default.
    /// NotFound at the end. Blocks.
    /// </summary>
    public StoreStatus NextRecord(ref ObjectId id, Span<byte> destination, out int length)
    {
        while (true)
        {
            ulong cut = _context.Super->Current.Number;
            ulong at = id.Value;
            StoreStatus status = NextWithRecord(_active, IsFrozen ? _frozen : null, PresentObjects, ref at);
            length = 0;
            if (cut == _context.Super->Current.Number && status == StoreStatus.Ok)
                status = FindRecord(at, destination, out length);
            if (cut != _context.Super->Current.Number)
                continue;
            if (status is StoreStatus.Ok or StoreStatus.TooLong)
                id = new ObjectId(at);
            return status;
        }
    }

    private StoreStatus FindAndRead(ulong id, ulong page, void* destination)
    {
        StoreStatus status = FindPage(id, page, out MapEntry entry);
        if (status == StoreStatus.Ok)
            status = ReadData(id, entry, destination);
        if (status == StoreStatus.Hole)
            StoreContext.Clear(destination, PageSize.Bytes);
        return status;
    }

    private StoreStatus FindPage(ulong id, ulong page, out MapEntry entry)
    {
        LayerAnswer answer = _active.FindPage(ref id, page, out entry);
        if (answer == LayerAnswer.Below && IsFrozen)
            answer = _frozen.FindPage(ref id, page, out entry);
        return answer switch
        {
            LayerAnswer.Found => StoreStatus.Ok,
            LayerAnswer.Absent => StoreStatus.Hole,
            _ => FindPageInTree(PresentObjects, id, page, out entry),
        };
    }

    internal StoreStatus FindPageInTree(in NodePointer objects, ulong id, ulong page, out MapEntry entry)
    {
        entry = default;
        StoreStatus status = _reader.PinRecord(TreeKind.Objects, objects, id, out NodeFrame* leaf, out RecordEntry* record);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Hole : status;
        NodePointer root = record->Root;
        status = root.IsEmpty ? TreeReader.FindIn((MapEntry*)(record + 1), record->InlinePages, page, out entry) : StoreStatus.Ok;
        NodeCache.Unpin(leaf);
        return root.IsEmpty ? status : _reader.FindPage(root, page, out entry);
    }

    internal StoreStatus ReadData(ulong id, in MapEntry entry, void* destination)
    {
        if (!_context.Geometry.IsDataBlock(entry.Block))
            return _context.Refuse(StoreStatus.Corrupt, FaultPlace.PageTree, entry.Block, id, entry.Key);
        StoreStatus status = _context.ReadBlock(entry.Block, destination);
        _context.Statistics.PagesRead++;
        return status == StoreStatus.Ok ? _context.VerifyPage(id, entry.Key, entry.Block, entry.Checksum, destination) : status;
    }

    private StoreStatus FindRecord(ulong id, Span<byte> destination, out int length)
    {
        StoreStatus status = RecordInLayer(_active, id, destination, out length);
        if (status == StoreStatus.Pending && IsFrozen)
            status = RecordInLayer(_frozen, id, destination, out length);
        return status == StoreStatus.Pending ? RecordInTree(TreeKind.Objects, PresentObjects, id, destination, out length) : status;
    }

    /// <summary>Pending when the layer does not decide.</summary>
    internal static StoreStatus RecordInLayer(Layer layer, ulong id, Span<byte> destination, out int length)
    {
        length = 0;
        LayerNode* node = layer.Find(id, 0);
        if (node == null || node->Info->RecordState == LayerRecord.Same)
            return StoreStatus.Pending;
        return node->Info->RecordState == LayerRecord.Absent
            ? StoreStatus.NotFound
            : CopyRecord(node->Info->Record, node->Info->RecordLength, destination, out length);
    }

    internal StoreStatus RecordInTree(TreeKind kind, in NodePointer root, ulong id, Span<byte> destination, out int length)
    {
        length = 0;
        StoreStatus status = _reader.PinRecord(kind, root, id, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status;
        status = (entry->Flags & RecordEntry.HasRecord) == 0
            ? StoreStatus.NotFound
            : CopyRecord((byte*)(entry + 1) + (entry->InlinePages * MapEntry.Bytes), entry->RecordLength, destination, out length);
        NodeCache.Unpin(leaf);
        return status;
    }

    private static StoreStatus CopyRecord(byte* record, int recordLength, Span<byte> destination, out int length)
    {
        length = recordLength;
        if (recordLength > destination.Length)
            return StoreStatus.TooLong;
        new ReadOnlySpan<byte>(record, recordLength).CopyTo(destination);
        return StoreStatus.Ok;
    }

    /// <summary>Moves <paramref name="at"/> to the next greater id that may have a record: layers and tree merged.</summary>
    internal StoreStatus NextWithRecord(Layer upper, Layer? lower, NodePointer objects, ref ulong at)
    {
        while (true)
        {
            ulong next = NextObjectIn(upper, at);
            if (lower != null)
                next = Math.Min(next, NextObjectIn(lower, at));
            StoreStatus status = NextObjectInTree(objects, at, out ulong inTree);
            if (status != StoreStatus.Ok)
                return status;
            next = Math.Min(next, inTree);
            if (next >= StoreFormat.MaxObjectId)
                return StoreStatus.NotFound;
            at = next;
            LayerRecord state = StateIn(upper, at);
            if (state == LayerRecord.Same && lower != null)
                state = StateIn(lower, at);
            if (state == LayerRecord.Present)
                return StoreStatus.Ok;
            if (state == LayerRecord.Absent || inTree != at)
                continue;
            status = RecordInTree(TreeKind.Objects, objects, at, default, out _);
            if (status != StoreStatus.NotFound)
                return status is StoreStatus.TooLong ? StoreStatus.Ok : status;
        }
    }

    private StoreStatus NextObjectInTree(in NodePointer objects, ulong after, out ulong next)
    {
        next = ulong.MaxValue;
        StoreStatus status = _reader.PinNextRecord(TreeKind.Objects, objects, after + 1, out NodeFrame* leaf, out RecordEntry* entry);
        if (status != StoreStatus.Ok)
            return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
        next = entry->Key;
        NodeCache.Unpin(leaf);
        return StoreStatus.Ok;
    }

    private static ulong NextObjectIn(Layer layer, ulong after)
    {
        LayerNode* node = layer.FindFrom(after + 1, 0);
        return node == null ? ulong.MaxValue : node->Object;
    }

    private static LayerRecord StateIn(Layer layer, ulong id)
    {
        LayerNode* node = layer.Find(id, 0);
        return node == null ? LayerRecord.Same : node->Info->RecordState;
    }
}
