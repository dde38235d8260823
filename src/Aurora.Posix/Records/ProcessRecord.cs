using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Records;

[Flags]
public enum ProcessRecordFlags : uint
{
    None = 0,
    Init = 1,
    Zombie = 2,
    HasExecuted = 4,
    Stopped = 8,
    ContinueReport = 16,
    BorrowsMemory = 32,
    Dumpable = 64,
    NoNewPrivileges = 128,
    ChildSubreaper = 256,
    Ending = 512,

    /// <summary>AlarmNanoseconds is when the alarm last expired: it goes on once SIGALRM is taken.</summary>
    AlarmStandsStill = 1024,

    /// <summary>A fault is about to end init.</summary>
    Unguarded = 2048,

    /// <summary>What continues from here ends it.</summary>
    Detached = 4096,

    /// <summary>It ends because others have gone on without it.</summary>
    Overtaken = 8192,
    All = 16383,
}

/// <summary>Ids and groups of a process, as its record has them.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IdentityRecord
{
    public const int Bytes = 164;

    public uint RealUid, EffectiveUid, SavedUid, FileUid;
    public uint RealGid, EffectiveGid, SavedGid, FileGid;
    public int GroupCount;
    public fixed uint Groups[Processes.Credentials.MaxGroups];
}

/// <summary>
/// The state record of a process; its queued signals follow. On-disk format, version 3: version 1 ends before Capabilities,
/// versions 1 and 2 have queued signals of the older form.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ProcessRecord
{
    public const int Bytes = 768;
    public const int BytesOfVersion1 = 712;

    public ObjectId Parent, Group, AddressSpace, Descriptors, FileContext, Actions;
    public int Id;
    public ProcessRecordFlags Flags;
    public int ExitStatus;
    public int ExitSignal;
    public int StopReport;
    public uint Personality;
    public int Nice;
    public int QueuedSignals;
    public ulong PendingSet;
    public IdentityRecord Credentials;
    public uint SignalsSeen;
    public ResourceLimits Limits;
    public ulong StartNanoseconds, UserNanoseconds, SystemNanoseconds, MinorFaults, MajorFaults;
    public ulong VoluntarySwitches, InvoluntarySwitches;
    public ulong ChildUserNanoseconds, ChildSystemNanoseconds, ChildMinorFaults, ChildMajorFaults;

    /// <summary>Session-monotonic time of the alarm; zero when there is none.</summary>
    public ulong AlarmNanoseconds;
    public ulong AlarmIntervalNanoseconds;
    public ulong VirtualTimerNanoseconds, VirtualTimerIntervalNanoseconds;
    public ulong ProfileTimerNanoseconds, ProfileTimerIntervalNanoseconds;
    public ulong ArgumentsStart, ArgumentsEnd, EnvironmentStart, EnvironmentEnd, StackStart;
    public ObjectId ExecutableInode;
    public fixed byte Name[16];
    public CapabilitySets Capabilities;
    public short OutOfMemoryBias, LeastOutOfMemoryBias;

    /// <summary>Zero in records of before it was kept.</summary>
    public int AuxiliaryWords;
}
