// Regions for programs in C# (docs/api.md): the calls of guests/include/aurora.h, with its numbers and errors.
using System;
using System.Runtime.InteropServices;
using Aurora.Posix.Persistence;

namespace Aurora.Guest;

/// <summary>What is known of a region, as the kernel fills it in (struct msnap_info).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct RegionInformation
{
    /// <summary>In bytes.</summary>
    public const int Size = 128;

    private const int NameBytes = 64;

    public RegionStatus Status;

    private fixed byte _name[NameBytes];

    /// <summary>The name; of what a pointer leads to, which stays.</summary>
    public static ReadOnlySpan<byte> NameOf(RegionInformation* about)
        => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(about->_name);
}

/// <summary>How a region is shown (MS_CREATE, MS_EXCL, MS_RDONLY).</summary>
[Flags]
public enum RegionMode : uint
{
    Existing = 0,

    /// <summary>Made, with zeroes, if there is none.</summary>
    Create = 1,

    /// <summary>With <see cref="Create"/>: there must be none.</summary>
    Exclusive = 2,
    ReadOnly = 4,
}

/// <summary>How a persist or an abort is done (MS_ASYNC, MS_GLOBAL).</summary>
[Flags]
public enum PersistMode : uint
{
    /// <summary>Of the caller's pages; returns when it is durable.</summary>
    Own = 0,

    /// <summary>Returns at once.</summary>
    Async = 1,

    /// <summary>Of the pages of all threads of all programs.</summary>
    Global = 2,
}

/// <summary>
/// Memory that a program makes durable itself, a transaction at a time. Names end with a zero; results below zero are negated errno values.
/// </summary>
public static unsafe class RegionCalls
{
    private const long OpenNumber = 0x5A020;
    private const long PersistNumber = 0x5A021;
    private const long WaitNumber = 0x5A022;
    private const long AbortNumber = 0x5A023;
    private const long ResizeNumber = 0x5A024;
    private const long DeleteNumber = 0x5A025;
    private const long CloneNumber = 0x5A026;
    private const long ListNumber = 0x5A027;
    private const long NotifyNumber = 0x5A028;
    private const long RollbackNumber = 0x5A029;
    private const long HistoryNumber = 0x5A02A;
    private const long SendNumber = 0x5A02B;
    private const long ReceiveNumber = 0x5A02C;

    /// <summary>Shows a region at its address: its number.</summary>
    public static long Open(byte* name, out byte* address, ulong bytes, RegionMode mode)
    {
        byte* at = null;
        long number = guest_system_call(OpenNumber, (long)name, (long)&at, (long)bytes, (uint)mode, 0);
        address = at;
        return number;
    }

    /// <summary>Makes dirty pages durable, all or none: the epoch. Region -1: of all in which the caller has some, as one.</summary>
    public static long Persist(long region, PersistMode mode = PersistMode.Own)
        => guest_system_call(PersistNumber, region, (uint)mode, 0, 0, 0);

    /// <summary>Returns when an epoch is durable.</summary>
    public static long Wait(long region, ulong epoch) => guest_system_call(WaitNumber, region, (long)epoch, 0, 0, 0);

    /// <summary>Brings back what was persisted last.</summary>
    public static long Abort(long region, PersistMode mode = PersistMode.Own)
        => guest_system_call(AbortNumber, region, (uint)mode, 0, 0, 0);

    /// <summary>Sets the length in bytes, durably.</summary>
    public static long Resize(long region, ulong bytes) => guest_system_call(ResizeNumber, region, (long)bytes, 0, 0, 0);

    /// <summary>Ends a region that nobody shows.</summary>
    public static long Delete(byte* name) => guest_system_call(DeleteNumber, (long)name, 0, 0, 0, 0);

    /// <summary>A new region with the state of an epoch (0: the last persist), at the same address.</summary>
    public static long Clone(byte* name, ulong epoch, byte* target)
        => guest_system_call(CloneNumber, (long)name, (long)epoch, (long)target, 0, 0);

    /// <summary>A region that nobody shows becomes what it was after a persist, durably.</summary>
    public static long Rollback(byte* name, ulong epoch) => guest_system_call(RollbackNumber, (long)name, (long)epoch, 0, 0, 0);

    /// <summary>The next states behind an epoch that can be cloned and gone back to: how many, 0 for no more.</summary>
    public static long History(byte* name, ulong after, RegionEpoch* epochs, int count)
        => guest_system_call(HistoryNumber, (long)name, (long)after, (long)epochs, count, 0);

    /// <summary>
    /// The number of a stream with the state of an epoch (0: the last persist), or what differs from another before (0: none); it is read
    /// with StreamRead.
    /// </summary>
    public static long Send(byte* name, ulong epoch, ulong since)
        => guest_system_call(SendNumber, (long)name, (long)epoch, (long)since, 0, 0);

    /// <summary>The number of a stream that is written with StreamWrite, of which a new region is made.</summary>
    public static long Receive(byte* name) => guest_system_call(ReceiveNumber, (long)name, 0, 0, 0, 0);

    /// <summary>The index-th region of the caller, or of all: begin with 0; ENOENT past the last.</summary>
    public static long List(int index, RegionInformation* about)
        => guest_system_call(ListNumber, index, (long)about, RegionInformation.Size, 0, 0);

    /// <summary>The signal (0: none) that tells of a region that is not what it was, when the program continues; the one before.</summary>
    public static long Notify(int signal) => guest_system_call(NotifyNumber, signal, 0, 0, 0, 0);

    [DllImport("*"), SuppressGCTransition]
    private static extern long guest_system_call(long number, long a, long b, long c, long d, long e);
}
