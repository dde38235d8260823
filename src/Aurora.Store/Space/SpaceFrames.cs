// The page frames of the space map: a fixed number, found by level and index. A frame being read or written is Busy: others wait for it. A
// frame in use keeps the one of its parent page pinned, so that writing it never needs another frame. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The frames, and which page is in which.</summary>
internal sealed unsafe class SpaceFrames
{
    private const int Buckets = 512;

    private readonly SpaceFrame* _frames;
    private readonly SpaceFrame** _buckets;
    private int _hand;

    /// <summary>One page for an eviction's copy.</summary>
    public readonly byte* Bounce;

    /// <summary>One page for the copies handed to a batch (which copies again at once).</summary>
    public readonly byte* Outgoing;
    public readonly int Count;
    public bool IsBounceBusy;

    /// <summary>Pages written by the cut being made are still on their way through its batch: read again now, they would be old.</summary>
    public bool IsBatchPending;

    /// <summary>Pages needed by the constructor, besides one for each frame.</summary>
    public static int OverheadPages(int frames)
        => (int)PageSize.PagesFor((ulong)(frames + 1) * (ulong)sizeof(SpaceFrame)) + (Buckets * 8 / PageSize.Bytes) + 2;

    public SpaceFrames(byte* memory, int frames)
    {
        Count = frames;
        byte* overhead = memory + ((long)frames * PageSize.Bytes);
        _frames = (SpaceFrame*)(overhead + (2 * PageSize.Bytes));
        Bounce = overhead;
        Outgoing = overhead + PageSize.Bytes;
        _buckets = (SpaceFrame**)(memory + ((long)(frames + OverheadPages(frames)) * PageSize.Bytes) - (Buckets * 8));
        for (int i = 0; i < frames; i++)
            _frames[i].Data = memory + ((long)i * PageSize.Bytes);
    }

    /// <summary>A place to wait for the bounce page, or for the batch: that of a frame behind the last, which holds nothing.</summary>
    public FiberQueue* Waiters => &_frames[Count].Waiters;

    public SpaceFrame* At(int index) => &_frames[index];

    /// <summary>The next frame for whoever looks for one to give away.</summary>
    public SpaceFrame* Turn()
    {
        SpaceFrame* frame = &_frames[_hand];
        _hand = (_hand + 1) % Count;
        return frame;
    }

    /// <summary>The frame of a page; null when it is not in memory.</summary>
    public SpaceFrame* Find(int level, ulong index)
    {
        SpaceFrame* frame = _buckets[BucketOf(level, index)];
        while (frame != null && (frame->Index != index || frame->Level != level))
            frame = frame->NextInBucket;
        return frame;
    }

    /// <summary>Makes an empty frame that of a page about to be read.</summary>
    public void Insert(SpaceFrame* frame, int level, ulong index)
    {
        frame->Level = level;
        frame->Index = index;
        frame->State = FrameState.Busy;
        frame->Pins = 0;
        SpaceFrame** bucket = &_buckets[BucketOf(level, index)];
        frame->NextInBucket = *bucket;
        *bucket = frame;
    }

    public void Remove(SpaceFrame* frame)
    {
        SpaceFrame** link = &_buckets[BucketOf(frame->Level, frame->Index)];
        while (*link != frame)
            link = &(*link)->NextInBucket;
        *link = frame->NextInBucket;
        Unpin(frame->Parent);
        frame->Parent = null;
    }

    /// <summary>Gives a pin back; nothing for null, the superblock.</summary>
    public static void Unpin(SpaceFrame* frame)
    {
        if (frame != null)
            frame->Pins--;
    }

    private static int BucketOf(int level, ulong index) => (int)(((index * 3) + (ulong)level) % Buckets);
}
