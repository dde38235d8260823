using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>A region there is, in memory or not. Entries are in the order of their addresses. Protected by the kernel lock.</summary>
internal unsafe struct RegionEntry
{
    public const int MaxNameBytes = 63;

    /// <summary>Persists whose failure is known one by one.</summary>
    public const int KnownRefusals = 8;

    [InlineArray(KnownRefusals)]
    public struct RefusalArray
    {
        private RegionRefusal _first;
    }

    /// <summary>In memory: the pages, and who waits.</summary>
    public Region Memory;

    // In RegionTable: by address, by number and by name; those in memory.
    public RegionEntry* Next;
    public RegionEntry* NextOfNumber;
    public RegionEntry* NextOfName;
    public RegionEntry* NextOpen;

    public ulong Volume;
    public RegionRecord Record;

    /// <summary>Its record cannot be read, or makes no sense: it is refused until it is deleted.</summary>
    public bool IsDamaged;

    /// <summary>Damaged for now: the device did not deliver its record. It is tried again when the machine starts.</summary>
    public bool IsUnread;
    public bool IsOpen;

    /// <summary>Its index among groups, in memory.</summary>
    public ushort Group;

    /// <summary>Its size is being changed, what is dirty is being given up, or it is about to go: nothing is persisted.</summary>
    public bool IsBusy;

    /// <summary>One of its persists is on its way into the log.</summary>
    public bool IsSubmitting;

    /// <summary>The last look at the queue that has passed one of its persists over.</summary>
    public ulong PassedOver;

    /// <summary>Persists that are neither durable nor given back.</summary>
    public int Persists;

    /// <summary>Of these, those that are going to be refused with what they are one with.</summary>
    public int Doomed;

    /// <summary>Fibers that are about to open it, and answers with it that nobody has fetched: it must stay.</summary>
    public int Users;

    // What RegionNumbers knows.
    public ulong Given;
    public ulong Submitted;
    public ulong Durable;
    public ulong Committed;
    public ulong Base;
    public ulong AtOpening;
    public ulong SoundAtOpening;
    public ulong RefusedThrough;

    /// <summary>A commit that opens is on its way; why the last one was refused, until somebody has been told.</summary>
    public bool IsBeingOpened;
    public Errno OpeningError;

    public RefusalArray Refusals;
    public int RefusalCount;

    /// <summary>Of persists up to here it is not known any more whether they were refused.</summary>
    public ulong ForgottenThrough;

    public int NameLength;
    public fixed byte NameBytes[MaxNameBytes + 1];

    public readonly VolumeId VolumeId => new(Volume);

    public readonly ulong End => Record.Address + (Record.SpanPages << PageSize.Shift);

    /// <summary>Whoever may open it.</summary>
    public readonly bool BelongsTo(uint user, bool isPrivileged) => isPrivileged || user == Record.User;
}

/// <summary>Persists that were refused together: from the first to the last, and why.</summary>
internal struct RegionRefusal
{
    public ulong First;
    public ulong Last;
    public Errno Error;
}

/// <summary>A persist on its way, or with IsOpening a commit that opens.</summary>
internal unsafe struct RegionPersist
{
    public RegionPersist* Next;
    public RegionEntry* Entry;
    public ulong Number;
    public bool IsOpening;
    public RegionFlight Flight;

    /// <summary>Which are persisted as one, side by side in the queue; 0: one by itself.</summary>
    public ulong Together;

    /// <summary>Out of the queue: the next of those that are persisted as one, and of the first how many they are.</summary>
    public RegionPersist* NextJoined;
    public int Joined;

    /// <summary>Of the first: whoever submits them waits for the device.</summary>
    public bool IsSlow;

    /// <summary>Another of those that it is one with has been refused.</summary>
    public StoreStatus RefusedWith;
    public StoreCommit* Commit;
    public LargeCommit* Large;
}
