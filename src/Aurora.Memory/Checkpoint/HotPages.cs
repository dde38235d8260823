// Hot pages: pages that were dirty in each of the last few checkpoints. Freezing one normally costs a fault, a copy and an invalidation
// right afterwards, when the program stores to it again. A hot page is instead copied inside the stop window: the copy is what the epoch
// writes, the page itself stays dirty and writable and is already entered in the object's next change set, as an opened page
// (OpenedPages): if nobody stores to it, the next freeze leaves it out and takes the write bit away. The history is in the frame's Tag
// (number of the last freeze that took the page, and the count of consecutive ones); a copy of a frame inherits it.
// Only pages that a program can store to without a fault are worth it: ChangeLog.Protect has marked them (FrameFlags.Warm).
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Freezes hot pages by copy.</summary>
internal sealed unsafe class HotPages(MemoryState state, ObjectPages pages, in MemoryOptions options)
{
    /// <summary>Consecutive dirty checkpoints that make a page hot.</summary>
    private const uint HotThreshold = 3;

    private const int HeatBits = 8;
    private const uint HeatMask = (1 << HeatBits) - 1;
    private const uint FreezeMask = uint.MaxValue >> HeatBits;

    private readonly FramePool _frames = state.Frames;
    private readonly ChangeLog _log = state.Log;
    private readonly ObjectPages _pages = pages;
    private readonly ulong _most = options.MaxHotPages;

    /// <summary>True if the last of so many freezes of its group has taken the page in a frame.</summary>
    public static bool WasTaken(FrameInfo* info, uint freezes) =>
        (info->Tag & HeatMask) != 0 && info->Tag >> HeatBits == (freezes & FreezeMask);

    /// <summary>True if a freeze, whose number is given, would find the page in a frame hot if it takes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWarm(FrameInfo* info, uint freeze) =>
        (info->Tag & HeatMask) >= HotThreshold - 1 && info->Tag >> HeatBits == ((freeze - 1) & FreezeMask);

    /// <summary>How many pages an epoch may still copy.</summary>
    public ulong RoomIn(FrozenEpoch* epoch) => _most - epoch->HotPages;

    /// <summary>
    /// Freezes a page by copy if it is hot and there is room; false leaves it to the ordinary path. Counts the page's heat either way.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Freeze(VmObject* target, FrozenPage* frozen, FrameInfo* info, FrozenEpoch* epoch)
    {
        bool isHot = CountHeat(info, epoch->Freeze) >= HotThreshold;
        if ((info->Flags & FrameFlags.Warm) == 0)
            return false;
        info->Flags &= ~FrameFlags.Warm;
        return isHot && Copy(target, frozen, info, epoch);
    }

    private bool Copy(VmObject* target, FrozenPage* frozen, FrameInfo* info, FrozenEpoch* epoch)
    {
        FrameNumber frame = frozen->Frame;
        bool mayCopy = epoch->HotPages < _most
            && _pages.IsExclusive(frame)
            && _frames.FreeFrames > _frames.TotalFrames / 16
            && _log.ReserveDirty(target);
        if (!mayCopy)
            return false;
        FrameNumber copy = _frames.Allocate(FrameFlags.Data);
        if (copy.Value == 0)
            return false;
        PageContents.Copy(_frames.AddressOf(copy), _frames.AddressOf(frame));
        _frames.BeginFlight(copy);
        _frames.Release(copy);
        frozen->Frame = copy;
        // The slot keeps its dirty bit: the page is the first entry of the next set.
        ChangeLog.AppendDirty(target, frozen->Page);
        OpenedPages.Begin(target->Changes, info);
        info->Flags |= FrameFlags.Hot;
        epoch->HotPages++;
        return true;
    }

    // The number of consecutive freezes in which the page was dirty, this one included.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint CountHeat(FrameInfo* info, uint freeze)
    {
        uint heat = info->Tag & HeatMask;
        bool isNext = info->Tag >> HeatBits == ((freeze - 1) & FreezeMask);
        heat = !isNext ? 1 : heat < HeatMask ? heat + 1 : HeatMask;
        info->Tag = ((freeze & FreezeMask) << HeatBits) | heat;
        return heat;
    }
}
