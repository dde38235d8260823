// Reading the present state. A lookup that fails is repeated when a cut has moved the roots under it, and, when commits were in flight,
// once they have been written: their data may not have reached the device when it was read.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads the newest state of volumes: active set, frozen set, trees.</summary>
internal sealed unsafe class PresentReader(
    StoreContext context, PresentState present, CommitLog log, ObjectReader objects)
{
    private const int ReadAttempts = 3;

    /// <summary>See <see cref="ObjectStore.ReadPage"/>.</summary>
    public StoreStatus ReadPage(VolumeId volume, ObjectId id, ulong page, void* destination)
    {
        for (int attempt = 1; ; attempt++)
        {
            ulong cut = context.Super->Current.Number;
            ulong last = log.LastSequence;
            bool isQuiet = log.DurableSequence == last;
            StoreStatus status = FindAndRead(volume, id.Value, page, destination);
            if (status is StoreStatus.Ok or StoreStatus.Hole)
                return status;
            if (cut != context.Super->Current.Number)
                continue;
            if (isQuiet || attempt > ReadAttempts || log.WaitDurable(last) != StoreStatus.Ok)
                return status;
        }
    }

    /// <summary>See <see cref="ObjectStore.ReadRecord"/>.</summary>
    public StoreStatus ReadRecord(VolumeId volume, ObjectId id, Span<byte> destination, out int length)
    {
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = objects.FindRecord(
                present.PathOf(volume), present.Table, id.Value, destination, out length);
            if (status is StoreStatus.Ok or StoreStatus.NotFound or StoreStatus.TooLong || cut == context.Super->Current.Number)
                return status;
        }
    }

    private StoreStatus FindAndRead(VolumeId volume, ulong id, ulong page, void* destination)
    {
        StoreStatus status = FindPage(volume, id, page, out MapEntry entry);
        if (status == StoreStatus.Ok)
            status = objects.ReadData(id, entry, destination);
        if (status == StoreStatus.Hole)
            StoreContext.Clear(destination, PageSize.Bytes);
        return status;
    }

    /// <summary>Where a page is; Hole when it is not there. Blocks.</summary>
    public StoreStatus FindPage(VolumeId volume, ulong id, ulong page, out MapEntry entry)
        => objects.FindPage(present.PathOf(volume), present.Table, id, page, out entry);
}
