// The ids of one kind of System V object in one group, as Linux gives them: an object's index is the first free one behind that of the last
// object made, wrapping around early while there are few objects, and its sequence is one more whenever the index does not rise, so
// that an id comes back as late as possible. The indexes are a table of two levels; keys lead to objects through 512 chains.
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>The objects of one kind in one group; part of the group's <see cref="IpcSpace"/>.</summary>
public unsafe struct IpcTable
{
    public const int IndexBits = 15;

    /// <summary>Objects of a kind there may be in a group, whatever its settings say (IPCMNI).</summary>
    public const int MaxObjects = 1 << IndexBits;

    public const int IndexMask = MaxObjects - 1;

    /// <summary>Sequences are below this.</summary>
    public const int SequenceEnd = int.MaxValue >> IndexBits;

    internal const int PerPage = PageSize.Bytes / 8;
    internal const int PageCount = MaxObjects / PerPage;

    /// <summary>The sequence given last, and one more than the index given last.</summary>
    public int Sequence;
    public int NextIndex;

    /// <summary>The id the next object is to have (shm_next_id and its kin), or -1.</summary>
    public int ChosenId;

    /// <summary>How many objects there are. Not captured.</summary>
    public int Count;

    internal fixed ulong Pages[PageCount];
    internal fixed ushort Used[PageCount];
    internal IpcObject** Buckets;

    /// <summary>True for numbers that a table can have.</summary>
    public static bool IsValid(int sequence, int nextIndex, int chosenId)
        => sequence is >= 0 and < SequenceEnd && nextIndex is >= 0 and <= MaxObjects && chosenId >= -1;
}
