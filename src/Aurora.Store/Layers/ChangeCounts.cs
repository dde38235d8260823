// What a set of changes may cost in tree nodes when a cut merges it, counted while the changes are made: a few additions a change. The bounds follow from how
// the trees are built (PageMerger, RecordMerger, TreeBuilder):
//   * A node of a page tree or an inner node holds 84 to 168 entries, unless it is the last of its tree: what would become smaller is joined with its
//     neighbour. So a group of 64 pages touches two leaves at most, one of 64 × 64 pages two nodes of level 1, and so on.
//   * What is rewritten in one stretch gives one node more than its entries fill. Two nodes and 64 new entries thus give three, and from level 2 on one
//     more, because joining on the level below may draw in a neighbour; so do removals, on every level.
//   * A leaf of records from which things only go gives one: leaves are filled in order, which no other order of the same records could do
//     with fewer. A leaf in which something changes or comes gives three, and each 2,016 bytes of records another.
using System.Numerics;

namespace Aurora.Store;

/// <summary>Counts of changes, which bound the nodes a cut writes for them.</summary>
internal struct ChangeCounts
{
    private const int GroupShift = 6;
    private const ulong FewestEntries = MapEntry.PerNode / 2;

    // A map entry with six pages inline, and half a leaf.
    private const ulong EntryBytes = RecordEntry.Bytes + (RecordEntry.MaxInlinePages * MapEntry.Bytes) + 8;
    private const ulong HalfLeafBytes = (4096 - NodeHeader.Bytes) / 2;

    /// <summary>Objects that are named at all.</summary>
    public ulong Objects;

    /// <summary>Those of them that are not only removed.</summary>
    public ulong Growing;
    public ulong RecordBytes;

    /// <summary>Nodes above the leaves of the object tree, and nodes of page trees: sums of <see cref="NodesOf"/>.</summary>
    public ulong ObjectNodes;
    public ulong PageNodes;

    /// <summary>Objects that end earlier than they did.</summary>
    public ulong Truncations;

    /// <summary>Kept checkpoints that come or go.</summary>
    public ulong HistoryChanges;

    /// <summary>Volumes that change, each in a leaf of the volume table, and layers that are merged one after the other.</summary>
    public ulong Volumes;
    public ulong Merges;

    public void Add(in ChangeCounts other)
    {
        Objects += other.Objects;
        Growing += other.Growing;
        RecordBytes += other.RecordBytes;
        ObjectNodes += other.ObjectNodes;
        PageNodes += other.PageNodes;
        Truncations += other.Truncations;
        HistoryChanges += other.HistoryChanges;
        Volumes += other.Volumes;
        Merges += other.Merges;
    }

    /// <summary>Takes back what was added.</summary>
    public void Subtract(in ChangeCounts other)
    {
        Objects -= other.Objects;
        Growing -= other.Growing;
        RecordBytes -= other.RecordBytes;
        ObjectNodes -= other.ObjectNodes;
        PageNodes -= other.PageNodes;
        Truncations -= other.Truncations;
        HistoryChanges -= other.HistoryChanges;
        Volumes -= other.Volumes;
        Merges -= other.Merges;
    }

    /// <summary>The most levels a page tree can have on a device of this size, which is also the most the object tree can have above its leaves.</summary>
    public static int LevelsOn(ulong dataBlocks)
    {
        int levels = 1;
        for (ulong left = dataBlocks / FewestEntries; left > 0; left /= FewestEntries)
            levels++;
        return levels;
    }

    /// <summary>All nodes of a page tree with so many entries, at most: at least half full but for the last of each level.</summary>
    public static ulong MostNodes(ulong entries)
    {
        ulong nodes = 0;
        for (ulong left = entries; left > 0; left /= FewestEntries)
            nodes += (left / FewestEntries) + 1;
        return nodes;
    }

    /// <summary>
    /// The nodes for a key that differs from the nearest one counted before by <paramref name="apart"/> (their exclusive or): three a level on which it is alone
    /// in its group, four from level 2 on.
    /// </summary>
    public static ulong NodesOf(ulong apart, int levels)
    {
        int bits = 64 - BitOperations.LeadingZeroCount(apart);
        if (bits <= GroupShift)
            return 0;
        int alone = (bits - 1) / GroupShift;
        if (alone > levels)
            alone = levels;
        return (ulong)((3 * alone) + (alone > 2 ? alone - 2 : 0));
    }

    /// <summary>The most nodes a cut writes for these changes when the store has so many before.</summary>
    public readonly ulong NodesFor(ulong nodes, int levels)
    {
        // Several layers may change the same leaf again and again: then only what each has counted bounds the sum.
        bool isMergedOnce = Merges <= 1;
        ulong touched = Objects <= nodes || !isMergedOnce ? Objects : nodes + 1;
        ulong growing = Growing <= touched ? Growing : touched;
        ulong leaves = touched + (2 * growing) + (((Growing * EntryBytes) + RecordBytes) / HalfLeafBytes);

        // All inner nodes of the object tree there are, rewritten.
        ulong inner = (nodes / 40) + (leaves / FewestEntries) + (ulong)(3 * (levels + 1));
        ulong total = leaves + (ObjectNodes < inner || !isMergedOnce ? ObjectNodes : inner) + PageNodes + (Truncations * (ulong)levels)
            + (HistoryChanges * (ulong)(levels + 1)) + (Volumes * (ulong)(levels + 2));
        return total == 0 ? 0 : total + (total / 128) + (ulong)levels;
    }
}
