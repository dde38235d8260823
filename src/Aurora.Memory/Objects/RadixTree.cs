// The radix tree under every object: 512 slots a node, one frame a node, leaves at level 1, the height as small as the pages in use
// allow. A node's FrameInfo.References counts the slots and roots that point to it; an object may change a slot only if every node on
// the way to it has exactly one reference (its root is always its own), so a change first copies the shared part of the path
// (PrivateSlot). Copying a node adds a reference to each child; for a leaf these are the data frames, whose count thus says whether
// another object still shows the frame. Invariant: a leaf with a dirty slot is never shared (a clone copies such leaves at once), so
// "dirty" always means one object. At height 0 there is no node: the root is the slot of page 0, all others are holes. A root that is a
// marker has no height of its own. Markers may be refined in shared nodes (InStore above → a node full of InStore), since that changes
// nobody's contents. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Looks up, changes, shares and cuts the trees of objects.</summary>
internal sealed unsafe partial class RadixTree
{
    public const int FanOut = 512;
    private const int Bits = 9;
    private const ulong Mask = FanOut - 1;
    private const int MaxHeight = 6;

    private readonly FramePool _frames;

    public RadixTree(FramePool frames) => _frames = frames;

    /// <summary>The largest page number a tree can hold, plus one: files may not grow beyond it.</summary>
    public const ulong MaxPages = 1UL << 51;

    /// <summary>The value that stands for a page: its slot, or the marker above it.</summary>
    public ulong Lookup(VmObject* target, ulong page)
    {
        ulong* slot = FindSlot(target, page);
        ulong value = slot != null ? *slot : MarkerFor(target, page);
        return value == Slot.InStore && page >= target->StoredLimit ? Slot.Hole : value;
    }

    /// <summary>The leaf slot of a page if its leaf exists. The leaf may be shared: only content-preserving stores are allowed.</summary>
    public ulong* FindSlot(VmObject* target, ulong page)
    {
        ulong value = target->Root;
        if (target->Height == 0)
            return page == 0 && (IsPage(value) || target->StoredLimit <= 1) ? &target->Root : null;
        if (!Slot.IsResident(value) || page >= Capacity(target->Height))
            return null;
        for (int level = target->Height; level > 1; level--)
        {
            value = NodeOf(value)[IndexAt(page, level)];
            if (!Slot.IsResident(value))
                return null;
        }
        return NodeOf(value) + (page & Mask);
    }

    /// <summary>As above, when the slot of another page may have been found a moment ago: most are in the same leaf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* FindSlot(VmObject* target, ulong page, ulong* found, ulong foundPage) =>
        found != null && target->Height != 0 && (page ^ foundPage) < FanOut ? found + (long)(page - foundPage) : FindSlot(target, page);

    /// <summary>The leaf slot of a page that may be changed, copying shared nodes and making missing ones; null when out of memory.</summary>
    public ulong* PrivateSlot(VmObject* target, ulong page) => Descend(target, page, true);

    /// <summary>Makes the leaf of a stored page exist without unsharing anything, so that a page-in can be installed without allocating.</summary>
    public ulong* RefineSlot(VmObject* target, ulong page) => Descend(target, page, false);

    /// <summary>Makes the clone's empty tree show the source's contents; the source has no dirty slot, or the caller unshares those leaves.</summary>
    public void Share(VmObject* source, VmObject* clone)
    {
        clone->Root = source->Root;
        clone->Height = source->Height;
        clone->StoredLimit = source->StoredLimit;
        clone->CountedPages = 0;
        if (Slot.IsResident(source->Root))
            _frames.AddReference(Slot.FrameOf(source->Root));
    }

    /// <summary>Drops the whole tree.</summary>
    public void Clear(VmObject* target)
    {
        ReleaseSubtree(target->Root, target->Height);
        target->Root = Slot.Hole;
        target->CountedPages = 0;
    }

    /// <summary>Unshares the nodes on the way to a page, as far as nodes exist; false when out of memory.</summary>
    public bool UnsharePath(VmObject* target, ulong page)
    {
        ulong* link = &target->Root;
        if (page >= Capacity(target->Height))
            return true;
        for (int level = target->Height; level >= 1 && Slot.IsResident(*link); level--)
        {
            ulong* node = MakePrivate(link);
            if (node == null)
                return false;
            link = node + IndexAt(page, level);
        }
        return true;
    }

    /// <summary>Turns all pages from <paramref name="first"/> on into holes; after <see cref="UnsharePath"/> it cannot fail.</summary>
    public void Cut(VmObject* target, ulong first)
    {
        target->CountedPages = 0;
        if (target->StoredLimit > first)
            target->StoredLimit = first;
        if (IsOnePage(target))
        {
            if (first == 0)
                Clear(target);
            return;
        }
        if (!Slot.IsResident(target->Root) || first >= Capacity(target->Height))
            return;
        ulong* link = &target->Root;
        for (int level = target->Height; level >= 1 && Slot.IsResident(*link); level--)
        {
            Panic.Unless(_frames.InfoOf(Slot.FrameOf(*link))->References == 1, "radix: cut a shared node"u8);
            ulong* node = NodeOf(*link);
            ulong index = IndexAt(first, level);
            for (ulong above = level == 1 ? index : index + 1; above < FanOut; above++)
            {
                ReleaseSubtree(node[above], level - 1);
                node[above] = Slot.Hole;
            }
            link = node + index;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong IndexInLeaf(ulong page) => page & Mask;

    // The value that stands for a page and how many pages (a power of two, aligned) it stands for.
    private ulong SpanAt(VmObject* target, ulong page, out ulong value)
    {
        value = target->Root;
        if (IsOnePage(target) && page == 0)
            return 1;
        if (!Slot.IsResident(value) && !IsOnePage(target))
            return MaxPages;
        if (page >= Capacity(target->Height))
        {
            value = Slot.Hole;
            return MaxPages;
        }
        int level = target->Height;
        while (true)
        {
            value = NodeOf(value)[IndexAt(page, level)];
            level--;
            if (level == 0 || !Slot.IsResident(value))
                return Capacity(level);
        }
    }

    private ulong MarkerFor(VmObject* target, ulong page)
    {
        SpanAt(target, page, out ulong value);
        return value;
    }

    private ulong* Descend(VmObject* target, ulong page, bool unshare)
    {
        target->CountedPages = 0;
        if (!GrowTo(target, page))
            return null;
        ulong* link = &target->Root;
        if (target->Height == 0)
            return link;
        for (int level = target->Height; ; level--)
        {
            ulong* node = unshare || !Slot.IsResident(*link) ? MakePrivate(link) : NodeOf(*link);
            if (node == null)
                return null;
            link = node + IndexAt(page, level);
            if (level == 1)
                return link;
        }
    }

    // Raises the tree until the page fits.
    private bool GrowTo(VmObject* target, ulong page)
    {
        Panic.Unless(page < MaxPages, "radix: page number out of range"u8);
        if (!Slot.IsResident(target->Root) && !IsOnePage(target))
        {
            ulong highest = page;
            if (target->Root == Slot.InStore && target->StoredLimit != 0 && target->StoredLimit - 1 > highest)
                highest = target->StoredLimit - 1;
            target->Height = HeightFor(highest);
            return true;
        }
        while (page >= Capacity(target->Height))
        {
            FrameNumber frame = _frames.AllocateZeroed(FrameFlags.RadixNode);
            if (frame.Value == 0)
                return false;
            *(ulong*)_frames.AddressOf(frame) = target->Root;
            target->Root = Slot.Of(frame);
            target->Height++;
        }
        return true;
    }

    // The node behind a link, made from the marker that stands there or copied from a shared one; null when out of memory.
    private ulong* MakePrivate(ulong* link)
    {
        ulong value = *link;
        bool isNode = Slot.IsResident(value);
        if (isNode && _frames.InfoOf(Slot.FrameOf(value))->References == 1)
            return NodeOf(value);
        FrameNumber frame = _frames.Allocate(FrameFlags.RadixNode);
        if (frame.Value == 0)
            return null;
        ulong* node = (ulong*)_frames.AddressOf(frame);
        if (isNode)
            CopyShared(Slot.FrameOf(value), node);
        else
            new Span<ulong>(node, FanOut).Fill(value);
        *link = Slot.Of(frame);
        return node;
    }

    private void CopyShared(FrameNumber shared, ulong* copy)
    {
        ulong* from = (ulong*)_frames.AddressOf(shared);
        new ReadOnlySpan<ulong>(from, FanOut).CopyTo(new Span<ulong>(copy, FanOut));
        for (int index = NextResident(from, 0); index < FanOut; index = NextResident(from, index + 1))
            _frames.AddReference(Slot.FrameOf(from[index]));
        _frames.Release(shared);
    }

    // Drops one reference to what a slot holds; the last one drops everything below. Level 0 is a data frame.
    private void ReleaseSubtree(ulong value, int level)
    {
        if (!Slot.IsResident(value))
            return;
        FrameNumber frame = Slot.FrameOf(value);
        if (level > 0 && _frames.InfoOf(frame)->References == 1)
        {
            ulong* node = (ulong*)_frames.AddressOf(frame);
            for (int index = NextResident(node, 0); index < FanOut; index = NextResident(node, index + 1))
                ReleaseSubtree(node[index], level - 1);
        }
        _frames.Release(frame);
    }

    // The first slot of a node from one on that leads to a frame; FanOut when there is none. Most slots of most nodes do not: four are
    // looked at at once.
    private static int NextResident(ulong* node, int index)
    {
        while (index < FanOut)
        {
            if ((index & 3) == 0)
            {
                while (index < FanOut && !Slot.IsResident(node[index] | node[index + 1] | node[index + 2] | node[index + 3]))
                    index += 4;
                if (index == FanOut)
                    break;
            }
            if (Slot.IsResident(node[index]))
                break;
            index++;
        }
        return index;
    }

    private static byte HeightFor(ulong page)
    {
        byte height = 0;
        while (page >= Capacity(height))
            height++;
        Panic.Unless(height <= MaxHeight, "radix: too high"u8);
        return height;
    }

    // The tree is one page, in the root; a root that is a marker is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOnePage(VmObject* target) => target->Height == 0 && IsPage(target->Root);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPage(ulong root) => (root & ~Slot.InStore) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* NodeOf(ulong value) => (ulong*)_frames.AddressOf(Slot.FrameOf(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Capacity(int height) => 1UL << (Bits * height);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong IndexAt(ulong page, int level) => (page >> (Bits * (level - 1))) & Mask;
}
