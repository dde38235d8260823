// Futexes: threads that wait for a word of memory to change. A waiter is known by what its word is: a byte of a VM object for shared memory, an
// address of an address space otherwise. Both are named by their ids, which are never used again: what has ended matches nothing. Waiters hang
// in hashed wait queues. What a waiter waits for is in its call (Extra0 and Extra1 the key, Progress the bits), so that a requeued one is
// captured where it is; a restore puts those that slept back into their queues without looking at any word. A waker marks whom it wakes (Phase
// 2 of the waiter's call), so that a wake-up survives a checkpoint and is told apart from any other. Protected by the kernel lock.
//
// The deadline of a waiter until a moment of real time is that moment on that clock, which Progress says beside the bits: when real time is
// set or jumps, nothing changes but when the waiter is due.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>What a futex word is, whoever looks at it.</summary>
public struct FutexKey
{
    /// <summary>In the place of an id: the number of a region.</summary>
    public const ulong RegionBit = 1UL << 61;

    /// <summary>The VM object or the address space; ids are those of a group. Of a region its number, with a bit.</summary>
    public ObjectId Owner;
    public ushort Group;

    /// <summary>The byte within it.</summary>
    public ulong Offset;

    public readonly bool Equals(in FutexKey other) => Owner == other.Owner && Group == other.Group && Offset == other.Offset;
}

/// <summary>All waiting threads by futex.</summary>
public sealed unsafe class FutexTable : WaitRestorer
{
    /// <summary>The phase of a FUTEX_WAIT call that has been woken.</summary>
    public const byte Woken = 2;

    // In Progress, above the bits. Waits saved by versions without it have their deadline on the monotonic clock.
    private const ulong UntilRealtime = 1UL << 32;

    private const int BucketCount = 256;

    private readonly WaitQueue* _buckets;
    private readonly ThreadScheduler _scheduler;
    private readonly TrackedObjects _tracked;
    private readonly GroupClocks _clocks;

    public FutexTable(PageAllocator pages, ThreadScheduler scheduler, TrackedObjects tracked, GroupClocks clocks)
    {
        _buckets = (WaitQueue*)pages.Allocate((int)PageSize.PagesFor((ulong)(BucketCount * sizeof(WaitQueue))));
        Panic.Unless(_buckets != null, "futex: no memory for the table"u8);
        _scheduler = scheduler;
        _tracked = tracked;
        _clocks = clocks;
    }

    /// <summary>The identity of a word of an address space.</summary>
    public FutexKey KeyOf(AddressSpace* space, ulong address, bool isPrivate)
    {
        if (!isPrivate)
        {
            Mapping* mapping = MappingTable.Find(space, new VirtualAddress(address));
            if (mapping != null && mapping->IsShared)
            {
                ulong offset = (mapping->PageAt(new VirtualAddress(address)) << PageSize.Shift) | (address & PageSize.OffsetMask);
                Region* region = mapping->Object->Region;
                ObjectId owner = region == null ? mapping->Object->Header.Id : new ObjectId(FutexKey.RegionBit | region->Number);
                return new FutexKey { Owner = owner, Group = space->Header.Group, Offset = offset };
            }
        }
        return new FutexKey { Owner = space->Header.Id, Group = space->Header.Group, Offset = address };
    }

    /// <summary>Registers a thread as a waiter; it then blocks.</summary>
    public void Enter(Thread* thread, in FutexKey key, uint bitset)
    {
        thread->Call.Phase = CallContinuation.FutexWaiting;
        thread->Call.Progress = (thread->Call.Progress & UntilRealtime) | bitset;
        Describe(ref thread->Call, in key);
        _scheduler.BlockOn(thread, BucketOf(in key));
        if (thread->Call.DeadlineNanoseconds != 0)
            _scheduler.BlockUntil(thread, MonotonicDeadline(thread));
    }

    /// <summary>Gives a call that is about to wait its deadline, on the clock it was given for.</summary>
    public static void SetDeadline(Thread* thread, ulong nanoseconds, bool isRealtime)
    {
        thread->Call.DeadlineNanoseconds = nanoseconds;
        thread->Call.Progress = isRealtime ? UntilRealtime : 0;
    }

    /// <summary>True when the deadline of a waiter, or of a call that is about to wait, has passed.</summary>
    public bool IsLate(Thread* thread) => Now(thread) >= thread->Call.DeadlineNanoseconds;

    /// <summary>Real time has been set: a waiter that waits for a moment of it is due at another time.</summary>
    public void RealtimeChanged(Thread* thread)
    {
        bool waits = ThreadScheduler.MustSleepOn(thread);
        // One without a place in a queue looks again in a moment, and then goes by the new time.
        if (!waits || thread->Waits == null || thread->Call.DeadlineNanoseconds == 0 || !IsUntilRealtime(thread))
            return;
        _scheduler.Disarm(&thread->Deadline);
        _scheduler.BlockUntil(thread, MonotonicDeadline(thread));
    }

    /// <inheritdoc/>
    public override void Restore(Thread* thread)
    {
        var key = new FutexKey
        {
            Owner = new ObjectId(thread->Call.Extra0), Group = thread->Header.Group, Offset = thread->Call.Extra1,
        };
        Enter(thread, in key, (uint)thread->Call.Progress);
    }

    /// <summary>Wakes up to <paramref name="limit"/> waiters whose bits match, longest waiting first, and returns how many.</summary>
    public int Wake(in FutexKey key, int limit, uint bitset)
    {
        int woken = 0;
        WaitEntry* entry = BucketOf(in key)->First;
        while (entry != null && woken < limit)
        {
            Thread* thread = (Thread*)entry->Owner;
            entry = entry->Next;
            if (!Waits(thread, in key) || ((uint)thread->Call.Progress & bitset) == 0)
                continue;
            // A checkpoint may come before the thread runs: the wake-up must be in it.
            thread->Call.Phase = Woken;
            _tracked.MarkChanged(&thread->Header);
            _scheduler.Wake(thread);
            woken++;
        }
        return woken;
    }

    /// <summary>Wakes waiters of a word whether they see it as private or shared.</summary>
    public int Wake(AddressSpace* space, ulong address, int limit)
    {
        FutexKey mine = KeyOf(space, address, true);
        int woken = Wake(in mine, limit, uint.MaxValue);
        FutexKey shared = KeyOf(space, address, false);
        return shared.Equals(in mine) || woken >= limit ? woken : woken + Wake(in shared, limit - woken, uint.MaxValue);
    }

    /// <summary>Moves up to <paramref name="limit"/> waiters to another futex without waking them, and returns how many.</summary>
    public int Requeue(in FutexKey from, in FutexKey to, int limit)
    {
        Panic.Unless(!from.Equals(in to), "futex: requeued to itself"u8);
        int moved = 0;
        WaitEntry* entry = BucketOf(in from)->First;
        while (entry != null && moved < limit)
        {
            Thread* thread = (Thread*)entry->Owner;
            entry = entry->Next;
            if (!Waits(thread, in from))
                continue;
            Describe(ref thread->Call, in to);
            _tracked.MarkChanged(&thread->Header);
            _scheduler.MoveWaiter(thread, BucketOf(in to));
            moved++;
        }
        return moved;
    }

    /// <summary>True for a thread that waits for a futex.</summary>
    public bool IsWaiter(Thread* thread, in FutexKey key) => thread->Call.IsFutexWait && Waits(thread, in key);

    private static bool IsUntilRealtime(Thread* thread) => (thread->Call.Progress & UntilRealtime) != 0;

    private ulong Now(Thread* thread)
    {
        GroupClock clock = _clocks.Of(&thread->Header);
        return IsUntilRealtime(thread) ? clock.RealtimeNanoseconds : clock.MonotonicNanoseconds;
    }

    private ulong MonotonicDeadline(Thread* thread)
    {
        ulong deadline = thread->Call.DeadlineNanoseconds;
        ulong now = Now(thread);
        return _clocks.Of(&thread->Header).MonotonicNanoseconds + (deadline > now ? deadline - now : 0);
    }

    // Only a sleeping thread is a waiter: one that is on its way in or out is not on the queue in earnest.
    private static bool Waits(Thread* thread, in FutexKey key)
        => thread->Call.Extra0 == key.Owner.Value && thread->Call.Extra1 == key.Offset
            && thread->Header.Group == key.Group && thread->State == ThreadState.Blocked;

    private static void Describe(ref CallContinuation call, in FutexKey key)
    {
        call.Extra0 = key.Owner.Value;
        call.Extra1 = key.Offset;
    }

    private WaitQueue* BucketOf(in FutexKey key)
    {
        ulong hash = GroupHash.Of(key.Group, key.Owner.Value ^ (key.Offset << 20) ^ (key.Offset >> 2));
        return &_buckets[hash % BucketCount];
    }
}
