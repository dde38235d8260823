// Walks over what a tree has, at the price of what is there: subtrees of which a marker says the same are one step. And what the store has
// said about a restored tree, which begins as one marker ("something may be in the store").
using System;
using Aurora.Base;

namespace Aurora.Memory;

internal sealed unsafe partial class RadixTree
{
    // A count looks at each slot of a node.
    private const ulong StepsOfNode = 32;

    /// <summary>
    /// The first page in [from, end) that is not a hole, or <paramref name="end"/>. Each stretch that it skips, a leaf or a larger subtree, costs
    /// one of <paramref name="steps"/>; it stops where they are used up.
    /// </summary>
    public ulong NextUsed(VmObject* target, ulong from, ulong end, ref ulong steps)
    {
        while (from < end && steps > 0)
        {
            ulong skip = SpanAt(target, from, out ulong value);
            if (skip == 1 && NextUsedInLeaf(target, ref from))
                return from < end ? from : end;
            bool isHole = Slot.IsHole(value) || (value == Slot.InStore && from >= target->StoredLimit);
            if (skip > 1 && !isHole)
                return from;
            ulong next = skip > 1 ? (from | (skip - 1)) + 1 : from;
            from = next >= from ? next : end;
            steps--;
        }
        return from < end ? from : end;
    }

    /// <summary>
    /// How many pages before <paramref name="end"/> are not holes; what only the store knows counts. Looking into a node costs some of
    /// <paramref name="steps"/>; when they are used up all pages of the further ones count.
    /// </summary>
    public ulong CountUsed(VmObject* target, ulong end, ulong steps)
    {
        if (IsOnePage(target))
            return end == 0 || Slot.IsHole(target->Root) ? 0UL : 1;
        return Slot.IsResident(target->Root)
            ? CountBelow(target, target->Root, target->Height, 0, end, ref steps)
            : CountMarked(target, target->Root, 0, end);
    }

    private ulong CountBelow(VmObject* target, ulong node, int level, ulong start, ulong end, ref ulong steps)
    {
        end = Math.Min(end, start + Capacity(level));
        if (steps < StepsOfNode)
            return end - start;
        steps -= StepsOfNode;
        if (level == 1)
            return CountInLeaf(target, NodeOf(node), start, end);
        ulong used = 0;
        ulong* child = NodeOf(node);
        for (ulong page = start; page < end; child++)
        {
            ulong next = Math.Min(end, page + Capacity(level - 1));
            used += Slot.IsResident(*child)
                ? CountBelow(target, *child, level - 1, page, end, ref steps)
                : CountMarked(target, *child, page, next);
            page = next;
        }
        return used;
    }

    private static ulong CountMarked(VmObject* target, ulong marker, ulong page, ulong end)
        => Slot.IsHole(marker) ? 0 : StoredBefore(target, page, end);

    private static ulong StoredBefore(VmObject* target, ulong page, ulong end)
    {
        end = end < target->StoredLimit ? end : target->StoredLimit;
        return end > page ? end - page : 0;
    }

    private static ulong CountInLeaf(VmObject* target, ulong* slot, ulong page, ulong end)
    {
        // Every stat counts: two loops of few instructions, since what may be in the store is there only below the limit.
        ulong limit = Math.Clamp(target->StoredLimit, page, end);
        ulong used = 0;
        for (; page < limit; page++, slot++)
            used += Slot.IsHole(*slot) ? 0UL : 1;
        for (; page < end; page++, slot++)
            used += Slot.IsHole(*slot) || *slot == Slot.InStore ? 0UL : 1;
        return used;
    }

    // Moves on to a page that is no hole; false at the first page behind the leaf.
    private bool NextUsedInLeaf(VmObject* target, ref ulong page)
    {
        ulong* slot = FindSlot(target, page);
        for (ulong left = SlotsFrom(target, page); left > 0; left--, page++, slot++)
        {
            bool isHole = Slot.IsHole(*slot) || (*slot == Slot.InStore && page >= target->StoredLimit);
            if (!isHole)
                return true;
        }
        return false;
    }

    /// <summary>
    /// The store has nothing in [first, end): turns the markers there into holes, as far as they hang on the way to the first page, whose leaf
    /// exists. Nodes may be shared: nobody's contents change.
    /// </summary>
    public void LearnHole(VmObject* target, ulong first, ulong end)
    {
        ulong value = target->Root;
        target->CountedPages = 0;
        if (target->Height == 0 && value == Slot.InStore && first < end)
            target->Root = Slot.Hole;
        for (int level = target->Height; level >= 1; level--)
        {
            ulong* node = NodeOf(value);
            ulong index = IndexAt(first, level);
            ulong start = first & ~(Capacity(level) - 1);
            for (ulong other = level == 1 ? index : index + 1; other < FanOut && start + ((other + 1) * Capacity(level - 1)) <= end; other++)
            {
                if (node[other] == Slot.InStore)
                    node[other] = Slot.Hole;
            }
            value = node[index];
        }
    }

    /// <summary>The store has all of [first, end): notes it in the leaf of the first page, if it exists.</summary>
    public void LearnStored(VmObject* target, ulong first, ulong end)
    {
        ulong* slot = FindSlot(target, first);
        if (slot == null)
            return;
        for (ulong left = SlotsFrom(target, first); left > 0 && first < end; left--, first++, slot++)
        {
            if (Slot.IsStored(*slot, first, target->StoredLimit))
                *slot = Slot.Evicted;
        }
    }

    /// <summary>How many slots follow each other in memory from the one of a page on, which has one.</summary>
    public static ulong SlotsFrom(VmObject* target, ulong page) => target->Height == 0 ? 1 : FanOut - (page & Mask);

    /// <summary>The first leaf whose pages are at or above <paramref name="page"/>, which becomes its first page; null at the end.</summary>
    public ulong* NextLeaf(VmObject* target, ref ulong page)
    {
        page &= ~Mask;
        while (Slot.IsResident(target->Root) && page < Capacity(target->Height))
        {
            ulong* slot = FindSlot(target, page);
            if (slot != null)
                return slot;
            ulong next = (page | (SpanAt(target, page, out _) - 1)) + 1;
            if (next <= page)
                break;
            page = next;
        }
        return null;
    }

    /// <summary>The nodes of the object's tree, those it shares with others included.</summary>
    public ulong CountNodes(VmObject* target) => CountNodes(target->Root, target->Height);

    private ulong CountNodes(ulong value, int level)
    {
        if (!Slot.IsResident(value) || level == 0)
            return 0;
        ulong count = 1;
        for (int index = 0; level > 1 && index < FanOut; index++)
            count += CountNodes(NodeOf(value)[index], level - 1);
        return count;
    }

    /// <summary>True if another object shares a node on the way to a page, the leaf included.</summary>
    public bool IsPathShared(VmObject* target, ulong page)
    {
        ulong value = target->Root;
        for (int level = target->Height; level >= 1 && Slot.IsResident(value); level--)
        {
            if (_frames.InfoOf(Slot.FrameOf(value))->References != 1)
                return true;
            value = NodeOf(value)[IndexAt(page, level)];
        }
        return false;
    }
}
