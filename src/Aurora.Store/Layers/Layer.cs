// A layer holds the changes of a stretch of commits over the state below it: one skip list ordered by (object, page). The active layer takes new
// commits; when a cut begins it becomes the frozen layer, whose changes go into the trees; historical views have one of their own. Because
// the order is that of the trees, a cut walks the layer once. Searches start from where the last one ended, so sorted commits cost little.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>How a layer answers a lookup.</summary>
internal enum LayerAnswer : byte
{
    Found,
    Absent,

    /// <summary>The state below decides, for the object id given back.</summary>
    Below,
}

/// <summary>An ordered set of changes: searching and element management. Layer.Changes applies commits.</summary>
internal sealed unsafe partial class Layer
{
    private const int MaxHeight = 14;

    /// <summary>What a page may take of the arena, for reservations.</summary>
    public const ulong BytesPerPage = 80;
    public const ulong BytesPerObject = 256;
    public const ulong FixedBytes = 8192;

    // How far Locate walks from where the last search ended before it searches anew.
    private const int NearSteps = 8;

    /// <summary>What noting a removed page's block takes, rounded up.</summary>
    public const ulong BytesPerRemovedPage = 9;

    // The last element before the key searched last, at each level; null before any search.
    private readonly LayerNode** _path;
    private LayerNode* _head;
    private ulong _random = 0x2545F4914F6CDD1D;

    /// <summary>Pages for the constructor.</summary>
    public const int MemoryPages = 1;

    private readonly int _treeLevels;
    private ChangeCounts _changes;

    /// <summary>
    /// Trees have at most so many levels (see <see cref="ChangeCounts.LevelsOn"/>); the changes take at most so many bytes.
    /// </summary>
    public Layer(PageAllocator pages, byte* memory, int treeLevels, ulong limit)
    {
        _treeLevels = treeLevels;
        Arena = new Arena(pages) { Limit = limit };
        _path = (LayerNode**)memory;
    }

    public Arena Arena { get; }

    /// <summary>The last commit whose changes are in the layer.</summary>
    public ulong LastSequence { get; set; }

    /// <summary>What the changes may cost in nodes.</summary>
    public ref readonly ChangeCounts Changes => ref _changes;

    /// <summary>When not zero, the layer's last commit makes the state that of this kept checkpoint.</summary>
    public ulong RollbackTo { get; set; }

    public bool IsEmpty => _head == null || NextOf(_head, 0) == null;

    /// <summary>Forgets everything and returns the memory.</summary>
    public void Clear()
    {
        Arena.Reset();
        _head = null;
        _lastInfo = null;
        _superseded = null;
        _changes = default;
        RollbackTo = 0;
        ForgetPath();
    }

    /// <summary>The first element, or null.</summary>
    public LayerNode* First => _head == null ? null : NextOf(_head, 0);

    public static LayerNode* Next(LayerNode* node) => NextOf(node, 0);

    /// <summary>The first element at or after the key.</summary>
    public LayerNode* FindFrom(ulong objectId, ulong key)
    {
        if (_head == null)
            return null;
        Locate(objectId, key);
        return NextOf(_path[0], 0);
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
        if (_head == null)
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

    private static LayerNode* NextOf(LayerNode* node, int level) => ((LayerNode**)(node + 1))[level];

    private static void SetNext(LayerNode* node, int level, LayerNode* next) => ((LayerNode**)(node + 1))[level] = next;

    private static bool IsBefore(LayerNode* node, ulong objectId, ulong key)
        => node->Object < objectId || (node->Object == objectId && node->Key < key);

    // Fills _path with the last element before the key at each level.
    private void Locate(ulong objectId, ulong key)
    {
        if (!LocateNearby(objectId, key))
            LocateAnywhere(objectId, key);
    }

    // Walks level 0 onwards from the last search. An element that is passed is the next of the path at every level it has.
    private bool LocateNearby(ulong objectId, ulong key)
    {
        LayerNode* at = _path[0];
        if (at == null || (at != _head && !IsBefore(at, objectId, key)))
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

    private void AdvancePathTo(LayerNode* node)
    {
        for (int level = 0; level < (int)node->Height; level++)
            _path[level] = node;
    }

    private void LocateAnywhere(ulong objectId, ulong key)
    {
        LayerNode* at = _head;
        for (int level = MaxHeight - 1; level >= 0; level--)
        {
            LayerNode* last = _path[level];
            if (last != null && last != _head && IsBefore(last, objectId, key) && (at == _head || IsBefore(at, last->Object, last->Key)))
                at = last;
            LayerNode* next = NextOf(at, level);
            while (next != null && IsBefore(next, objectId, key))
            {
                at = next;
                next = NextOf(at, level);
            }
            _path[level] = at;
        }
    }

    private void ForgetPath()
    {
        for (int i = 0; i < MaxHeight; i++)
            _path[i] = null;
    }

    // How far a page that was located and is not there is from the nearest of its object.
    private ulong PagesApart(ulong objectId, ulong page)
    {
        ulong apart = ulong.MaxValue;
        LayerNode* before = _path[0];
        if (before->Object == objectId && before->Key != 0)
            apart = (before->Key - 1) ^ page;
        LayerNode* behind = NextOf(before, 0);
        if (behind != null && behind->Object == objectId && ((behind->Key - 1) ^ page) < apart)
            apart = (behind->Key - 1) ^ page;
        return apart;
    }

    // How far an object that was located and is not there is from the nearest id.
    private ulong ObjectsApart(ulong objectId)
    {
        LayerNode* before = _path[0];
        ulong apart = before == _head ? ulong.MaxValue : before->Object ^ objectId;
        LayerNode* behind = NextOf(before, 0);
        if (behind != null && (behind->Object ^ objectId) < apart)
            apart = behind->Object ^ objectId;
        return apart;
    }

    // Inserts after a Locate of the same key that found nothing.
    private LayerNode* InsertAtPath(ulong objectId, ulong key)
    {
        int height = 1;
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        for (ulong bits = _random; (bits & 3) == 0 && height < MaxHeight; bits >>= 2)
            height++;
        LayerNode* node = (LayerNode*)Arena.Allocate(sizeof(LayerNode) + (height * 8));
        *node = new LayerNode { Object = objectId, Key = key, Height = (ulong)height };
        for (int level = 0; level < height; level++)
        {
            SetNext(node, level, NextOf(_path[level], level));
            SetNext(_path[level], level, node);
        }
        AdvancePathTo(node);
        return node;
    }

    private void CreateHead()
    {
        if (_head != null)
            return;
        _head = (LayerNode*)Arena.Allocate(sizeof(LayerNode) + (MaxHeight * 8));
        *_head = new LayerNode { Height = MaxHeight };
        for (int level = 0; level < MaxHeight; level++)
            SetNext(_head, level, null);
        ForgetPath();
    }
}
