// A commit while it is built and until it is durable. It lives in one of a fixed number of slots; its operations, device requests and log blocks
// live in pages of its own, of which the first few stay with the slot, so that small commits ask the page allocator for nothing.
using Aurora.Base;

namespace Aurora.Store;

internal enum CommitState : byte
{
    Unused,
    Building,

    /// <summary>Has its place in the order; writes are on their way.</summary>
    Submitted,

    /// <summary>All its writes have completed.</summary>
    Written,
    Durable,
    Failed,
}

/// <summary>A set of changes that becomes durable as a whole or not at all. Opaque: use the methods of <see cref="ObjectStore"/>.</summary>
public unsafe struct StoreCommit
{
    internal CommitState State;
    internal bool IsOrdered;
    internal bool IsWatermark;

    /// <summary>Its data has not gone to the device: it goes with the record (<see cref="CommitData"/>).</summary>
    internal bool HoldsData;

    /// <summary>Part of a large commit: its volume is the hidden one.</summary>
    internal bool IsPart;

    /// <summary>A fiber is waiting for the device on the commit's behalf; others wait in Waiters.</summary>
    internal bool IsDriven;
    internal bool IsReleased;

    /// <summary>Nobody waits for it: its slot is free as soon as it is durable.</summary>
    internal bool IsForgotten;

    /// <summary>It has a claim on space (<see cref="CommitClaims"/>).</summary>
    internal bool IsClaimed;

    /// <summary>Its changes are in a layer apart already, or are to be (<see cref="LayerBuilder"/>).</summary>
    internal bool IsApart;

    /// <summary>It has an operation that takes something away.</summary>
    internal bool Removes;

    /// <summary>The first failure while building; Submit returns it.</summary>
    internal StoreStatus Status;
    internal ulong Volume;

    /// <summary>Fibers that are looking at the commit; the slot is not reused before they are done.</summary>
    internal int Users;
    internal ulong Sequence;
    internal ulong LogPosition;
    internal ulong DataPages;

    /// <summary>Pages that it has claimed a block for, and not got one yet.</summary>
    internal ulong UnassignedPages;
    internal ulong Operations;

    /// <summary>The range of the objects it names.</summary>
    internal ulong LowestObject;
    internal ulong HighestObject;
    internal NamedObjects Named;

    /// <summary>The objects of its operations, once it has a clone of one of them.</summary>
    internal CommitObjects Objects;
    internal bool HasClones;

    /// <summary>An upper bound for what applying it takes of a layer's arena, clones excluded.</summary>
    internal ulong LayerBytes;

    /// <summary>What its changes may cost in nodes, clones excluded.</summary>
    internal ChangeCounts Changes;
    internal CommitInfo Info;
    internal CommitMemory* FirstMemory;
    internal CommitMemory* LastMemory;
    internal CommitOperation* FirstOperation;
    internal CommitOperation* LastOperation;
    internal CommitRequest* FirstData;
    internal CommitRequest* LastData;

    /// <summary>Of an ordered commit: the first request that is still waited for, and the pages from there on.</summary>
    internal CommitRequest* FirstUnderWay;
    internal ulong PagesUnderWay;
    internal CommitRequest* FirstLog;
    internal CommitRequest* LastLog;
    internal LogPage* FirstLogPage;
    internal LogPage* LastLogPage;
    internal int LogPages;
    internal StoreCommit* NextInFlight;

    /// <summary>The commit of another volume that is submitted with it and has the next place in the log.</summary>
    internal StoreCommit* NextJoined;

    /// <summary>So many of those that are submitted with it have claims.</summary>
    internal int JoinedClaims;

    /// <summary>The next in line to be prepared or to take its turn, and its place there.</summary>
    internal StoreCommit* NextInLine;
    internal ulong PlaceInLine;
    internal FiberQueue Waiters;

    /// <summary>What it spent its time with, as far as is known.</summary>
    public CommitTimes Times;

    /// <summary>The commit's place in the order of all commits; 0 before Submit.</summary>
    public readonly ulong SequenceNumber => Sequence;

    /// <summary>Its volume ends.</summary>
    internal readonly bool DropsVolume => FirstOperation != null && FirstOperation->Kind == LogEntryKind.DropVolume;

    /// <summary>It finishes a large commit.</summary>
    internal readonly bool TakesVolume => FirstOperation != null && FirstOperation->Kind == LogEntryKind.TakeVolume;

    /// <summary>It changes objects of its volume, or the volume itself; not only which checkpoints are kept.</summary>
    internal readonly bool ChangesState
        => Changes.Objects != 0 || (FirstOperation != null && FirstOperation->Kind >= LogEntryKind.Rollback);

    /// <summary>Pages of data written by the checkpoint that it makes.</summary>
    internal readonly ulong CheckpointPages => DataPages + (TakesVolume ? FirstOperation->Block : 0);

    /// <summary>Its volume is new.</summary>
    internal readonly bool MakesVolume
        => FirstOperation != null && FirstOperation->Kind is (LogEntryKind.CreateVolume or LogEntryKind.CloneVolume);
}

/// <summary>What a commit spent its time with, by the clock of the fibers.</summary>
public struct CommitTimes
{
    /// <summary>When all its pages had been summed and their writes started; zero when it has none.</summary>
    public ulong SummedNanoseconds;

    /// <summary>How long the FLUSHes took that made it durable.</summary>
    public ulong FlushNanoseconds;
}

/// <summary>A chunk of a commit's memory.</summary>
internal unsafe struct CommitMemory
{
    public const int Pages = 4;

    public CommitMemory* Next;
    public int Used;
    public int Reserved;
}

/// <summary>One operation; record payloads follow in the same allocation.</summary>
internal unsafe struct CommitOperation
{
    public CommitOperation* Next;
    public LogEntryKind Kind;

    public ushort Length;

    /// <summary>Of an entry about a volume: its flags. Of a page or a hole: what it may cost in nodes of page trees.</summary>
    public uint FlagsOrNodes;
    public ulong Object;

    /// <summary>As in <see cref="LogEntry"/>.</summary>
    public ulong Page;
    public ulong Block;

    public ulong Checksum;

    /// <summary>What it may cost in nodes of page trees.</summary>
    public readonly ulong Nodes => Kind is LogEntryKind.Pages or LogEntryKind.Holes ? FlagsOrNodes : 0;

    /// <summary>The caller's page.</summary>
    public void* Data;

    /// <summary>Its object, in commits that have clones of their own objects.</summary>
    public CommitObject* Named;

    /// <summary>Of a clone: its source, when earlier operations of the commit may have changed it.</summary>
    public CommitObject* Source;
}

/// <summary>A device request of a commit; its page pointers follow.</summary>
internal unsafe struct CommitRequest
{
    public CommitRequest* Next;
    public BlockRequest Request;
}

/// <summary>A block of the commit's log record.</summary>
internal unsafe struct LogPage
{
    public LogPage* Next;
    public byte* Data;
}
