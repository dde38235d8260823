// Reading the present state. A lookup that fails is repeated when a cut has moved the roots under it, and, when commits were in flight,
// once they have been written: their data may not have reached the device when it was read.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads the newest state: active layer, frozen layer, trees.</summary>
internal sealed unsafe class PresentReader(StoreContext context, PresentState present, CommitLog log, ObjectReader objects)
{
    private const int ReadAttempts = 3;

    /// <summary>See <see cref="ObjectStore.ReadPage"/>.</summary>
    public StoreStatus ReadPage(ObjectId id, ulong page, void* destination)
    {
        for (int attempt = 1; ; attempt++)
        {
            ulong cut = context.Super->Current.Number;
            ulong last = log.LastSequence;
            bool isQuiet = log.DurableSequence == last;
            StoreStatus status = FindAndRead(id.Value, page, destination);
            if (status is StoreStatus.Ok or StoreStatus.Hole)
                return status;
            if (cut != context.Super->Current.Number)
                continue;
            if (isQuiet || attempt > ReadAttempts || log.WaitDurable(last) != StoreStatus.Ok)
                return status;
        }
    }

    /// <summary>See <see cref="ObjectStore.ReadRecord"/>.</summary>
    public StoreStatus ReadRecord(ObjectId id, Span<byte> destination, out int length)
    {
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = FindRecord(id.Value, destination, out length);
            if (status is StoreStatus.Ok or StoreStatus.NotFound or StoreStatus.TooLong || cut == context.Super->Current.Number)
                return status;
        }
    }

    /// <summary>See <see cref="ObjectStore.NextRecord"/>.</summary>
    public StoreStatus NextRecord(ref ObjectId id, Span<byte> destination, out int length)
    {
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            ulong at = id.Value;
            StoreStatus status = objects.NextWithRecord(present.Active, present.IsFrozen ? present.Frozen : null, present.Objects, ref at);
            length = 0;
            if (cut == context.Super->Current.Number && status == StoreStatus.Ok)
                status = FindRecord(at, destination, out length);
            if (cut != context.Super->Current.Number)
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
            status = objects.ReadData(id, entry, destination);
        if (status == StoreStatus.Hole)
            StoreContext.Clear(destination, PageSize.Bytes);
        return status;
    }

    /// <summary>Where a page is; Hole when it is not there. Blocks.</summary>
    public StoreStatus FindPage(ulong id, ulong page, out MapEntry entry)
    {
        LayerAnswer answer = present.Active.FindPage(ref id, page, out entry);
        if (answer == LayerAnswer.Below && present.IsFrozen)
            answer = present.Frozen.FindPage(ref id, page, out entry);
        return answer switch
        {
            LayerAnswer.Found => StoreStatus.Ok,
            LayerAnswer.Absent => StoreStatus.Hole,
            _ => objects.FindPageInTree(present.Objects, id, page, out entry),
        };
    }

    private StoreStatus FindRecord(ulong id, Span<byte> destination, out int length)
    {
        StoreStatus status = ObjectReader.RecordInLayer(present.Active, id, destination, out length);
        if (status == StoreStatus.Pending && present.IsFrozen)
            status = ObjectReader.RecordInLayer(present.Frozen, id, destination, out length);
        return status == StoreStatus.Pending
            ? objects.RecordInTree(TreeKind.Objects, present.Objects, id, destination, out length)
            : status;
    }
}
