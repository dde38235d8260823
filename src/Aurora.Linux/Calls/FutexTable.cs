// Futexes: threads that wait for a word of memory to change. A waiter is known by what its word is: a page of a VM object for shared memory, an
// address of an address space otherwise. Waiters hang in hashed wait queues; a waker marks whom it wakes (Phase 2 of the waiter's call), so
// that a wake-up survives a checkpoint and is told apart from any other wake-up. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>What a futex word is, whoever looks at it.</summary>
public struct FutexKey
{
    /// <summary>The address of the VM object or of the address space; an identity, never followed.</summary>
    public ulong Owner;

    /// <summary>The byte within it.</summary>
    public ulong Offset;

    public readonly bool Equals(in FutexKey other) => Owner == other.Owner && Offset == other.Offset;
}

/// <summary>All waiting threads by futex.</summary>
public sealed unsafe class FutexTable
{
    /// <summary>The phase of a FUTEX_WAIT call that has been woken.</summary>
    public const byte Woken = 2;

    private const int BucketCount = PageSize.Bytes / 16;

    private readonly WaitQueue* _buckets;
    private readonly ThreadScheduler _scheduler;
    private readonly MemoryManager _memory;
    private readonly ObjectTracker _tracker;

    public FutexTable(PageAllocator pages, ThreadScheduler scheduler, MemoryManager memory, ObjectTracker tracker)
    {
        _buckets = (WaitQueue*)pages.Allocate(1);
        Panic.Unless(_buckets != null && sizeof(WaitQueue) == 16, "futex: no memory for the table"u8);
        _scheduler = scheduler;
        _memory = memory;
        _tracker = tracker;
    }

    /// <summary>The identity of a word of an address space.</summary>
    public FutexKey KeyOf(AddressSpace* space, ulong address, bool isPrivate)
    {
        if (!isPrivate)
        {
            Mapping* mapping = _memory.FindMapping(space, new VirtualAddress(address));
            if (mapping != null && mapping->IsShared)
            {
                ulong offset = (mapping->PageAt(new VirtualAddress(address)) << PageSize.Shift) | (address & PageSize.OffsetMask);
                return new FutexKey { Owner = (ulong)mapping->Object, Offset = offset };
            }
        }
        return new FutexKey { Owner = (ulong)space, Offset = address };
    }

    /// <summary>Registers a thread as a waiter; it then blocks.</summary>
    public void Enter(Thread* thread, in FutexKey key, uint bitset)
    {
        thread->FutexOwner = key.Owner;
        thread->FutexOffset = key.Offset;
        thread->FutexBitset = bitset;
        _scheduler.BlockOn(thread, BucketOf(in key));
    }

    /// <summary>Wakes up to <paramref name="limit"/> waiters whose bits match, longest waiting first, and returns how many.</summary>
    public int Wake(in FutexKey key, int limit, uint bitset)
    {
        int woken = 0;
        WaitEntry* entry = BucketOf(in key)->First;
        while (entry != null && woken < limit)
        {
            Thread* thread = (Thread*)entry->Thread;
            entry = entry->Next;
            if (!Waits(thread, in key) || (thread->FutexBitset & bitset) == 0)
                continue;
            // A checkpoint may come before the thread runs: the wake-up must be in it.
            thread->Call.Phase = Woken;
            _tracker.MarkChanged(&thread->Header);
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
        int moved = 0;
        WaitEntry* entry = BucketOf(in from)->First;
        while (entry != null && moved < limit && !from.Equals(in to))
        {
            Thread* thread = (Thread*)entry->Thread;
            entry = entry->Next;
            if (!Waits(thread, in from))
                continue;
            thread->FutexOwner = to.Owner;
            thread->FutexOffset = to.Offset;
            _scheduler.MoveWaiter(thread, BucketOf(in to));
            moved++;
        }
        return moved;
    }

    // Only a sleeping thread is a waiter: one that is on its way in or out is not on the queue in earnest.
    private static bool Waits(Thread* thread, in FutexKey key)
        => thread->FutexOwner == key.Owner && thread->FutexOffset == key.Offset && thread->State == ThreadState.Blocked;

    private WaitQueue* BucketOf(in FutexKey key)
    {
        ulong hash = (key.Owner ^ (key.Offset >> 2)) * 0x9E3779B97F4A7C15;
        return &_buckets[(hash >> 32) % BucketCount];
    }
}
