// Regions as system calls see them (msnap_* in guests/include/aurora.h). What needs the store, or takes long, is done by a fiber: the call
// gets a ticket, waits (Await) and fetches the answer. None of it is saved: after a restart the call asks again.
using System;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Persistence;

/// <summary>What is asked for with a region.</summary>
public enum RegionRequestKind : byte
{
    Open,
    Resize,
    Delete,
    Clone,
    List,
    Abort,
    Rollback,
    History,

    /// <summary>The ticket is then the number of a stream that goes out or comes in (<see cref="StreamService"/>).</summary>
    Send,
    Receive,
}

/// <summary>A state of a region that can be cloned or gone back to (struct msnap_epoch).</summary>
public struct RegionEpoch
{
    public ulong Epoch;
    public ulong RealtimeNanoseconds;
}

/// <summary>Something that is asked for with a region.</summary>
public unsafe struct RegionRequest
{
    /// <summary>The longest name, in bytes.</summary>
    public const int MaxNameBytes = 63;

    public RegionRequestKind Kind;

    /// <summary>The region by its number, instead of a name; zero: by its name.</summary>
    public ulong Number;

    /// <summary>Open: makes the region if there is none; there must be none.</summary>
    public bool MayCreate;
    public bool IsExclusive;

    /// <summary>Abort: what all threads have changed.</summary>
    public bool IsOfAll;

    /// <summary>Who asks, whether everything is his, and whether he may make what stays.</summary>
    public bool IsPrivileged;
    public bool IsAdministrator;
    public uint User;

    /// <summary>Open, for one that is made; Resize.</summary>
    public ulong Pages;

    /// <summary>
    /// Clone, Rollback, Send: the persist whose state it gets, or that is sent; Clone, Send: zero for the last one. History: the states
    /// behind this one.
    /// </summary>
    public ulong Epoch;

    /// <summary>Send: the persist whose state the receiver has already; zero for none.</summary>
    public ulong Since;
    public int NameLength;
    public int TargetLength;
    public fixed byte Name[MaxNameBytes];
    public fixed byte Target[MaxNameBytes];

    public Span<byte> NameBytes => System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref Name[0], NameLength);

    /// <summary>Clone, Receive: the name of what is made.</summary>
    public Span<byte> TargetBytes => System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref Target[0], TargetLength);

    /// <summary>Sets a name; it is not longer than may be.</summary>
    public void SetName(ReadOnlySpan<byte> name)
    {
        NameLength = name.Length;
        name.CopyTo(NameBytes);
    }

    /// <summary>As above, of what is made.</summary>
    public void SetTarget(ReadOnlySpan<byte> name)
    {
        TargetLength = name.Length;
        name.CopyTo(TargetBytes);
    }
}

/// <summary>What is known of a region (struct msnap_info begins with it).</summary>
public struct RegionStatus
{
    /// <summary>What the calls name it by.</summary>
    public ulong Number;
    public ulong Address;
    public ulong Bytes;

    /// <summary>What it may grow to.</summary>
    public ulong SpanBytes;

    /// <summary>The last persist that is durable, and the last that was begun and not refused; only of one in memory.</summary>
    public ulong Durable;
    public ulong Taken;

    /// <summary>Bytes that are not persisted.</summary>
    public ulong DirtyBytes;
    public uint User;

    /// <summary>1: in memory; 2: damaged.</summary>
    public uint Flags;
}

/// <summary>Regions: what threads do with them.</summary>
public abstract unsafe class RegionService
{
    /// <summary>
    /// Asks for something. Ok: it is done, and a region that was to be opened is in memory until the kernel waits. EAGAIN: wait, and fetch
    /// the answer with the ticket, which the thread keeps in <see cref="CallContinuation.Progress"/>. ENOMEM.
    /// </summary>
    public abstract Errno Ask(Thread* thread, in RegionRequest request, out ulong ticket, out Region* region);

    /// <summary>
    /// What has become of what a thread has asked for, as above; EAGAIN until it is done, ESRCH when nobody knows of it, as after a
    /// restart.
    /// </summary>
    public Errno Answer(Thread* thread, ulong ticket, out Region* region) => Answer(thread, ticket, out region, default, out _);

    /// <summary>So many states are told in one answer at most.</summary>
    public const int MostEpochs = 8;

    /// <summary>
    /// As above; for <see cref="RegionRequestKind.History"/> also the next states, by their epochs, which rise; none past the last. There
    /// is room for <see cref="MostEpochs"/>, or for none.
    /// </summary>
    public abstract Errno Answer(Thread* thread, ulong ticket, out Region* region, Span<RegionEpoch> epochs, out int count);

    /// <summary>Puts a thread on the queue that is woken when something that was asked for has been done.</summary>
    public abstract void Await(Thread* thread);

    /// <summary>The region that a number means, in memory; null when it is not there.</summary>
    public abstract Region* Find(ulong number);

    /// <summary>
    /// Begins to persist a thread's pages of a region, or with null everybody's: the number of the persist, or of the last one of these
    /// pages if nothing is dirty. If nobody waits for it the caller runs on first. EAGAIN: wait on the region's queue. ENOMEM, ENOSPC, EIO.
    /// </summary>
    public abstract Errno Persist(Region* region, RegionWriter* writer, bool isWaitedFor, out ulong epoch);

    /// <summary>
    /// False while pages of a refused persist, or of one that is going to be refused with another, are not back with who made them dirty.
    /// </summary>
    public abstract bool IsSettled(Region* region);

    /// <summary>So many regions can be persisted as one.</summary>
    public const int MostTogether = 8;

    /// <summary>
    /// As <see cref="Persist"/>, of different regions in all of which something is dirty, as one: durable in all of them, or in none. The
    /// number is that of the first. EAGAIN: wait on the queue of <paramref name="awaited"/>.
    /// </summary>
    public abstract Errno PersistTogether(
        Region** regions, int count, RegionWriter* writer, bool isWaitedFor, out ulong epoch, out Region* awaited);

    /// <summary>
    /// Ok: it is durable. EAGAIN: wait on the region's queue. EINVAL: there is no such persist. ECANCELED: it was lost with the machine.
    /// ESTALE: it is so old that it is not known whether it was refused. Any other: why it was refused.
    /// </summary>
    public abstract Errno StateOf(Region* region, ulong epoch);

    /// <summary>What is known of a region in memory.</summary>
    public abstract RegionStatus StatusOf(Region* region);

    /// <summary>
    /// The index-th region of a user, or with privilege of all there are, its name copied; false past the last one. To be asked after <see
    /// cref="RegionRequestKind.List"/>.
    /// </summary>
    public abstract bool Read(
        int index, uint user, bool isPrivileged, out RegionStatus status, Span<byte> name, out int nameLength);
}
