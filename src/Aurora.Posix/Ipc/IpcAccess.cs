using Aurora.Posix.Processes;

namespace Aurora.Posix.Ipc;

/// <summary>Who may do what with a System V object (ipcperms and its kin).</summary>
public static unsafe class IpcAccess
{
    /// <summary>Reading, changing and executing, as bits of a mode that ask for it.</summary>
    public const uint Read = 0x124;
    public const uint Write = 0x92;
    public const uint Execute = 0x49;

    /// <summary>True if the caller has all rights of a mode, whoever of the three it is for.</summary>
    public static bool Has(Credentials* caller, in IpcIdentity identity, uint mode)
    {
        uint wanted = (mode >> 6) | (mode >> 3) | mode;
        uint granted = identity.Mode;
        if (caller->EffectiveUid == identity.CreatorUid || caller->EffectiveUid == identity.Uid)
            granted >>= 6;
        else if (caller->IsInGroup(identity.CreatorGid) || caller->IsInGroup(identity.Gid))
            granted >>= 3;
        return (wanted & ~granted & 7) == 0 || caller->Has(Capability.IpcOwner);
    }

    /// <summary>True if the caller may change whose it is, and remove it.</summary>
    public static bool Owns(Credentials* caller, in IpcIdentity identity)
        => caller->EffectiveUid == identity.CreatorUid || caller->EffectiveUid == identity.Uid || caller->Has(Capability.SysAdmin);

    /// <summary>A new object is the caller's.</summary>
    internal static void Own(Credentials* caller, ref IpcIdentity identity)
    {
        identity.Uid = identity.CreatorUid = caller->EffectiveUid;
        identity.Gid = identity.CreatorGid = caller->EffectiveGid;
    }
}
