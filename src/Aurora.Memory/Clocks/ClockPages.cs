// What the two pages of clock objects hold, and the frames that hold it. Neither page is ever stored. The data is made for a group when
// somebody touches it, from the group's clock as it is then: so nothing has to be done at a restore, or for a copy of a group. The code is
// the machine's, in one frame for all groups.
// Protected by the kernel lock.
using System;
using System.Threading;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Makes the pages of clock objects.</summary>
internal sealed unsafe class ClockPages
{
    public const ulong DataPage = 0;
    public const ulong CodePage = 1;

    private readonly FramePool _frames;
    private readonly RadixTree _tree;
    private readonly GroupClocks? _clocks;
    private readonly ClockSource? _source;
    private readonly FrameNumber _code;

    /// <summary>Without a source no page is made: where no program runs.</summary>
    public ClockPages(MemoryState state, GroupClocks? clocks, ClockSource? source)
    {
        _frames = state.Frames;
        _tree = state.Tree;
        _clocks = clocks;
        _source = clocks == null ? null : source;
        if (_source == null)
            return;
        ReadOnlySpan<byte> image = _source.Image;
        Panic.Unless(!image.IsEmpty && image.Length <= PageSize.Bytes, "memory: the vDSO is no page"u8);
        _code = _frames.AllocateZeroed(FrameFlags.Data | FrameFlags.Kernel);
        Panic.Unless(_code.Value != 0, "memory: no frame for the vDSO"u8);
        image.CopyTo(new Span<byte>(_frames.AddressOf(_code), PageSize.Bytes));
    }

    /// <summary>Pages are made when they are touched.</summary>
    public bool AreMade => _source != null;

    /// <summary>
    /// The slot of a page that is not in memory, with its frame; one that asks for the page to be read in, which it cannot be, when
    /// memory is short.
    /// </summary>
    public ulong Make(VmObject* target, ulong page)
    {
        if (_source == null)
            return Slot.Hole;
        FrameNumber frame = page == CodePage ? _code : _frames.Allocate(FrameFlags.Data, FramePriority.PageIn);
        ulong* slot = frame.Value == 0 ? null : _tree.RefineSlot(target, page);
        if (slot == null)
        {
            if (frame.Value != 0 && page != CodePage)
                _frames.Release(frame);
            return Slot.InStore;
        }
        if (page == CodePage)
            _frames.AddReference(frame);
        else
            PageContents.Clear(_frames.AddressOf(frame));
        *slot = Slot.Of(frame);
        target->CountedPages = 0;
        if (page == DataPage)
            Write(target, frame);
        return *slot;
    }

    /// <summary>The group's clock is another: who reads the page begins again.</summary>
    public void Rewrite(VmObject* target)
    {
        ulong slot = _tree.Lookup(target, DataPage);
        if (_source != null && Slot.IsResident(slot))
            Write(target, Slot.FrameOf(slot));
    }

    // All that show the page show this frame, so it is written in place, however many they are. The order is for readers on other
    // processors.
    private void Write(VmObject* target, FrameNumber frame)
    {
        var page = (ClockPage*)_frames.AddressOf(frame);
        GroupClock clock = _clocks!.Of(&target->Header);
        Volatile.Write(ref page->Generation, 0);
        Interlocked.MemoryBarrier();
        page->OriginTicks = _clocks.Machine.OriginTicks;
        page->Factor = _clocks.Machine.TickScale.Factor;
        page->MonotonicOffsetNanoseconds = clock.MonotonicOffsetNanoseconds;
        page->RealtimeLeadNanoseconds = clock.RealtimeLeadNanoseconds;
        page->Flags = (_clocks.Machine.IsProcessorCounter ? ClockPageFlags.HasCounter : ClockPageFlags.None)
            | (_source!.HasProcessor ? ClockPageFlags.HasProcessor : ClockPageFlags.None);
        Volatile.Write(ref page->Generation, _source.NextGeneration());
    }
}
