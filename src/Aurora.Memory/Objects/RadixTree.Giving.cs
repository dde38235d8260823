// Giving up nodes. Reclaim takes pages out of leaves; a leaf all of whose pages are in the store says no more than a marker above it
// does, and goes. So a file that nobody has used for long costs no node, however many of its pages were once in memory.
using Aurora.Base;

namespace Aurora.Memory;

internal sealed unsafe partial class RadixTree
{
    /// <summary>
    /// Gives up the leaf of a page, and nodes above that become like it, if the store has all of its pages and it has nothing else. The
    /// object is as it is stored: what is cut off is cut off there too.
    /// </summary>
    public void GiveUpLeaf(VmObject* target, ulong page)
    {
        page &= ~Mask;
        if (target->Height == 0 || FindSlot(target, page) == null || IsPathShared(target, page))
            return;
        for (int level = 1; level <= target->Height; level++)
        {
            ulong* link = LinkTo(target, page, level);
            ulong start = page & ~(Capacity(level) - 1);
            if (!IsAllStored(target, NodeOf(*link), start, level))
                return;
            _frames.Release(Slot.FrameOf(*link));
            *link = Slot.InStore;
            target->IsAsRestored = false;
            RaiseLimit(target, start + Capacity(level));
        }
    }

    // A marker says what is in the store only below the limit; behind the end of the object there is nothing.
    private static void RaiseLimit(VmObject* target, ulong end)
    {
        end = end < target->SizePages ? end : target->SizePages;
        if (target->StoredLimit < end)
            target->StoredLimit = end;
        target->CountedPages = 0;
    }

    // Whether a node says no more than that the store has its pages.
    private static bool IsAllStored(VmObject* target, ulong* node, ulong start, int level)
    {
        ulong span = Capacity(level - 1);
        for (ulong index = 0; index < FanOut; index++)
        {
            ulong first = start + (index * span);
            ulong value = node[index];
            bool isBehind = first >= target->SizePages && value is (Slot.Hole or Slot.InStore);
            bool isStored = level == 1 ? Slot.IsStored(value, first, target->StoredLimit) : value == Slot.InStore;
            if (!isBehind && !isStored)
                return false;
        }
        return true;
    }

    // The slot or root that points to the node of a level on the way to a page.
    private ulong* LinkTo(VmObject* target, ulong page, int level)
    {
        ulong* link = &target->Root;
        for (int above = target->Height; above > level; above--)
            link = NodeOf(*link) + IndexAt(page, above);
        return link;
    }
}
