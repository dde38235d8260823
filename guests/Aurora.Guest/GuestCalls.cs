using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Persistence;

namespace Aurora.Guest;

/// <summary>The system calls the guest commands make. Results below zero are negated errno values, as the kernel returns them.</summary>
public static unsafe class GuestCalls
{
    private const long WriteNumber = 1;
    private const long ExitGroupNumber = 231;
    private const long CheckpointNumber = 0x5A000;
    private const long StatisticsNumber = 0x5A002;
    private const long SampleNumber = 0x5A003;
    private const long GroupNumber = 0x5A005;
    private const long UnknownNumber = 0x5A006;
    private const long DropNumber = 0x5A008;
    private const long RollbackNumber = 0x5A009;
    private const long PeriodNumber = 0x5A007;
    private const long LongHistoryNumber = 0x5A00A;
    private const long ManageNumber = 0x5A00B;
    private const long LogNumber = 0x5A00C;
    private const long InputNumber = 0x5A00D;
    private const long OfNumber = 0x5A00E;
    private const long ExecInputNumber = 0x5A00F;
    private const long ExecOutputNumber = 0x5A010;
    private const long AttachNumber = 0x5A012;
    private const long DetachNumber = 0x5A013;
    private const long StreamReadNumber = 0x5A018;
    private const long StreamWriteNumber = 0x5A019;
    private const long TraceNumber = 0x5A01A;
    private const long MemoryCheckpointNumber = 0x5A01B;
    private const long WaitNumber = 0x5A001;
    private const long AsyncFlag = 1;
    private const long TraceStart = 1;
    private const long TraceStop = 2;
    private const long TraceRead = 3;
    private const long SleepNumber = 35;
    private const long OpenNumber = 2;
    private const long SeekNumber = 8;
    private const long TruncateNumber = 77;
    private const long UnlinkNumber = 87;
    private const int SeekFromHere = 1;
    private const int MadeForWriting = 0xC1; // O_WRONLY | O_CREAT | O_EXCL
    private const int OwnerOnly = 0x180; // rw-------
    private const uint GetSettings = 0x5401; // TCGETS
    private const int SettingsBytes = 64;
    private const long ReadNumber = 0;
    private const long PollNumber = 7;
    private const long ControlNumber = 16;
    private const long AccessNumber = 21;
    private const int MayExecute = 1;
    private const uint FollowFlag = 1;

    /// <summary>write(2), repeated until everything is written or an error occurs.</summary>
    public static long Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            long written;
            fixed (byte* pointer = bytes)
                written = guest_system_call(WriteNumber, descriptor, (long)pointer, bytes.Length, 0, 0);
            if (written <= 0)
                return written;
            bytes = bytes[(int)written..];
        }
        return 0;
    }

    /// <summary>write(2), once: how much has been written.</summary>
    public static long WriteSome(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
            return guest_system_call(WriteNumber, descriptor, (long)pointer, bytes.Length, 0, 0);
    }

    /// <summary>read(2).</summary>
    public static long Read(int descriptor, byte* buffer, int bytes)
        => guest_system_call(ReadNumber, descriptor, (long)buffer, bytes, 0, 0);

    /// <summary>Waits until a descriptor can be read, or a time has passed: 1 when it can (or is at its end), 0 when not.</summary>
    public static long AwaitInput(int descriptor, int milliseconds)
    {
        // struct pollfd: the descriptor, POLLIN, and what the kernel answers.
        ulong entry = (uint)descriptor | (1UL << 32);
        return guest_system_call(PollNumber, (long)&entry, 1, milliseconds, 0, 0);
    }

    /// <summary>The same until it can be written.</summary>
    public static long AwaitRoom(int descriptor, int milliseconds)
    {
        // struct pollfd with POLLOUT.
        ulong entry = (uint)descriptor | (4UL << 32);
        return guest_system_call(PollNumber, (long)&entry, 1, milliseconds, 0, 0);
    }

    /// <summary>True when a file may be run, whose path ends with a zero.</summary>
    public static bool MayRun(ReadOnlySpan<byte> path)
    {
        fixed (byte* pointer = path)
            return guest_system_call(AccessNumber, (long)pointer, MayExecute, 0, 0, 0) == 0;
    }

    /// <summary>ioctl(2).</summary>
    public static long Control(int descriptor, uint request, void* argument)
        => guest_system_call(ControlNumber, descriptor, request, (long)argument, 0, 0);

    /// <summary>True when a descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor)
    {
        byte* settings = stackalloc byte[SettingsBytes];
        return Control(descriptor, GetSettings, settings) == 0;
    }

    /// <summary>Makes a file that must not exist yet, for its owner alone; a descriptor to write to, or a negated errno.</summary>
    public static long Create(byte* path) => guest_system_call(OpenNumber, (long)path, MadeForWriting, OwnerOnly, 0, 0);

    /// <summary>Moves a descriptor's position on.</summary>
    public static long SeekOn(int descriptor, ulong bytes)
        => guest_system_call(SeekNumber, descriptor, (long)bytes, SeekFromHere, 0, 0);

    /// <summary>ftruncate(2).</summary>
    public static long Truncate(int descriptor, ulong bytes) => guest_system_call(TruncateNumber, descriptor, (long)bytes, 0, 0, 0);

    /// <summary>unlink(2).</summary>
    public static long Remove(byte* path) => guest_system_call(UnlinkNumber, (long)path, 0, 0, 0, 0);

    /// <summary>Has something done with a group; the number of the group, or a negated errno.</summary>
    public static long Manage(GroupRequest* request) => guest_system_call(ManageNumber, (long)request, GroupRequest.Size, 0, 0, 0);

    /// <summary>
    /// Reads output of a group (a zero-terminated name) from a position on, which moves behind it; waits for some if asked to. The number
    /// of
    /// bytes; zero at the end.
    /// </summary>
    public static long Log(byte* group, ulong* position, byte* buffer, int bytes, bool waits)
        => guest_system_call(LogNumber, (long)group, (long)position, (long)buffer, bytes, waits ? FollowFlag : 0);

    /// <summary>Types on a group's console; the number of bytes taken, EAGAIN when there is no room. No bytes: its input has
    /// ended.</summary>
    public static long Input(byte* group, byte* bytes, int count) => guest_system_call(InputNumber, (long)group, (long)bytes, count, 0, 0);

    /// <summary>
    /// Gives input to a program that is run in a group; the number of bytes taken, EAGAIN when there is no room. No bytes: it has ended.
    /// </summary>
    public static long ExecInput(long number, byte* bytes, int count)
        => guest_system_call(ExecInputNumber, number, (long)bytes, count, 0, 0);

    /// <summary>
    /// What a program has written that is run in a group, and on which stream; EAGAIN when there is nothing yet, unless it is waited for.
    /// Zero: there will be no more, and the structure says why.
    /// </summary>
    public static long ExecOutput(long number, byte* buffer, int bytes, SlsOutput* about, bool waits)
        => guest_system_call(ExecOutputNumber, number, (long)buffer, bytes, (long)about, waits ? FollowFlag : 0);

    /// <summary>Takes what comes next of a stream that is sent; waits for some. Zero at the end.</summary>
    public static long StreamRead(long number, byte* buffer, int bytes)
        => guest_system_call(StreamReadNumber, number, (long)buffer, bytes, 0, 0);

    /// <summary>
    /// Gives bytes to a stream that is received; the number taken, EPIPE when no more are. No bytes: that was all, and it is waited for;
    /// the number of what was made of it.
    /// </summary>
    public static long StreamWrite(long number, byte* bytes, int count)
        => guest_system_call(StreamWriteNumber, number, (long)bytes, count, 0, 0);

    /// <summary>As <see cref="Checkpoint"/>, of a group.</summary>
    public static long CheckpointOf(byte* group, byte* name)
        => guest_system_call(OfNumber, (long)group, CheckpointNumber, (long)name, 0, 0);

    /// <summary>As <see cref="History"/>, of a group.</summary>
    public static long HistoryOf(byte* group, int index, SlsHistoryEntry* entry)
        => guest_system_call(OfNumber, (long)group, LongHistoryNumber, index, (long)entry, SlsHistoryEntry.Size);

    /// <summary>As <see cref="Drop"/>, of a group.</summary>
    public static long DropOf(byte* group, byte* name) => guest_system_call(OfNumber, (long)group, DropNumber, (long)name, 0, 0);

    /// <summary>Sets the checkpoint period of a group.</summary>
    public static long PeriodOf(byte* group, ulong nanoseconds)
        => guest_system_call(OfNumber, (long)group, PeriodNumber, (long)nanoseconds, 0, 0);

    /// <summary>Attaches a process, or detaches it: of the caller's group (null), or of another.</summary>
    public static long Attach(byte* group, int process, bool isDetached)
    {
        long number = isDetached ? DetachNumber : AttachNumber;
        return group == null
            ? guest_system_call(number, process, 0, 0, 0, 0)
            : guest_system_call(OfNumber, (long)group, number, process, 0, 0);
    }

    /// <summary>
    /// Has the kernel tell what it does; calls and the like when they take so long. The position of the first event, or a negated errno.
    /// </summary>
    public static long StartTrace(ulong shortestNanoseconds, bool tellsFaults)
        => guest_system_call(TraceNumber, TraceStart, (long)shortestNanoseconds, tellsFaults ? 1 : 0, 0, 0);

    /// <summary>Ends the trace that began at a position.</summary>
    public static long StopTrace(ulong first) => guest_system_call(TraceNumber, TraceStop, (long)first, 0, 0, 0);

    /// <summary>
    /// What has been told from a position on, which moves behind it: how many; zero when there is no more. Who asks for none says that
    /// somebody listens.
    /// </summary>
    public static long ReadTrace(ulong* position, TraceEvent* events, int most)
        => guest_system_call(TraceNumber, TraceRead, 0, (long)position, (long)events, most);

    /// <summary>nanosleep(2).</summary>
    public static void Sleep(ulong seconds)
    {
        // struct timespec.
        ulong* time = stackalloc ulong[2];
        time[0] = seconds;
        time[1] = 0;
        guest_system_call(SleepNumber, (long)time, 0, 0, 0, 0);
    }

    public static void Exit(int status) => guest_system_call(ExitGroupNumber, status, 0, 0, 0, 0);

    /// <summary>Takes a checkpoint, named by a zero-terminated string unless null, and returns its epoch once durable.</summary>
    public static long Checkpoint(byte* name) => guest_system_call(CheckpointNumber, (long)name, 0, 0, 0, 0);

    /// <summary>
    /// Makes the memory of one mapping durable, and nothing else of the group (sls_memckpt); its epoch, once it is, or at once without
    /// waiting.
    /// </summary>
    public static long CheckpointMemory(void* address, bool waits = true)
        => guest_system_call(MemoryCheckpointNumber, (long)address, waits ? 0 : AsyncFlag, 0, 0, 0);

    /// <summary>Waits until an epoch is durable.</summary>
    public static long AwaitEpoch(ulong epoch) => guest_system_call(WaitNumber, (long)epoch, 0, 0, 0, 0);

    public static long Statistics(SlsStatistics* statistics)
        => guest_system_call(StatisticsNumber, (long)statistics, SlsStatistics.Size, 0, 0, 0);

    public static long Sample(int index, CheckpointSample* sample) => guest_system_call(SampleNumber, index, (long)sample, 0, 0, 0);

    public static long History(int index, SlsHistoryEntry* entry)
        => guest_system_call(LongHistoryNumber, index, (long)entry, SlsHistoryEntry.Size, 0, 0);

    /// <summary>Gives up a named checkpoint (a zero-terminated name).</summary>
    public static long Drop(byte* name) => guest_system_call(DropNumber, (long)name, 0, 0, 0, 0);

    /// <summary>Restarts the machine from a checkpoint: a name, or an epoch in decimal. Returns only when it cannot.</summary>
    public static long Rollback(byte* target) => guest_system_call(RollbackNumber, (long)target, 0, 0, 0, 0);

    public static long Group(int index, SlsGroup* group) => guest_system_call(GroupNumber, index, (long)group, 0, 0, 0);

    public static long Unknown(int index, SlsUnknownCall* call) => guest_system_call(UnknownNumber, index, (long)call, 0, 0, 0);

    [DllImport("*"), SuppressGCTransition]
    private static extern long guest_system_call(long number, long a, long b, long c, long d, long e);
}
