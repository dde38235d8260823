using Aurora.Base;

namespace Aurora.Store;

/// <summary>
/// What the layers of a set live in, and what merging all of them may cost in nodes. Trees have at most so many levels (see
/// <see cref="ChangeCounts.LevelsOn"/>); the changes take at most so many bytes.
/// </summary>
internal sealed class LayerMemory(PageAllocator pages, int treeLevels, ulong limit)
{
    /// <summary>What the changes may cost in nodes.</summary>
    public ChangeCounts Changes;

    public Arena Arena { get; } = new(pages) { Limit = limit };

    public int TreeLevels { get; } = treeLevels;
}
