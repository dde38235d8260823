using System.Runtime.InteropServices;

namespace Aurora.Posix.Processes;

/// <summary>Who a process acts as, and what that allows it.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Credentials
{
    public const int MaxGroups = 32;

    public uint RealUid, EffectiveUid, SavedUid, FileUid;
    public uint RealGid, EffectiveGid, SavedGid, FileGid;
    public int GroupCount;
    public fixed uint Groups[MaxGroups];
    public CapabilitySets Capabilities;

    public readonly bool Has(Capability capability) => Capabilities.Has(capability);

    /// <summary>True when the file group or a supplementary group is <paramref name="gid"/>.</summary>
    public bool IsInGroup(uint gid)
    {
        if (gid == FileGid)
            return true;
        for (int i = 0; i < GroupCount; i++)
            if (Groups[i] == gid)
                return true;
        return false;
    }

    /// <summary>
    /// True when effective or file ids have changed, or there is more than before: the process is then not its user's to look into.
    /// </summary>
    public readonly bool DiffersFrom(in Credentials old)
        => EffectiveUid != old.EffectiveUid || EffectiveGid != old.EffectiveGid || FileUid != old.FileUid || FileGid != old.FileGid
            || (Capabilities.Permitted & ~old.Capabilities.Permitted) != 0;
}
