using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>
/// The state record of a consistency group. On-disk format, version 4: LeftRanges follow. Version 3 ended before Flags; version 2 had no
/// LeftRanges; version 1 ended before LastProcessId.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct GroupRecord
{
    public const int Size = 96;
    public const int SizeOfVersion3 = 80;
    public const int SizeOfVersion1 = 72;

    public ulong Epoch;
    public ulong MonotonicNanoseconds;
    public ulong RealtimeNanoseconds;

    /// <summary>The id the next new object gets; ids are never reused, even across a restore.</summary>
    public ulong NextObjectId;
    public MachineIdentity Machine;

    /// <summary>The process id handed out last; the next one follows it.</summary>
    public int LastProcessId;

    /// <summary>The memory of the machine that wrote this, in MiB; zero in records older than the field.</summary>
    public uint MemoryMebibytes;
    public GroupFlags Flags;

    /// <summary>With HasEnded: the wait status of its init.</summary>
    public int WaitStatus;

    /// <summary>How often what runs has become a copy of what ran before, or gone back in time.</summary>
    public ulong Generation;
}

/// <summary>What is so with a group until somebody changes it.</summary>
[Flags]
public enum GroupFlags : uint
{
    None = 0,

    /// <summary>Its init has ended, and all else with it.</summary>
    HasEnded = 1,

    /// <summary>None of its threads runs until somebody lets them.</summary>
    IsSuspended = 2,
}
