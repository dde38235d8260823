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
    All = 1023,
}

/// <summary>The state record of a process; its queued signals follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ProcessRecord
{
    public const int Bytes = 712;

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
    public Credentials Credentials;
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
}
