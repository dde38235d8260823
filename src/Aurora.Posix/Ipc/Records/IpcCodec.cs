using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Records;

namespace Aurora.Posix.Ipc;

/// <summary>What the records of all System V objects begin with.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IpcIdentityRecord
{
    public const int Bytes = 32;

    public int Id;
    public int Key;
    public uint Uid, Gid, CreatorUid, CreatorGid;
    public uint Mode;
    public uint Reserved;

    internal static IpcIdentityRecord Of(in IpcIdentity identity) => new()
    {
        Id = identity.Id, Key = identity.Key, Uid = identity.Uid, Gid = identity.Gid,
        CreatorUid = identity.CreatorUid, CreatorGid = identity.CreatorGid, Mode = identity.Mode,
    };

    internal readonly bool IsValid(uint flags) => Reserved == 0 && IpcIdentity.IsValid(Id, Mode, flags);

    internal readonly void Fill(ref IpcIdentity identity)
    {
        identity.Id = Id;
        identity.Key = Key;
        identity.Uid = Uid;
        identity.Gid = Gid;
        identity.CreatorUid = CreatorUid;
        identity.CreatorGid = CreatorGid;
        identity.Mode = Mode;
    }
}

/// <summary>What the codecs of System V objects share.</summary>
public abstract unsafe class IpcCodec(IpcServices ipc) : RecordCodec
{
    protected IpcServices Ipc { get; } = ipc;

    /// <summary>True for an object that its id leads to, and its key if it has one.</summary>
    protected static bool IsFound(IpcTable* table, IpcObject* known)
        => IpcIds.Find(table, known->Ipc.Id) == known
            && (known->Ipc.Key == IpcIdentity.Private || IpcIds.FindKey(table, known->Ipc.Key) == known);

    /// <summary>Puts a restored object where its id and its key lead to.</summary>
    protected RestoreStatus Place(IpcTable* table, IpcObject* restored)
    {
        if (IpcIds.At(table, restored->Ipc.Index) != null
            || (restored->Ipc.Key != IpcIdentity.Private && IpcIds.FindKey(table, restored->Ipc.Key) != null))
            return RestoreStatus.BadRecord;
        return Ipc.State.Ids.Restore(table, restored) ? RestoreStatus.Ok : RestoreStatus.OutOfMemory;
    }
}
