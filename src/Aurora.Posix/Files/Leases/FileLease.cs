using System;
using System.Runtime.InteropServices;

namespace Aurora.Posix.Files;

/// <summary>
/// What a lease promises: to be told before anybody opens the file for writing, or at all. The values are part of the record format.
/// </summary>
public enum LeaseKind : byte
{
    None = 0,
    Read = 1,
    Write = 2,
}

/// <summary>What the holder of a lease has been told to do. The values are part of the record format.</summary>
[Flags]
public enum LeaseBreak : byte
{
    None = 0,

    /// <summary>To make a lease for writing one for reading.</summary>
    Downgrade = 1,

    /// <summary>To remove it.</summary>
    Remove = 2,
}

/// <summary>The lease of an open file.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileLease
{
    public LeaseKind Kind;
    public LeaseBreak Break;

    /// <summary>The descriptor by which it was taken, for the signal.</summary>
    public int Descriptor;

    /// <summary>
    /// When the kernel does itself what the holder has been told, in session-monotonic time; zero while he has not been told, and when he
    /// has all the time there is.
    /// </summary>
    public ulong DowngradeNanoseconds, RemoveNanoseconds;

    /// <summary>What it is to become, as F_GETLEASE says.</summary>
    public readonly LeaseKind Target
        => (Break & LeaseBreak.Remove) != 0 ? LeaseKind.None : (Break & LeaseBreak.Downgrade) != 0 ? LeaseKind.Read : Kind;

    /// <summary>When the first thing happens by itself; zero if nothing does.</summary>
    public readonly ulong NextNanoseconds
        => DowngradeNanoseconds == 0 ? RemoveNanoseconds
            : RemoveNanoseconds == 0 ? DowngradeNanoseconds : Math.Min(DowngradeNanoseconds, RemoveNanoseconds);

    /// <summary>True for an opening, for writing or only for reading, that the lease stands in the way of.</summary>
    public readonly bool Conflicts(bool writes) => Kind == LeaseKind.Write || (writes && Kind == LeaseKind.Read);

    /// <summary>True if the holder has not been told yet what such an opening needs of him.</summary>
    public readonly bool MustBreak(bool writes)
        => Conflicts(writes) && (writes ? (Break & LeaseBreak.Remove) == 0 : Break == LeaseBreak.None);

    /// <summary>True for what the calls can make of a lease.</summary>
    public readonly bool IsValid => Kind switch
    {
        LeaseKind.None => Break == LeaseBreak.None && Descriptor == 0 && DowngradeNanoseconds == 0 && RemoveNanoseconds == 0,
        LeaseKind.Read => IsDeadlineOfBreak && (Break & ~LeaseBreak.Remove) == 0,
        LeaseKind.Write => IsDeadlineOfBreak && (Break & ~(LeaseBreak.Downgrade | LeaseBreak.Remove)) == 0,
        _ => false,
    };

    private readonly bool IsDeadlineOfBreak
        => (uint)Descriptor < DescriptorTable.MaxDescriptors
            && (DowngradeNanoseconds == 0 || (Break & LeaseBreak.Downgrade) != 0)
            && (RemoveNanoseconds == 0 || (Break & LeaseBreak.Remove) != 0);
}
