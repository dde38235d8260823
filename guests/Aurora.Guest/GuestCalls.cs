using System;
using System.Runtime.InteropServices;
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
    private const long LongHistoryNumber = 0x5A00A;

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

    public static void Exit(int status) => guest_system_call(ExitGroupNumber, status, 0, 0, 0, 0);

    /// <summary>Takes a checkpoint, named by a zero-terminated string unless null, and returns its epoch once durable.</summary>
    public static long Checkpoint(byte* name) => guest_system_call(CheckpointNumber, (long)name, 0, 0, 0, 0);

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
