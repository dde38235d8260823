using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Records;

/// <summary>The general registers of a thread.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RegisterRecord
{
    public const int Bytes = 184;

    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;
    public ulong OriginalRax, Rip, Cs, Rflags, Rsp, Ss, FsBase, GsBase;
}

/// <summary>
/// The state record of a thread; its queued signals and then its XSAVE image (standard format) follow. On-disk format, version 5:
/// version 1 ends before FirstFile, version 2 before Schedule, version 4 before SequenceArea; versions before 4 have queued signals of the
/// older form.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ThreadRecord
{
    public const int Bytes = 488;
    public const int BytesOfVersion4 = 472;

    /// <summary>struct rseq: its size and its alignment.</summary>
    public const ulong SequenceAreaBytes = 32;

    public const int BytesOfVersion2 = 448;
    public const int BytesOfVersion1 = 424;

    public ObjectId Process;
    public int Id;
    public bool HasSavedBlockedSignals;

    /// <summary>1: its wait goes on as it was. 0: its call, if it is in one, is dispatched again; always so in version 1.</summary>
    public byte SleepsOn;
    public ushort Reserved;
    public ulong UserNanoseconds, SystemNanoseconds, VoluntarySwitches, InvoluntarySwitches, MinorFaults, MajorFaults;
    public ulong PendingSet, BlockedSignals, SavedBlockedSignals;
    public ulong AlternateStack, AlternateStackBytes;
    public uint AlternateStackFlags;
    public int ParentDeathSignal;
    public ulong ClearChildTid, RobustList;
    public fixed byte Name[16];
    public CallContinuation Call;
    public RegisterRecord Registers;
    public int QueuedSignals;
    public int ImageBytes;

    /// <summary>The open files its call holds; and the table with the others, if there are more than two.</summary>
    public ObjectId FirstFile, SecondFile, MoreFiles;
    public SchedulingChoice Schedule;
    public ulong TimerSlackNanoseconds, DefaultTimerSlackNanoseconds;
    public ulong SequenceArea;
    public uint SequenceSignature;

    /// <summary>The number of its undo list, or zero, as in older images.</summary>
    public uint UndoList;
}
