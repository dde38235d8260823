// Walks over what a tree has, at the price of what is there: subtrees of which a marker says the same are one step. And what the store has
// said about a restored tree, which begins as one marker ("something may be in the store").
using System;
using Aurora.Base;

namespace Aurora.Memory;

internal sealed unsafe partial class RadixTree
{
    // A count looks at each page of a leaf.
    private const ulong StepsOfLeaf = 32;

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
    /// How many pages before <paramref name="end"/> are not holes; what only the store knows counts. Each stretch that one marker
    /// stands for is one of <paramref name="steps"/>, a leaf some; what lies behind the last counts.
    /// </summary>
    public ulong CountUsed(VmObject* target, ulong end, ulong steps)
    {
        ulong used = 0;
        for (ulong page = 0; page < end; )
        {
            ulong skip = SpanAt(target, page, out ulong value);
            ulong cost = skip == 1 ? StepsOfLeaf : 1;
            if (steps < cost)
                return used + end - page;
            steps -= cost;
            ulong next = page | (skip > 1 ? skip - 1 : Mask);
            next = next < end ? next + 1 : end;
            if (skip == 1)
                used += CountInLeaf(target, page, next);
            else if (!Slot.IsHole(value))
                used += StoredBefore(target, page, next);
            page = next;
        }
        return used;
    }

    private static ulong StoredBefore(VmObject* target, ulong page, ulong end)
    {
        end = end < target->StoredLimit ? end : target->StoredLimit;
        return end > page ? end - page : 0;
    }

    private ulong CountInLeaf(VmObject* target, ulong page, ulong end)
    {
        // Every stat counts: two loops of few instructions, since what may be in the store is there only below the limit.
        ulong limit = Math.Clamp(target->StoredLimit, page, end);
        ulong* slot = FindSlot(target, page);
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
        ulong* leaf = FindSlot(target, page & ~Mask);
        do
        {
            ulong value = leaf[page & Mask];
            bool isHole = Slot.IsHole(value) || (value == Slot.InStore && page >= target->StoredLimit);
            if (!isHole)
                return true;
            page++;
        }
        while ((page & Mask) != 0);
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
        for (; slot != null && first < end; first++, slot++)
        {
            if (Slot.IsStored(*slot, first, target->StoredLimit))
                *slot = Slot.Evicted;
            if ((first & Mask) == Mask)
                return;
        }
    }

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
}
