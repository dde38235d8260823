using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The group's own record, read without restoring anything.</summary>
internal static class GroupState
{
    /// <summary>False when the state that is shown of a volume has no such record or an impossible one.</summary>
    public static bool TryRead(ObjectStore store, VolumeId volume, out GroupRecord group, out LeftBranches left)
    {
        Span<byte> record = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = default;
        while (store.NextRecord(volume, ref id, record, out int length) == StoreStatus.Ok && !FileIds.IsOnDemand(id))
        {
            bool isWhole = RecordHeader.TryRead(record[..length], out RecordHeader header, out _, out ReadOnlySpan<byte> payload);
            if (isWhole && header.Kind == ObjectKind.Group)
                return GroupCodec.Read(header.Version, payload, out group, out left) == RestoreStatus.Ok;
        }
        group = default;
        left = default;
        return false;
    }
}
