// Typed slabs: every kernel object lives in one. Memory comes in chunks of four pages that are never given back; each object has a
// header with its generation, odd while the object is live. Freed objects are poisoned, so a stale pointer reads 0xDD bytes, and a
// stale handle panics. Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>An allocator of unmanaged objects of one type with generation-checked handles. Grows by chunks up to a fixed limit.</summary>
public sealed unsafe class Slab<T>
    where T : unmanaged
{
    private const int ChunkPages = 4;
    private const byte Poison = 0xDD;
    private const uint NoSlot = uint.MaxValue;

    private struct Slot
    {
        public uint Index;
        public uint Generation;
        public T Value;
    }

    private readonly PageAllocator _pages;
    private readonly nint[] _chunks;
    private readonly uint _slotsPerChunk;
    private readonly uint _limit;
    private uint _carved;
    private uint _firstFree = NoSlot;

    /// <summary>A slab of at most <paramref name="limit"/> objects; memory is taken as it is needed.</summary>
    public Slab(PageAllocator pages, int limit)
    {
        _pages = pages;
        _slotsPerChunk = (uint)(ChunkPages * PageSize.Bytes / sizeof(Slot));
        Panic.Unless(_slotsPerChunk > 0, "slab: the object type is larger than a chunk"u8);
        _chunks = new nint[(limit + (int)_slotsPerChunk - 1) / (int)_slotsPerChunk];
        _limit = (uint)limit;
    }

    /// <summary>The number of live objects.</summary>
    public int Count { get; private set; }

    /// <summary>One more than the highest index ever handed out: the bound for <see cref="LiveAt"/>.</summary>
    public uint IndexBound => _carved;

    /// <summary>A zeroed object, or null when the limit or the memory is exhausted.</summary>
    public T* Allocate()
    {
        Slot* slot;
        if (_firstFree != NoSlot)
        {
            slot = SlotAt(_firstFree);
            _firstFree = *(uint*)&slot->Value;
        }
        else
        {
            slot = Carve();
            if (slot == null)
                return null;
        }
        slot->Generation++;
        slot->Value = default;
        Count++;
        return &slot->Value;
    }

    /// <summary>Frees and poisons a live object.</summary>
    public void Free(T* value)
    {
        Slot* slot = SlotOf(value);
        Panic.Unless((slot->Generation & 1) != 0, "slab: object freed twice"u8);
        slot->Generation++;
        new Span<byte>(value, sizeof(T)).Fill(Poison);
        *(uint*)value = _firstFree;
        _firstFree = slot->Index;
        Count--;
    }

    public Handle<T> HandleOf(T* value)
    {
        Slot* slot = SlotOf(value);
        return new Handle<T>(slot->Index, slot->Generation);
    }

    /// <summary>The object of a handle; panics when it has been freed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Get(Handle<T> handle)
    {
        T* value = TryGet(handle);
        if (value == null)
            Panic.Fail("slab: stale handle to object"u8, handle.Index);
        return value;
    }

    /// <summary>The object of a handle, or null when it has been freed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* TryGet(Handle<T> handle)
    {
        if (handle.Index >= _carved)
            return null;
        Slot* slot = SlotAt(handle.Index);
        return slot->Generation == handle.Generation && (handle.Generation & 1) != 0 ? &slot->Value : null;
    }

    /// <summary>The live object with this index, or null: for walking all objects.</summary>
    public T* LiveAt(uint index)
    {
        if (index >= _carved)
            return null;
        Slot* slot = SlotAt(index);
        return (slot->Generation & 1) != 0 ? &slot->Value : null;
    }

    private Slot* Carve()
    {
        if (_carved >= _limit)
            return null;
        uint chunk = _carved / _slotsPerChunk;
        if (_chunks[chunk] == 0)
        {
            void* memory = _pages.Allocate(ChunkPages);
            if (memory == null)
                return null;
            _chunks[chunk] = (nint)memory;
        }
        Slot* slot = SlotAt(_carved);
        slot->Index = _carved++;
        return slot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Slot* SlotAt(uint index) => (Slot*)_chunks[index / _slotsPerChunk] + (index % _slotsPerChunk);

    // SAFETY: value came from this slab, so its slot header precedes it in the same chunk.
    private static Slot* SlotOf(T* value)
    {
        Slot probe;
        nint offset = (nint)(&probe.Value) - (nint)(&probe);
        return (Slot*)((byte*)value - offset);
    }
}
