using System.Runtime.InteropServices;

namespace Aurora.Memory;

/// <summary>
/// What one freeze took: the caller keeps it until <see cref="Epochs.Release"/> or <see cref="Epochs.Merge"/>. Zeroed is empty.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct FrozenEpoch
{
    /// <summary>The changed objects, linked by <see cref="ChangeSet.Next"/>.</summary>
    public ChangeSet* First;
    public ulong Objects;

    /// <summary>Pages to write, holes included.</summary>
    public ulong Pages;
    public ulong Clones;
    public ulong Truncations;

    /// <summary>Page-table entries that were write-protected.</summary>
    public ulong ProtectedEntries;

    /// <summary>Pages that were copied inside the stop window and left writable.</summary>
    public ulong HotPages;

    /// <summary>Which freeze of the group this is, counted from its first.</summary>
    internal uint Freeze;
    internal FrozenEpoch* Older;
    internal FrozenEpoch* Newer;
    internal ushort Group;
    internal bool IsActive;
    internal bool IsSubmitted;

    /// <summary>It took one object and nothing else of its group (<see cref="Epochs.FreezeAlone"/>); Freeze is the group's last.</summary>
    internal bool IsAlone;

    public readonly bool IsEmpty => First == null;
}

/// <summary>Walks the pages of a frozen set in the order in which they were first written.</summary>
public unsafe struct FrozenPageCursor
{
    private DirtyChunk* _chunk;
    private int _index;

    public FrozenPageCursor(ChangeSet* set)
    {
        _chunk = set->FirstDirty;
        _index = -1;
    }

    /// <summary>The entry the cursor stands on, valid after MoveNext returned true.</summary>
    public readonly FrozenPage* Current => DirtyChunk.At(_chunk, _index);

    public bool MoveNext()
    {
        _index++;
        while (_chunk != null && _index >= _chunk->Count)
        {
            _chunk = _chunk->Next;
            _index = 0;
        }
        return _chunk != null;
    }
}
