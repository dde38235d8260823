// Physical frames by the binary buddy system: free memory is kept in blocks of 2^order frames, aligned to their size. Splitting and
// merging touch only the metadata (12 bytes a frame), never the memory itself. Single frames, by far the most common request, go through
// a stack of loose frames in front that spares them the splitting; what sits there counts as free and is merged back when a
// larger block cannot be found. Frame 0 is never free. Protected by the kernel lock.
using System.Numerics;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>The free list of physical frames: single frames and contiguous runs.</summary>
public sealed unsafe class BuddyAllocator
{
    /// <summary>The largest block: 2^18 frames, 1 GiB.</summary>
    public const int MaxOrder = 18;

    private const int RefillOrder = 6;
    private const int LooseLimit = 512;

    private enum FrameState : byte
    {
        /// <summary>Handed out, or inside a free block.</summary>
        InUse,

        /// <summary>The first frame of a free block of Order.</summary>
        FreeHead,

        /// <summary>On the stack of loose frames.</summary>
        Loose,
    }

    /// <summary>Metadata of a frame.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Node
    {
        public uint Next;
        public uint Previous;
        public byte Order;
        public FrameState State;
        public ushort Reserved;
    }

    /// <summary>The metadata one frame needs, in bytes.</summary>
    public static int MetadataBytesPerFrame => sizeof(Node);

    private readonly Node* _nodes;
    private readonly ulong _bound;
    private readonly uint[] _heads = new uint[MaxOrder + 1];
    private uint _loose;
    private int _looseCount;

    /// <summary>An allocator of frames below <paramref name="bound"/>, all in use at first; <paramref name="metadata"/> is zeroed.</summary>
    public BuddyAllocator(void* metadata, ulong bound)
    {
        Panic.Unless(bound <= uint.MaxValue, "frames: more physical memory than the allocator can count"u8);
        _nodes = (Node*)metadata;
        _bound = bound;
    }

    /// <summary>Frames not handed out.</summary>
    public ulong FreeFrames { get; private set; }

    /// <summary>Makes a range of frames free; for boot, to hand over RAM.</summary>
    public void AddRange(ulong start, ulong end)
    {
        Panic.Unless(end <= _bound, "frames: range beyond the end of memory"u8);
        if (start == 0)
            start = 1;
        while (start < end)
        {
            int order = LargestOrder(start, end - start);
            FreeFrames += 1UL << order;
            Merge((uint)start, order);
            start += 1UL << order;
        }
    }

    /// <summary>One frame, or 0.</summary>
    public ulong Take()
    {
        if (_loose == 0 && !Refill())
            return 0;
        uint frame = _loose;
        _loose = _nodes[frame].Next;
        _looseCount--;
        _nodes[frame].State = FrameState.InUse;
        FreeFrames--;
        return frame;
    }

    /// <summary>Gives back one frame.</summary>
    public void Return(ulong frame)
    {
        CheckInUse(frame);
        FreeFrames++;
        if (_looseCount == LooseLimit)
            MergeLoose(LooseLimit / 2);
        PushLoose((uint)frame);
    }

    /// <summary><paramref name="count"/> contiguous frames, or 0. Gives back what rounding up to a power of two left over.</summary>
    public ulong TakeRun(ulong count)
    {
        if (count == 0 || count > 1UL << MaxOrder)
            return 0;
        int order = BitOperations.Log2(BitOperations.RoundUpToPowerOf2(count));
        uint start = TakeBlock(order);
        if (start == 0 && _looseCount != 0)
        {
            MergeLoose(_looseCount);
            start = TakeBlock(order);
        }
        if (start == 0)
            return 0;
        FreeFrames -= 1UL << order;
        if (count != 1UL << order)
            AddRange(start + count, start + (1UL << order));
        return start;
    }

    /// <summary>Gives back a run from <see cref="TakeRun"/>.</summary>
    public void ReturnRun(ulong start, ulong count)
    {
        for (ulong frame = start; frame < start + count; frame++)
            CheckInUse(frame);
        AddRange(start, start + count);
    }

    private void CheckInUse(ulong frame)
        => Panic.Unless(frame != 0 && frame < _bound && _nodes[frame].State == FrameState.InUse, "frames: returned a frame that is free"u8);

    private static int LargestOrder(ulong start, ulong length)
    {
        int order = BitOperations.Log2(length);
        int aligned = BitOperations.TrailingZeroCount(start);
        if (aligned < order)
            order = aligned;
        return order < MaxOrder ? order : MaxOrder;
    }

    /// <summary>Breaks a small block into loose frames, lowest on top so that they are handed out in address order.</summary>
    private bool Refill()
    {
        int order = RefillOrder;
        uint start = TakeBlock(order);
        while (start == 0 && order > 0)
            start = TakeBlock(--order);
        if (start == 0)
            return false;
        for (uint frame = start + (1u << order); frame-- != start;)
            PushLoose(frame);
        return true;
    }

    private void PushLoose(uint frame)
    {
        _nodes[frame].State = FrameState.Loose;
        _nodes[frame].Next = _loose;
        _loose = frame;
        _looseCount++;
    }

    /// <summary>Merges loose frames back into blocks.</summary>
    private void MergeLoose(int count)
    {
        for (; count > 0; count--)
        {
            uint frame = _loose;
            _loose = _nodes[frame].Next;
            _looseCount--;
            _nodes[frame].State = FrameState.InUse;
            Merge(frame, 0);
        }
    }

    /// <summary>Takes a block of exactly this order, splitting a larger one if need be; 0 when there is none.</summary>
    private uint TakeBlock(int order)
    {
        int found = order;
        while (found <= MaxOrder && _heads[found] == 0)
            found++;
        if (found > MaxOrder)
            return 0;
        uint start = _heads[found];
        Unlink(start, found);
        while (found > order)
        {
            found--;
            Link(start + (1u << found), found);
        }
        return start;
    }

    /// <summary>Puts a block on its list after uniting it with its buddy as often as that is free too.</summary>
    private void Merge(uint start, int order)
    {
        while (order < MaxOrder)
        {
            uint buddy = start ^ (1u << order);
            if (buddy >= _bound || _nodes[buddy].State != FrameState.FreeHead || _nodes[buddy].Order != order)
                break;
            Unlink(buddy, order);
            start &= ~(1u << order);
            order++;
        }
        Link(start, order);
    }

    private void Link(uint start, int order)
    {
        Node* node = _nodes + start;
        node->State = FrameState.FreeHead;
        node->Order = (byte)order;
        node->Previous = 0;
        node->Next = _heads[order];
        if (node->Next != 0)
            _nodes[node->Next].Previous = start;
        _heads[order] = start;
    }

    private void Unlink(uint start, int order)
    {
        Node* node = _nodes + start;
        node->State = FrameState.InUse;
        if (node->Previous != 0)
            _nodes[node->Previous].Next = node->Next;
        else
            _heads[order] = node->Next;
        if (node->Next != 0)
            _nodes[node->Next].Previous = node->Previous;
    }
}
