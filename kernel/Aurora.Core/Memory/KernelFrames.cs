// Free memory is in two parts. Single frames (pages of programs, page tables, tree nodes) come out of the general one. Runs of frames for
// kernel structures come out of the kernel zone, so that there are runs at all when single frames have scattered what is free; half of the
// zone is kept for urgent ones (what a flush needs). Runs that do not fit there go to the general part. While the kernel boots there is no
// need to choose: the zone stays as it is. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>The machine's frame pool.</summary>
public sealed unsafe class KernelFrames : FramePool
{
    // The zone of a machine with little memory, and its share of a large one's.
    private const ulong MinZoneFrames = 3072;
    private const ulong ZoneShare = 16;

    private readonly BuddyAllocator _buddy;
    private readonly BuddyAllocator _zone;
    private readonly ulong _zoneBound;
    private ulong _zoneReserve;
    private bool _hasBooted;

    /// <summary>A pool whose general part is <paramref name="buddy"/> and whose kernel zone, all below <paramref name="zoneBound"/>, is <paramref name="zone"/>.</summary>
    internal KernelFrames(BuddyAllocator buddy, BuddyAllocator zone, FrameInfo* infos, ulong bound, ulong zoneBound)
        : base((byte*)KernelLayout.DirectMap, infos, bound)
    {
        _buddy = buddy;
        _zone = zone;
        _zoneBound = zoneBound;
        TotalFrames = buddy.FreeFrames;
    }

    /// <summary>Free frames of the kernel zone, for statistics.</summary>
    public ulong FreeZoneFrames => _zone.FreeFrames;

    /// <summary>Of a machine with so many frames, how many the kernel zone gets.</summary>
    internal static ulong ZoneFramesOf(ulong frames)
    {
        ulong wanted = frames / ZoneShare < MinZoneFrames ? MinZoneFrames : frames / ZoneShare;
        return wanted < frames / 8 ? wanted : frames / 8;
    }

    /// <summary>Boot is over: from now on the last frames are for those who bring frames back, and runs come out of the zone.</summary>
    public void EndBoot()
    {
        const ulong MaxReserve = 4096;
        ulong reserve = TotalFrames / 32;
        SetReserve(reserve < MaxReserve ? reserve : MaxReserve);
        _zoneReserve = _zone.FreeFrames / 2;
        _hasBooted = true;
    }

    public override ulong FreeFrames => _buddy.FreeFrames;

    public override ulong TotalFrames { get; }

    protected override ulong TakeFrame() => _buddy.Take();

    protected override void ReturnFrame(ulong frame) => _buddy.Return(frame);

    /// <summary>Contiguous frames for the kernel's own use, each with one reference; frame 0 when there are none for this priority.</summary>
    internal FrameNumber AllocateRun(ulong count, FramePriority priority)
    {
        ulong start = _hasBooted ? TakeFromZone(count, priority) : 0;
        if (start == 0 && MayTake(count, priority))
            start = count == 1 ? _buddy.Take() : _buddy.TakeRun(count);
        if (start == 0)
            return default;
        for (ulong frame = start; frame < start + count; frame++)
        {
            FrameInfo* info = InfoOf(new FrameNumber(frame));
            info->References = 1;
            info->Flags = FrameFlags.Kernel;
        }
        return new FrameNumber(start);
    }

    private ulong TakeFromZone(ulong count, FramePriority priority)
    {
        ulong kept = priority == FramePriority.Urgent || IsUrgent ? 0 : _zoneReserve;
        if (_zone.FreeFrames < kept + count)
            return 0;
        return count == 1 ? _zone.Take() : _zone.TakeRun(count);
    }

    internal void FreeRun(FrameNumber start, ulong count)
    {
        for (ulong frame = start.Value; frame < start.Value + count; frame++)
        {
            FrameInfo* info = InfoOf(new FrameNumber(frame));
            Panic.Unless(info->Flags == FrameFlags.Kernel && info->References == 1 && info->Pins == 0, "frames: freed kernel pages still in use"u8);
            *info = default;
        }
        BuddyAllocator owner = start.Value < _zoneBound ? _zone : _buddy;
        if (count == 1)
            owner.Return(start.Value);
        else
            owner.ReturnRun(start.Value, count);
    }
}
