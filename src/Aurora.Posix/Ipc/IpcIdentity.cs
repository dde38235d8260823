using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>What every System V object has: its id, key, owner and rights (struct kern_ipc_perm).</summary>
public unsafe struct IpcIdentity
{
    /// <summary>IPC_PRIVATE: no key leads to it.</summary>
    public const int Private = 0;

    /// <summary>The permission bits of <see cref="Mode"/>.</summary>
    public const uint AccessMask = 0x1FF;

    /// <summary>Its place among its kind + its sequence × 32,768.</summary>
    public int Id;
    public int Key;
    public uint Uid, Gid, CreatorUid, CreatorGid;

    /// <summary>Permission bits, and flags of the kind.</summary>
    public uint Mode;

    /// <summary>The next object in the bucket of its key.</summary>
    public IpcObject* NextOfKey;

    /// <summary>The next removed object that is being ended.</summary>
    internal IpcObject* NextEnding;

    public readonly int Index => Id & IpcTable.IndexMask;
    public readonly int Sequence => Id >> IpcTable.IndexBits;

    /// <summary>What a restore and the check before commit both ask, with the flags that the kind knows.</summary>
    public static bool IsValid(int id, uint mode, uint flags) => id >= 0 && (mode & ~(AccessMask | flags)) == 0;
}

/// <summary>What all System V objects begin with.</summary>
public struct IpcObject
{
    public ObjectHeader Header;
    public IpcIdentity Ipc;
}
