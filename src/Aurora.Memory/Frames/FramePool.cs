// The supply of physical frames. All of physical memory is mapped once (the direct map), and each frame has a FrameInfo in one array
// indexed by frame number. Three counts keep a frame alive (references, in-flight writes, pins); whoever lowers the last one to zero
// frees it. Frame 0 is never handed out and means "none".
// Reservations let a path promise itself frames before it acts: TryReserve sets frames aside that Allocate will not touch, and
// AllocateReserved draws on them and so cannot fail.
// The last frames are kept for those who bring frames back (SetReserve): what programs store stops first, then kernel structures made for
// them, then pages that are read in (which can be dropped again at once), and only the flush of what is dirty may take the very last one.
// Protected by the kernel lock.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Allocates 4-KiB frames and keeps their reference, in-flight and pin counts. The machine supplies the free list.</summary>
public abstract unsafe class FramePool
{
    private readonly byte* _directMap;
    private readonly FrameInfo* _infos;
    private ulong _reserve;

    /// <summary>A pool whose frame <c>n</c> is at <paramref name="directMap"/> + 4096 n, described by <paramref name="infos"/>[n] (zeroed).</summary>
    protected FramePool(byte* directMap, FrameInfo* infos, ulong frameBound)
    {
        _directMap = directMap;
        _infos = infos;
        FrameBound = frameBound;
    }

    /// <summary>One more than the highest frame number.</summary>
    public ulong FrameBound { get; }

    /// <summary>Frames that could be handed out right now, reserved ones included.</summary>
    public abstract ulong FreeFrames { get; }

    /// <summary>Frames the pool manages in all, free or not.</summary>
    public abstract ulong TotalFrames { get; }

    /// <summary>Frames set aside by <see cref="TryReserve"/> and not yet drawn.</summary>
    public ulong ReservedFrames { get; private set; }

    /// <summary>Frames with what ephemeral groups have written (<see cref="NoteEphemeral"/>).</summary>
    public ulong EphemeralFrames { get; private set; }

    /// <summary>True inside a stretch that must not fail for want of frames, and does not sleep: everybody may take the last ones.</summary>
    public bool IsUrgent { get; set; }

    /// <summary>Takes a frame off the free list; zero when it is empty. The contents are undefined.</summary>
    protected abstract ulong TakeFrame();

    /// <summary>Puts a frame whose counts are all zero back on the free list.</summary>
    protected abstract void ReturnFrame(ulong frame);

    /// <summary>The address of a frame in the direct map.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* AddressOf(FrameNumber frame) => _directMap + (frame.Value << PageSize.Shift);

    /// <summary>The address in the direct map of the frame that a page-table entry names.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* AddressBehind(ulong entry) => _directMap + (entry & PageEntry.FrameMask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameInfo* InfoOf(FrameNumber frame) => _infos + frame.Value;

    /// <summary>The frame that an address in the direct map lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameNumber FrameOf(void* address) => new((ulong)((byte*)address - _directMap) >> PageSize.Shift);

    /// <summary>Somebody uses the page in a frame: reclaim's hand will give it another round.</summary>
    public void NoteUse(FrameNumber frame)
    {
        FrameInfo* info = InfoOf(frame);
        if ((info->Flags & FrameFlags.Idle) != 0)
            info->Flags &= ~FrameFlags.Idle;
    }

    /// <summary>An ephemeral group writes to the page in a frame.</summary>
    public void NoteEphemeral(FrameNumber frame)
    {
        FrameInfo* info = InfoOf(frame);
        if ((info->Flags & FrameFlags.Ephemeral) != 0)
            return;
        info->Flags |= FrameFlags.Ephemeral;
        EphemeralFrames++;
    }

    /// <summary>Keeps the last <paramref name="frames"/> frames from those who do not bring any back.</summary>
    public void SetReserve(ulong frames) => _reserve = frames;

    /// <summary>Free frames that an allocation of this priority leaves alone.</summary>
    public ulong FloorOf(FramePriority priority) => priority switch
    {
        FramePriority.Contents => _reserve,
        FramePriority.Structure => _reserve / 4 * 3,
        FramePriority.PageIn => _reserve / 2,
        _ => 0,
    };

    /// <summary>A frame with one reference and undefined contents, or frame 0 when there is none for such a use.</summary>
    public FrameNumber Allocate(FrameFlags use) =>
        Allocate(use, (use & FrameFlags.Data) != 0 ? FramePriority.Contents : FramePriority.Structure);

    /// <summary>As <see cref="Allocate(FrameFlags)"/>, with another claim to the last frames.</summary>
    public FrameNumber Allocate(FrameFlags use, FramePriority priority) => MayTake(1, priority) ? Prepare(TakeFrame(), use) : default;

    /// <summary>True if so many frames are free beyond the reserved ones and those kept for others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayTake(ulong count, FramePriority priority) =>
        FreeFrames >= ReservedFrames + count + (IsUrgent ? 0 : FloorOf(priority));

    /// <summary>Like <see cref="Allocate(FrameFlags)"/>, with all bytes zero.</summary>
    public FrameNumber AllocateZeroed(FrameFlags use)
    {
        FrameNumber frame = Allocate(use);
        if (frame.Value != 0)
            PageContents.Clear(AddressOf(frame));
        return frame;
    }

    /// <summary>Draws one frame from an earlier reservation; cannot fail.</summary>
    public FrameNumber AllocateReserved(FrameFlags use)
    {
        Panic.Unless(ReservedFrames != 0, "frames: drew more than was reserved"u8);
        ReservedFrames--;
        ulong frame = TakeFrame();
        Panic.Unless(frame != 0, "frames: a reserved frame was not there"u8);
        return Prepare(frame, use);
    }

    /// <summary>Sets <paramref name="count"/> frames aside, all or none.</summary>
    public bool TryReserve(ulong count)
    {
        if (FreeFrames < ReservedFrames + count)
            return false;
        ReservedFrames += count;
        return true;
    }

    /// <summary>Gives back what was reserved and not drawn.</summary>
    public void Unreserve(ulong count)
    {
        Panic.Unless(count <= ReservedFrames, "frames: unreserved more than was reserved"u8);
        ReservedFrames -= count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddReference(FrameNumber frame) => InfoOf(frame)->References++;

    /// <summary>Drops one reference and frees the frame when nothing else holds it.</summary>
    public void Release(FrameNumber frame)
    {
        FrameInfo* info = InfoOf(frame);
        Panic.Unless(info->References > 0, "frames: released a frame nobody refers to"u8);
        info->References--;
        FreeIfUnused(frame, info);
    }

    /// <summary>Drops several references at once.</summary>
    public void Release(FrameNumber frame, int references)
    {
        FrameInfo* info = InfoOf(frame);
        Panic.Unless(info->References >= references, "frames: released a frame more often than it is referred to"u8);
        info->References -= references;
        FreeIfUnused(frame, info);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginFlight(FrameNumber frame) => InfoOf(frame)->InFlight++;

    /// <summary>Ends one epoch's claim on a frame and frees the frame when nothing else holds it.</summary>
    public void EndFlight(FrameNumber frame)
    {
        FrameInfo* info = InfoOf(frame);
        Panic.Unless(info->InFlight > 0, "frames: landed a frame that was not in flight"u8);
        info->InFlight--;
        FreeIfUnused(frame, info);
    }

    public void Pin(FrameNumber frame)
    {
        FrameInfo* info = InfoOf(frame);
        Panic.Unless(info->Pins != ushort.MaxValue, "frames: too many pins"u8);
        info->Pins++;
    }

    public void Unpin(FrameNumber frame)
    {
        FrameInfo* info = InfoOf(frame);
        Panic.Unless(info->Pins > 0, "frames: unpinned a frame that was not pinned"u8);
        info->Pins--;
        FreeIfUnused(frame, info);
    }

    private FrameNumber Prepare(ulong number, FrameFlags use)
    {
        if (number == 0)
            return default;
        FrameInfo* info = _infos + number;
        Panic.Unless(info->IsFree && number < FrameBound, "frames: the free list holds a frame in use"u8);
        info->References = 1;
        info->Flags = use;
        info->Tag = 0;
        return new FrameNumber(number);
    }

    private void FreeIfUnused(FrameNumber frame, FrameInfo* info)
    {
        if (!info->IsFree)
            return;
        Panic.Unless((info->Flags & FrameFlags.Kernel) == 0, "frames: freed a frame of the kernel"u8);
        EphemeralFrames -= (info->Flags & FrameFlags.Ephemeral) != 0 ? 1UL : 0;
        info->Flags = FrameFlags.None;
        ReturnFrame(frame.Value);
    }
}
