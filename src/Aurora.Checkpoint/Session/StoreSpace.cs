// The room in the store as file calls of all groups see it. A write is refused before it makes memory dirty that no checkpoint could keep:
// once a commit is refused nothing becomes durable until something is removed. What has been granted since the newest durable checkpoint
// is still to be placed and counts as taken; a page written twice counts twice, so the refusal may come a little early. Before it is
// refused a write waits for what cuts can still free: deleted blocks, and automatic history. The sum over all groups is kept, and is never
// less than what it should be: a group's own part is brought up to date when it writes, that of all only when a write does not fit.
// Ephemeral groups never have anything placed: what they write stays in memory, of which their files may make them have half, all together.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Free space of the store that all groups share.</summary>
public sealed unsafe class StoreSpace(
    ObjectStore store, CheckpointEngine engine, TrackedObjects tracked, UserAccounts accounts, FramePool frames) : StorageSpace
{
    private const ulong CutsToAwait = 3;
    private const ulong SlackPages = 64;

    // One frame in so many may be taken by ephemeral groups before their files are full, as Linux lets a tmpfs have half of the memory.
    private const ulong EphemeralShare = 2;

    // One block in so many is kept for those with CAP_SYS_RESOURCE, as mke2fs does.
    private const ulong RootShare = 20;

    // Pages granted to a group since its newest capture, and before it, up to the epoch that will hold them.
    private struct Grants
    {
        public ulong Current;
        public ulong Older;
        public ulong OlderEpoch;
        public ulong Seen;

        // Since this cut a writer of the group waits for what cuts free, or for half of so many automatic checkpoints. So many blocks would
        // do for the most modest of those who have been refused meanwhile.
        public bool IsShort;
        public ulong ShortSince;
        public ulong ShortBlocks;
        public ulong History;
    }

    private readonly GroupTable<Grants> _grants = new(tracked);
    private ulong _granted;

    private ulong Available
    {
        get
        {
            ulong free = store.FreeBlocks + store.PendingFreeBlocks;
            ulong reserve = store.ReserveBlocks;
            return free > reserve ? free - reserve : 0;
        }
    }

    /// <inheritdoc/>
    public override void Describe(out ulong total, out ulong free)
    {
        total = store.TotalBlocks;
        ulong taken = Needed(Granted());
        free = Available > taken ? Available - taken : 0;
    }

    /// <inheritdoc/>
    public override ulong KeptForRoot => store.TotalBlocks / RootShare;

    private ulong Kept => accounts.IsLimited ? KeptForRoot : 0;

    /// <inheritdoc/>
    public override bool IsFullFor(ushort group)
    {
        PipelineState* state = engine.StateOf(group);
        return state->IsEnabled && (state->Refusal == StoreStatus.NoSpace
            || (_grants.At(group)->IsShort && Available < Needed(Granted()) + Kept));
    }

    /// <inheritdoc/>
    public override PageAccess Take(ushort group, ulong pages)
    {
        if (tracked.OfGroup(group).IsEphemeral)
            return new PageAccess { Status = FitsInMemory(group, pages) ? MemoryStatus.Ok : MemoryStatus.OutOfMemory };
        PipelineState* state = engine.StateOf(group);
        Grants* grants = _grants.At(group);
        ulong less = Settle(grants, state);
        Panic.Unless(less <= _granted, "space: a group was granted what is not in the sum"u8);
        _granted -= less;
        if (!state->IsEnabled || Fits(_granted + pages) || Fits(Granted() + pages))
        {
            grants->Current += pages;
            _granted += pages;
            grants->IsShort &= state->IsEnabled && BlocksFor(pages) < grants->ShortBlocks
                && Available < Needed(Granted()) + grants->ShortBlocks;
            return new PageAccess { Status = MemoryStatus.Ok };
        }
        return state->Refusal != StoreStatus.NoSpace && MayWait(grants, pages)
            ? new PageAccess { Status = MemoryStatus.WouldBlock, Wait = &state->Durable }
            : new PageAccess { Status = MemoryStatus.OutOfMemory };
    }

    // A machine that keeps nothing has nobody else to leave memory to.
    private bool FitsInMemory(ushort group, ulong pages)
        => group == engine.First.Index || frames.EphemeralFrames + pages <= frames.TotalFrames / EphemeralShare;

    private bool Fits(ulong pages) => Available >= Needed(pages) + Kept;

    // What the user must find free for so many pages, beside what has been granted.
    private ulong BlocksFor(ulong pages) => pages + (pages / 8) + Kept;

    // Pages, the records and tree nodes that come with them, and what programs' memory changes meanwhile.
    private static ulong Needed(ulong pages) => pages + (pages / 8) + SlackPages;

    // What has been deleted becomes free only when cuts have taken it in; when one has not helped, history is asked to give. A few cuts are
    // waited for, and as many again whenever there is less history than when it was last asked: however much comes anew as others write,
    // and however many of them, of this group too, who want less or may use more find room meanwhile, the wait ends.
    private bool MayWait(Grants* grants, ulong pages)
    {
        ulong blocks = BlocksFor(pages);
        grants->ShortBlocks = grants->IsShort ? Math.Min(grants->ShortBlocks, blocks) : blocks;
        ulong cut = store.CutNumber;
        ulong history = store.AutomaticCheckpoints;
        bool hasMore = grants->IsShort && cut > grants->ShortSince && history != 0 && history < grants->History;
        store.AskForRoom(ofHistory: hasMore);
        if (!grants->IsShort)
            grants->History = ulong.MaxValue;
        if (hasMore)
            grants->History = history;
        if (!grants->IsShort || hasMore)
            grants->ShortSince = cut;
        grants->IsShort = cut < grants->ShortSince + CutsToAwait;
        return grants->IsShort;
    }

    // Of all groups, what is not durable yet.
    private ulong Granted()
    {
        ulong sum = 0;
        for (PipelineState* state = engine.FirstState; state != null; state = state->NextGroup)
        {
            Grants* grants = _grants.At(state->Group);
            Settle(grants, state);
            sum += grants->Current + grants->Older;
        }
        _granted = sum;
        return sum;
    }

    // Brings what is known of a group up to date; how much less than before it has been granted.
    private static ulong Settle(Grants* grants, PipelineState* state)
    {
        ulong before = grants->Current + grants->Older;
        // Epochs of memory alone place no page of a file.
        if (state->LastWhole.Value != grants->Seen)
        {
            grants->Seen = state->LastWhole.Value;
            grants->Older += grants->Current;
            grants->OlderEpoch = grants->Seen;
            grants->Current = 0;
        }
        if (!state->IsEnabled || state->LastDurable.Value >= grants->OlderEpoch)
            grants->Older = 0;
        // Nothing more of it will be placed.
        if (state->Failure != StoreStatus.Ok)
            grants->Older = grants->Current = 0;
        return before - (grants->Current + grants->Older);
    }
}
