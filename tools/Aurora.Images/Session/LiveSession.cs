using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Tells whether an image holds processes.</summary>
internal static class LiveSession
{
    /// <summary>The number of processes in the newest checkpoint.</summary>
    public static int ProcessesIn(ImageStore image)
    {
        Span<byte> record = new byte[ObjectStore.MaxRecordBytes];
        int processes = 0;
        ObjectId id = default;
        while (image.Store.NextRecord(VolumeId.First, ref id, record, out int length) == StoreStatus.Ok && !FileIds.IsOnDemand(id))
        {
            if (length >= RecordHeader.Size && MemoryMarshal.Read<RecordHeader>(record).Kind == ObjectKind.Process)
                processes++;
        }
        return processes;
    }
}
