using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The group's own record, read without restoring anything.</summary>
internal static class GroupState
{
    /// <summary>False when the state has no such record or an impossible one.</summary>
    public static bool TryRead(ObjectStore store, out GroupRecord group, out LeftBranches left)
    {
        Span<byte> record = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = default;
        while (store.NextRecord(ref id, record, out int length) == StoreStatus.Ok)
        {
            if (length < RecordHeader.Size)
                continue;
            var header = MemoryMarshal.Read<RecordHeader>(record);
            if (header.Kind == ObjectKind.Group)
                return GroupCodec.Read(header.Version, record[RecordHeader.Size..length], out group, out left) == RestoreStatus.Ok;
        }
        group = default;
        left = default;
        return false;
    }
}
