// A layer holds what a stretch of commits changed of one volume, over the state below it: one skip list ordered by (object, page). Because
// the order is that of the trees, a cut walks the layer once. Searches start from where the last one ended, so sorted commits cost little.
//
// What is below a layer, newest first: another layer of the same set, which is sealed, that is, it never changes again; or what the set
// below, and the trees below that, hold of a volume, now or at one of its checkpoints; or nothing. Many layers may have the same one below
// them: that is how a clone copies nothing.
//
// Layers live in the arena of their set (LayerSet), hold no managed reference and go with it. LayerEditor changes them.
using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>How a layer answers a lookup.</summary>
internal enum LayerAnswer : byte
{
    Found,
    Absent,

    /// <summary>The state below decides, for the object id given back.</summary>
    Below,
}

/// <summary>What is below a layer.</summary>
internal enum StateBelow : byte
{
    Nothing,

    /// <summary>A layer of the same set.</summary>
    Layer,

    /// <summary>A volume, as the set below leaves it.</summary>
    Volume,

    /// <summary>A kept checkpoint of a volume.</summary>
    Checkpoint,
}

/// <summary>An ordered set of changes of one volume: its state, and searching.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Layer
{
    public const int MaxHeight = 14;

    /// <summary>What a page may take of the arena, for reservations.</summary>
    public const ulong BytesPerPage = 80;
    public const ulong BytesPerObject = 256;

    /// <summary>Above what the pages and objects take: chunks' ends, new layers, entries of volumes and of the history.</summary>
    public const ulong FixedBytes = 8192;

    /// <summary>What noting a removed page's block takes, rounded up.</summary>
    public const ulong BytesPerRemovedPage = 9;

    // How far Locate walks from where the last search ended before it searches anew.
    private const int NearSteps = 8;

    /// <summary>The volume whose commits made the layer.</summary>
    public ulong Volume;

    /// <summary>What is below; then the volume and the checkpoint's sequence, or the layer.</summary>
    public StateBelow Below;

    /// <summary>Others may have it below them: it never changes again.</summary>
    public bool IsSealed;

    /// <summary>A checkpoint of the history refers to its state.</summary>
    public bool IsKept;

    /// <summary>How many layers of the set are below.</summary>
    public ushort Depth;
    public ulong BelowVolume;
    public ulong BelowSequence;
    public Layer* BelowLayer;

    /// <summary>The next layer of the set, in the order in which they were made.</summary>
    public Layer* NextInSet;

    /// <summary>The newest commit of the state that the layer makes, as far as the set knows it; 0 when it does not.</summary>
    public CheckpointInfo Last;

    /// <summary>Blocks that belonged to this layer's commits and were overwritten within it.</summary>
    public SupersededBlocks* Superseded;
    public LayerNode* Head;
    public ulong Random;

    /// <summary>The object that was changed last.</summary>
    public LayerObject* LastInfo;
    public ulong LastObject;

    /// <summary>While a cut is made: who still refers to Result, and the root of what the layer makes.</summary>
    public uint Users;
    public NodePointer Start;
    public NodePointer Result;

    // The last element before the key searched last, at each level; null before any search.
    private fixed ulong _path[MaxHeight];

    public readonly bool IsEmpty => Head == null || NextOf(Head, 0) == null;

    /// <summary>The first element, or null.</summary>
    public readonly LayerNode* First => Head == null ? null : NextOf(Head, 0);

    public static LayerNode* Next(LayerNode* node) => NextOf(node, 0);

    /// <summary>The first element at or after the key.</summary>
    public LayerNode* FindFrom(ulong objectId, ulong key)
    {
        if (Head == null)
            return null;
        Locate(objectId, key);
        return NextOf(PathAt(0), 0);
    }

    /// <summary>The element with exactly this key, or null.</summary>
    public LayerNode* Find(ulong objectId, ulong key)
    {
        LayerNode* node = FindFrom(objectId, key);
        return node != null && node->Object == objectId && node->Key == key ? node : null;
    }

    /// <summary>Looks a page up; when the answer is Below, <paramref name="objectId"/> is the object to ask the state below for.</summary>
    public LayerAnswer FindPage(ref ulong objectId, ulong page, out MapEntry entry)
    {
        entry = default;
        if (Head == null)
            return LayerAnswer.Below;
        LayerNode* node = Find(objectId, page + 1);
        if (node != null)
        {
            entry = new MapEntry { Key = page, Block = node->Block, Checksum = node->Checksum };
            return node->Block == 0 ? LayerAnswer.Absent : LayerAnswer.Found;
        }
        LayerNode* header = Find(objectId, 0);
        if (header == null)
            return LayerAnswer.Below;
        if (header->Info->Base == LayerBase.None || page >= header->Info->Limit)
            return LayerAnswer.Absent;
        if (header->Info->Base == LayerBase.Clone)
            objectId = header->Info->BaseObject;
        return LayerAnswer.Below;
    }

    /// <summary>Page elements the layer holds for an object: what a clone of it copies.</summary>
    public ulong PagesOf(ulong objectId)
    {
        LayerNode* header = Find(objectId, 0);
        return header == null ? 0 : header->Info->PageCount;
    }

    /// <summary>What the page changes of an object may cost in nodes: what a clone of it would cost as well.</summary>
    public ulong PageNodesOf(ulong objectId)
    {
        LayerNode* header = Find(objectId, 0);
        return header == null ? 0 : header->Info->Nodes;
    }

    public static LayerNode* NextOf(LayerNode* node, int level) => ((LayerNode**)(node + 1))[level];

    public static void SetNext(LayerNode* node, int level, LayerNode* next) => ((LayerNode**)(node + 1))[level] = next;

    /// <summary>Of the last search: the last element before the key at a level.</summary>
    public readonly LayerNode* PathAt(int level) => (LayerNode*)_path[level];

    public static bool IsBefore(LayerNode* node, ulong objectId, ulong key)
        => node->Object < objectId || (node->Object == objectId && node->Key < key);

    /// <summary>Fills the path with the last element before the key at each level. There must be a head.</summary>
    public void Locate(ulong objectId, ulong key)
    {
        if (!LocateNearby(objectId, key))
            LocateAnywhere(objectId, key);
    }

    /// <summary>The path now leads past an element.</summary>
    public void AdvancePathTo(LayerNode* node)
    {
        for (int level = 0; level < (int)node->Height; level++)
            _path[level] = (ulong)node;
    }

    // Walks level 0 onwards from the last search. An element that is passed is the next of the path at every level it has.
    private bool LocateNearby(ulong objectId, ulong key)
    {
        LayerNode* at = PathAt(0);
        if (at == null || (at != Head && !IsBefore(at, objectId, key)))
            return false;
        for (int step = 0; step < NearSteps; step++)
        {
            LayerNode* next = NextOf(at, 0);
            if (next == null || !IsBefore(next, objectId, key))
                return true;
            AdvancePathTo(next);
            at = next;
        }
        return false;
    }

    private void LocateAnywhere(ulong objectId, ulong key)
    {
        LayerNode* at = Head;
        for (int level = MaxHeight - 1; level >= 0; level--)
        {
            LayerNode* last = PathAt(level);
            if (last != null && last != Head && IsBefore(last, objectId, key) && (at == Head || IsBefore(at, last->Object, last->Key)))
                at = last;
            LayerNode* next = NextOf(at, level);
            while (next != null && IsBefore(next, objectId, key))
            {
                at = next;
                next = NextOf(at, level);
            }
            _path[level] = (ulong)at;
        }
    }

    public void ForgetPath()
    {
        for (int level = 0; level < MaxHeight; level++)
            _path[level] = 0;
    }

    /// <summary>How far a page that was located and is not there is from the nearest of its object (their exclusive or).</summary>
    public readonly ulong PagesApart(ulong objectId, ulong page)
    {
        ulong apart = ulong.MaxValue;
        LayerNode* before = PathAt(0);
        if (before->Object == objectId && before->Key != 0)
            apart = (before->Key - 1) ^ page;
        LayerNode* behind = NextOf(before, 0);
        if (behind != null && behind->Object == objectId && ((behind->Key - 1) ^ page) < apart)
            apart = (behind->Key - 1) ^ page;
        return apart;
    }

    /// <summary>How far an object that was located and is not there is from the nearest id (their exclusive or).</summary>
    public readonly ulong ObjectsApart(ulong objectId)
    {
        LayerNode* before = PathAt(0);
        ulong apart = before == Head ? ulong.MaxValue : before->Object ^ objectId;
        LayerNode* behind = NextOf(before, 0);
        if (behind != null && (behind->Object ^ objectId) < apart)
            apart = behind->Object ^ objectId;
        return apart;
    }
}

/// <summary>A chunk of the blocks that were overwritten within a layer.</summary>
internal unsafe struct SupersededBlocks
{
    public const int BlocksPerChunk = 61;

    public SupersededBlocks* Next;
    public ulong Count;
    public fixed ulong Blocks[BlocksPerChunk];
}
