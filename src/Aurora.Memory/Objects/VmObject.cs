// A sparse array of pages: anonymous memory, shared memory, or the contents of a file. The pages hang in a radix tree (RadixTree.cs)
// whose nodes are shared copy-on-write with the objects cloned from this one.
//
// Where a page's contents are, in order: the slot's frame; zero, if the slot is a hole or the page is at or beyond StoredLimit; the
// store, under this object's id, or under StoreBase while this object is a clone that no checkpoint has captured yet.
//
// An object with a Backing is an overlay: what a program has written to a private mapping of a file. Where it has no page the file's shows
// (same page number), and where the file ends it ends.
// The pages of a clock object are in no store: one that is not in memory is made when it is touched (ClockPages).
// Protected by the kernel lock.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The pages of one memory object. Persistent (<see cref="ObjectKind.MemoryObject"/>): record and pages share the id.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VmObject
{
    /// <summary>The largest size an object may have, in pages.</summary>
    public const ulong MaxPages = RadixTree.MaxPages;

    public ObjectHeader Header;

    /// <summary>The size in pages; accesses beyond it are bus errors.</summary>
    public ulong SizePages;

    /// <summary>The stored object whose pages stand for ours until our first capture; none when stored, or when nothing was inherited.</summary>
    public ObjectId StoreBase;

    /// <summary>The tree: a slot value (hole, in store, or the top node).</summary>
    internal ulong Root;
    internal byte Height;
    public VmObjectFlags Flags;

    /// <summary>A freeze has included this object: the store knows (or will know, in order) its id.</summary>
    internal bool IsCaptured;

    /// <summary>In an ephemeral group: it has been cut, which is in no books. Where it grows again the store's pages are not its.</summary>
    internal bool IsCut;

    /// <summary>
    /// It came with a restore, and has given up no node since: what a plain <see cref="Slot.InStore"/> stands for is as it was restored.
    /// </summary>
    internal bool IsAsRestored;

    /// <summary>Page-in requests that name this object.</summary>
    internal int PageIns;

    /// <summary>Where the pages end that were asked for last, and how many they were.</summary>
    internal ulong AheadEnd;
    internal byte AheadPages;

    /// <summary>From this page on nothing is in the store, whatever the slots say.</summary>
    internal ulong StoredLimit;

    /// <summary>How many pages there are, plus one; zero while nobody has counted since the tree, the limit or the size changed.</summary>
    internal ulong CountedPages;

    /// <summary>What has changed since the last freeze, or null; and the frozen sets of epochs still in flight.</summary>
    internal ChangeSet* Changes;
    internal ChangeSet* Frozen;

    /// <summary>Files: what holds a reference and is told when it is the last (<see cref="FileKeeper"/>); null for all others.</summary>
    public void* Keeper;

    /// <summary>The region whose pages these are; null for all others.</summary>
    public Region* Region;

    /// <summary>The shared segment whose pages these are, which holds a reference; null for all others.</summary>
    public void* Segment;

    /// <summary>Mappings that show the pages as a segment's (<see cref="MappingFlags.Segment"/>).</summary>
    public int Attaches;

    /// <summary>The reverse map.</summary>
    internal Mapping* FirstMapping;

    /// <summary>Mappings through which a program may write the object, or may make one that it has writable.</summary>
    internal int SharedWriters;

    /// <summary>Overlays: the file's object behind it, which they hold. It has no backing of its own. Null for all others.</summary>
    internal VmObject* Backing;

    /// <summary>The overlays over this object, and an overlay's neighbours among them.</summary>
    internal VmObject* FirstOverlay;
    internal VmObject* NextOverlay;
    internal VmObject* PreviousOverlay;

    /// <summary>During a fork only: the child's clone.</summary>
    internal VmObject* ForkTwin;

    /// <summary>The stored object that holds the pages which are not in memory.</summary>
    public readonly ObjectId StoreSource => StoreBase.IsNone ? Header.Id : StoreBase;

    /// <summary>It may be what a file, a pipe, a socket or a shared segment holds: they write to it, and change its size.</summary>
    public readonly bool MayBeContents => !IsClock;

    /// <summary>Its pages are made when they are touched, and are in no store.</summary>
    public readonly bool IsClock
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Flags & VmObjectFlags.Clock) != 0;
    }

    /// <summary>Some address space shows pages of this object, by itself or through an overlay.</summary>
    public readonly bool IsMapped => FirstMapping != null || FirstOverlay != null;

    /// <summary>True when a program may write the object through a shared mapping, or may make one that it has writable.</summary>
    public readonly bool HasSharedWriter => SharedWriters > 0;
}
