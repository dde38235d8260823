using System.Runtime.InteropServices;

namespace Aurora.Posix.Processes;

/// <summary>Who a process acts as. Root (effective uid 0) may do everything; there are no separate capabilities.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Credentials
{
    public const int MaxGroups = 32;

    public uint RealUid, EffectiveUid, SavedUid, FileUid;
    public uint RealGid, EffectiveGid, SavedGid, FileGid;
    public int GroupCount;
    public fixed uint Groups[MaxGroups];

    public readonly bool IsRoot => EffectiveUid == 0;

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
}
