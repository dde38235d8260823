using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>Hashes what is only unique within a group, together with the group: copies of a group have the same ids.</summary>
public static class GroupHash
{
    /// <summary>Sixty-four bits, each of which depends on all of the group and the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ushort group, ulong value)
    {
        ulong hash = (value * 0x9E37_79B9_7F4A_7C15UL) + (group * 0xC2B2_AE3D_27D4_EB4FUL);
        hash = (hash ^ (hash >> 32)) * 0xD6E8_FEB8_6659_FD93UL;
        return hash ^ (hash >> 32);
    }
}
