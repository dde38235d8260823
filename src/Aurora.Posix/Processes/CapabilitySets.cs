// The capability sets of a process, and how they change with user ids and programs. The rules are Linux's (capabilities(7), its
// security/commoncap.c): files have no capabilities here, so only user id 0 and the ambient set ever give any.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aurora.Posix.Processes;

/// <summary>Properties of how user ids and capabilities go together (PR_SET_SECUREBITS); each has a lock bit above it.</summary>
[Flags]
public enum SecureBits : uint
{
    None = 0,
    NoRoot = 1,
    NoSetUidFixup = 4,
    KeepCapabilities = 16,
    KeepCapabilitiesLocked = 32,
    NoAmbientRaise = 64,
    All = 0xFF,
    Locks = 0xAA,
}

/// <summary>Bit n of a set is capability n. Effective and ambient are always part of permitted. Part of the process's record.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CapabilitySets
{
    public const ulong Everything = (1UL << ((int)Capability.Last + 1)) - 1;

    // What goes with the file user id: access to others' files, their owners and modes, and device nodes.
    private const ulong OfFiles = (1UL << (int)Capability.Chown) | (1UL << (int)Capability.DacOverride)
        | (1UL << (int)Capability.DacReadSearch) | (1UL << (int)Capability.FileOwner) | (1UL << (int)Capability.FileSetId)
        | (1UL << (int)Capability.LinuxImmutable)
        | (1UL << (int)Capability.MakeNode) | (1UL << (int)Capability.MacOverride);

    public ulong Permitted, Effective, Inheritable, Bounding, Ambient;
    public SecureBits SecureBits;
    private uint _padding;

    /// <summary>What the first process has.</summary>
    public static CapabilitySets OfRoot => new() { Permitted = Everything, Effective = Everything, Bounding = Everything };

    /// <summary>
    /// What a process had that was saved before there were sets: everything goes with user id 0, access to files with the file user id.
    /// </summary>
    public static CapabilitySets Of(uint real, uint effective, uint saved, uint file)
    {
        ulong permitted = real == 0 || effective == 0 || saved == 0 ? Everything : 0;
        ulong others = effective == 0 ? permitted & ~OfFiles : 0;
        return new CapabilitySets
        {
            Permitted = permitted,
            Effective = others | (file == 0 ? permitted & OfFiles : 0),
            Bounding = Everything,
        };
    }

    /// <summary>False for sets that no sequence of calls makes.</summary>
    public readonly bool IsValid => ((Permitted | Inheritable | Bounding) & ~Everything) == 0 && (Effective & ~Permitted) == 0
        && (Ambient & ~(Permitted & Inheritable)) == 0 && (SecureBits & ~SecureBits.All) == 0 && _padding == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(Capability capability) => (Effective >> (int)capability & 1) != 0;

    /// <summary>After a change of the real, effective and saved user id.</summary>
    public void UidsChanged(in Credentials old, in Credentials changed)
    {
        if ((SecureBits & SecureBits.NoSetUidFixup) != 0)
            return;
        bool hadRoot = old.RealUid == 0 || old.EffectiveUid == 0 || old.SavedUid == 0;
        bool hasRoot = changed.RealUid == 0 || changed.EffectiveUid == 0 || changed.SavedUid == 0;
        if (hadRoot && !hasRoot)
        {
            Ambient = 0;
            if ((SecureBits & SecureBits.KeepCapabilities) == 0)
                Permitted = Effective = 0;
        }
        if (old.EffectiveUid == 0 && changed.EffectiveUid != 0)
            Effective = 0;
        if (old.EffectiveUid != 0 && changed.EffectiveUid == 0)
            Effective = Permitted;
    }

    /// <summary>After a change of the file user id alone (setfsuid).</summary>
    public void FileUidChanged(uint old, uint changed)
    {
        if ((SecureBits & SecureBits.NoSetUidFixup) != 0)
            return;
        if (old == 0 && changed != 0)
            Effective &= ~OfFiles;
        if (old != 0 && changed == 0)
            Effective |= Permitted & OfFiles;
    }

    /// <summary>What access(2) goes by: the real user's.</summary>
    public readonly ulong EffectiveOfReal(uint realUid)
        => (SecureBits & SecureBits.NoSetUidFixup) != 0 ? Effective : realUid == 0 ? Permitted : 0;

    /// <summary>
    /// The sets for a new program; <paramref name="credentials"/> has the ids the file asks for, and loses them again when the program
    /// would gain what its caller has renounced (<paramref name="noNewPrivileges"/>). One whose file context somebody else shares
    /// (<paramref name="isShared"/>) gains no capabilities, and ids only from who may set them. True when the program must distrust its
    /// environment.
    /// </summary>
    public static bool Execute(in Credentials old, ref Credentials credentials, bool noNewPrivileges, bool isShared)
    {
        ref CapabilitySets sets = ref credentials.Capabilities;
        bool isSetId = credentials.EffectiveUid != old.RealUid || credentials.EffectiveGid != old.RealGid;
        bool isPrivileged = (sets.SecureBits & SecureBits.NoRoot) == 0 && (credentials.EffectiveUid == 0 || credentials.RealUid == 0);
        bool isEffective = isPrivileged && credentials.EffectiveUid == 0;
        sets.Permitted = isPrivileged ? sets.Bounding | sets.Inheritable : 0;
        bool gains = isSetId || (sets.Permitted & ~old.Capabilities.Permitted) != 0;
        if ((noNewPrivileges || isShared) && gains)
        {
            if (noNewPrivileges || !old.Has(Capability.SetUid))
            {
                credentials.EffectiveUid = credentials.RealUid;
                credentials.EffectiveGid = credentials.RealGid;
            }
            sets.Permitted &= old.Capabilities.Permitted;
        }
        credentials.SavedUid = credentials.FileUid = credentials.EffectiveUid;
        credentials.SavedGid = credentials.FileGid = credentials.EffectiveGid;
        if (isSetId)
            sets.Ambient = 0;
        sets.Permitted |= sets.Ambient;
        sets.Effective = isEffective ? sets.Permitted : sets.Ambient;
        sets.SecureBits &= ~SecureBits.KeepCapabilities;
        bool grows = (sets.Permitted & ~sets.Ambient) != 0;
        return isSetId || (credentials.RealUid != 0 && (isEffective || grows));
    }
}
