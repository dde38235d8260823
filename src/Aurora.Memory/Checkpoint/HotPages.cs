// Hot pages: pages that were dirty in each of the last few checkpoints. Freezing one normally costs a fault, a copy and an invalidation
// right afterwards, when the program stores to it again. A hot page is instead copied inside the stop window: the copy is what the epoch
// writes, the page itself stays dirty and writable and is already entered in the object's next change set.
// Since nobody sees whether such a page is really written again, it is frozen the ordinary way after a few rounds and has to prove itself
// with one fault; so a program that falls idle is clean after at most HotRounds more checkpoints.
// The history is in the frame's Tag (number of the last freeze, and the count of consecutive ones); a copy of a frame inherits it.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Freezes hot pages by copy.</summary>
internal sealed unsafe class HotPages(MemoryState state, ObjectPages pages, in MemoryOptions options)
{
    /// <summary>Consecutive dirty checkpoints that make a page hot.</summary>
    private const uint HotThreshold = 3;

    /// <summary>How many checkpoints in a row may copy a page before it must fault once.</summary>
    private const uint HotRounds = 8;

    private const int HeatBits = 8;
    private const uint HeatMask = (1 << HeatBits) - 1;

    private readonly FramePool _frames = state.Frames;
    private readonly ChangeLog _log = state.Log;
    private readonly ObjectPages _pages = pages;
    private readonly ulong _most = options.MaxHotPages;

    /// <summary>
    /// Freezes a page by copy if it is hot and there is room; false leaves it to the ordinary path. Counts the page's heat either way.
    /// </summary>
    public bool Freeze(VmObject* target, FrozenPage* frozen, FrameNumber frame, FrozenEpoch* epoch)
    {
        FrameInfo* info = _frames.InfoOf(frame);
        info->Flags &= ~FrameFlags.Hot;
        uint heat = CountHeat(info, _log.GroupAt(epoch->Group)->Freezes);
        bool mayCopy = heat >= HotThreshold
            && epoch->HotPages < _most
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
        info->Flags |= FrameFlags.Hot;
        epoch->HotPages++;
        return true;
    }

    // The number of consecutive freezes in which the page was dirty, this one included.
    private static uint CountHeat(FrameInfo* info, uint freeze)
    {
        uint last = info->Tag >> HeatBits;
        uint heat = info->Tag & HeatMask;
        uint now = freeze & (uint.MaxValue >> HeatBits);
        heat = last == ((freeze - 1) & (uint.MaxValue >> HeatBits)) ? heat + 1 : 1;
        if (heat >= HotThreshold + HotRounds)
            heat = HotThreshold - 1;
        info->Tag = (now << HeatBits) | heat;
        return heat;
    }
}
