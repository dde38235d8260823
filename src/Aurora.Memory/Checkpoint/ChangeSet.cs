// What one object owes the store. While it is current it collects changes; a freeze takes it off the object as it is, so that the stop
// window allocates nothing. Order of the operations of one epoch: clones against the previous state, ended objects, truncations, pages.
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>One object's changes since the last freeze, or as frozen in one epoch.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ChangeSet
{
    /// <summary>The object; null once it has ended while frozen.</summary>
    internal VmObject* Object;
    public ObjectId Id;

    /// <summary>The stored object to clone from before anything else; none if there is nothing to inherit.</summary>
    public ObjectId CloneSource;

    /// <summary>Cut the object's pages from this one on, after cloning and before writing pages; NoTruncation if there is nothing to cut.</summary>
    public ulong TruncateFrom;

    /// <summary>Number of entries a cursor returns.</summary>
    public ulong PageCount;

    /// <summary>The store does not know the object from an earlier epoch.</summary>
    internal bool IsNew;

    /// <summary>
    /// Frozen sets: the object is an overlay. Its holes show the file's pages, so even a page of zeroes has to be stored.
    /// </summary>
    public bool IsOverlay;

    /// <summary>The object was cloned after this set was frozen: the clones depend on what becomes of the epoch.</summary>
    internal bool HasClones;

    /// <summary>Some pages of the dirty list may be opened ones.</summary>
    internal bool HasOpened;

    internal DirtyChunk* FirstDirty;
    internal DirtyChunk* LastDirty;
    internal ProtectChunk* Protect;

    /// <summary>The next set of the same epoch (frozen) or group (current).</summary>
    public ChangeSet* Next;
    internal ChangeSet* Previous;

    /// <summary>The next in a bucket of the <see cref="CloneIndex"/>.</summary>
    internal ChangeSet* NextClone;

    /// <summary>The object's other frozen sets.</summary>
    internal ChangeSet* NextOfObject;

    public const ulong NoTruncation = ulong.MaxValue;

    public readonly bool IsClone => !CloneSource.IsNone;
    public readonly bool IsTruncated => TruncateFrom != NoTruncation;
}
