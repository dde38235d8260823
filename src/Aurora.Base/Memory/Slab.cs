// Typed slabs: every kernel object lives in one. Memory comes in chunks of four pages; each object has a header with its generation, odd
// while the object is live. Freed objects are poisoned, so a stale pointer reads 0xDD bytes, and a stale handle panics. Each chunk has a
// free list of its own, and chunks with a free slot are on a list; an empty chunk goes back to the allocator unless it is the only one with
// room. Generations go on in a chunk that comes back, so a handle never fits a later object. Objects of a charged kind count for the user
// who makes them (UserAccounts).
//
// What is known of chunks lies in pages that are taken with the first chunk they describe and kept, so that a high limit costs nothing.
// Protected by the kernel lock.
using System;
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>An allocator of unmanaged objects of one type with generation-checked handles. Grows by chunks up to a fixed limit.</summary>
public sealed unsafe class Slab<T> : ObjectStock
    where T : unmanaged
{
    private const int ChunkPages = 4;
    private const byte Poison = 0xDD;
    private const uint None = uint.MaxValue;
    private const uint ChunksPerPage = PageSize.Bytes / ChunkBytes;
    private const int ChunkBytes = 32;

    private struct Slot
    {
        public SlabSlot Header;
        public T Value;
    }

    /// <summary>What is known of a chunk whether it is there or not. The links are chunk numbers.</summary>
    private struct Chunk
    {
        public nint Memory;
        public uint FirstFree;
        public uint Live;

        /// <summary>Even, and at least as high as any generation its slots have had.</summary>
        public uint Generation;
        public uint Next;
        public uint Previous;
    }

    private readonly PageAllocator _pages;
    private readonly KernelLock _lock;
    private readonly nint[] _chunkPages;
    private readonly uint _chunkCount;
    private readonly uint _slotsPerChunk;
    private readonly uint _limit;
    private readonly bool _keepsMemory;
    private readonly ChargeKind _kind;
    private uint _firstWithRoom = None;
    private uint _lowestAbsent;
    private uint _bound;

    /// <summary>
    /// A slab of at most <paramref name="limit"/> objects; memory is taken as it is needed, and given back unless the slab
    /// <paramref name="keepsMemory"/>: then as many objects as there once were can be had for certain. Each object of a charged
    /// <paramref name="kind"/> counts for a user, with the <paramref name="bytesBeside"/> it always has elsewhere.
    /// </summary>
    public Slab(PageAllocator pages, int limit, ChargeKind kind = ChargeKind.None, int bytesBeside = 0, bool keepsMemory = false)
        : base(limit, sizeof(Slot) + bytesBeside)
    {
        Slot probe;
        Panic.Unless((byte*)&probe.Value - (byte*)&probe == sizeof(SlabSlot), "slab: an object does not follow its header"u8);
        Panic.Unless(sizeof(Chunk) == ChunkBytes, "slab: the size of a chunk's description"u8);
        _pages = pages;
        _lock = pages.Lock;
        _keepsMemory = keepsMemory;
        _kind = kind;
        _slotsPerChunk = (uint)(ChunkPages * PageSize.Bytes / sizeof(Slot));
        Panic.Unless(_slotsPerChunk > 0, "slab: the object type is larger than a chunk"u8);
        _chunkCount = ((uint)limit + _slotsPerChunk - 1) / _slotsPerChunk;
        _chunkPages = new nint[(_chunkCount + ChunksPerPage - 1) / ChunksPerPage];
        _limit = (uint)limit;
        if (kind != ChargeKind.None)
            pages.Accounts.Declare(kind, this);
    }

    /// <summary>One more than the highest index ever handed out: the bound for <see cref="LiveAt"/>.</summary>
    public uint IndexBound => _bound;

    /// <summary>A zeroed object, or null when the limit or the memory is exhausted.</summary>
    public T* Allocate()
    {
        _lock.AssertHeld();
        UserAccount* account = null;
        if (_kind != ChargeKind.None && !_pages.Accounts.Admit(_kind, Count, (int)_limit, BytesOfObject, out account))
            return null;
        return Take(account);
    }

    /// <summary>
    /// As above, for an object of a slab that causes this one: whoever pays for that pays for this, whoever is at work.
    /// </summary>
    public T* AllocateFor(void* cause)
    {
        _lock.AssertHeld();
        UserAccount* account = SlabSlot.Of(cause)->Account;
        return !_pages.Accounts.Admits(account, _kind, Count, (int)_limit, BytesOfObject)
            ? null : Take(account);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* Take(UserAccount* account)
    {
        if (_firstWithRoom == None && !AddChunk())
            return null;
        if (account != null)
            UserAccounts.Charge(account, _kind, BytesOfObject);
        ref Chunk chunk = ref ChunkAt(_firstWithRoom);
        Slot* slot = SlotAt(chunk.FirstFree);
        chunk.FirstFree = *(uint*)&slot->Value;
        chunk.Live++;
        if (chunk.FirstFree == None)
            Unlink(_firstWithRoom);
        // What was never used since its chunk came is zero but for the link.
        if (slot->Header.Generation == chunk.Generation)
            *(uint*)&slot->Value = 0;
        else
            slot->Value = default;
        slot->Header.Generation++;
        slot->Header.Account = account;
        Count++;
        return &slot->Value;
    }

    /// <summary>Frees and poisons a live object.</summary>
    public void Free(T* value)
    {
        _lock.AssertHeld();
        Slot* slot = SlotOf(value);
        Panic.Unless((slot->Header.Generation & 1) != 0, "slab: object freed twice"u8);
        slot->Header.Generation++;
        if (slot->Header.Account != null)
            _pages.Accounts.Refund(slot->Header.Account, _kind, BytesOfObject);
        slot->Header.Account = null;
        new Span<byte>(value, sizeof(T)).Fill(Poison);
        uint number = slot->Header.Index / _slotsPerChunk;
        ref Chunk chunk = ref ChunkAt(number);
        if (chunk.FirstFree == None)
            Link(number);
        *(uint*)value = chunk.FirstFree;
        chunk.FirstFree = slot->Header.Index;
        chunk.Live--;
        Count--;
        bool isOnlyRoom = chunk.Next == None && chunk.Previous == None;
        if (chunk.Live == 0 && !isOnlyRoom && !_keepsMemory)
            ReleaseChunk(number);
    }

    public Handle<T> HandleOf(T* value)
    {
        Slot* slot = SlotOf(value);
        return new Handle<T>(slot->Header.Index, slot->Header.Generation);
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
        if (handle.Index >= _bound || ChunkAt(handle.Index / _slotsPerChunk).Memory == 0)
            return null;
        Slot* slot = SlotAt(handle.Index);
        return slot->Header.Generation == handle.Generation && (handle.Generation & 1) != 0 ? &slot->Value : null;
    }

    /// <summary>The live object with this index, or null: for walking all objects.</summary>
    public T* LiveAt(uint index)
    {
        if (index >= _bound || ChunkAt(index / _slotsPerChunk).Memory == 0)
            return null;
        Slot* slot = SlotAt(index);
        return (slot->Header.Generation & 1) != 0 ? &slot->Value : null;
    }

    private bool AddChunk()
    {
        uint number = _lowestAbsent;
        while (number < _chunkCount && _chunkPages[number / ChunksPerPage] != 0 && ChunkAt(number).Memory != 0)
            number++;
        if (number == _chunkCount)
            return false;
        // What users' programs need to go on, and give back soon, is not theirs to run out of.
        bool wasLimited = _kind == ChargeKind.None && _pages.Accounts.Lift();
        void* memory = HasPageFor(number) ? _pages.Allocate(ChunkPages) : null;
        if (wasLimited)
            _pages.Accounts.Restrict(wasLimited);
        if (memory == null)
            return false;
        _lowestAbsent = number + 1;
        uint first = number * _slotsPerChunk;
        uint end = Math.Min(first + _slotsPerChunk, _limit);
        ref Chunk chunk = ref ChunkAt(number);
        chunk.Memory = (nint)memory;
        for (uint index = first; index < end; index++)
        {
            Slot* slot = SlotAt(index);
            slot->Header.Index = index;
            slot->Header.Generation = chunk.Generation;
            *(uint*)&slot->Value = index + 1 < end ? index + 1 : None;
        }
        chunk.FirstFree = first;
        _bound = Math.Max(_bound, end);
        Link(number);
        return true;
    }

    private bool HasPageFor(uint number)
    {
        ref nint page = ref _chunkPages[number / ChunksPerPage];
        if (page == 0)
            page = (nint)_pages.Allocate(1);
        return page != 0;
    }

    private void ReleaseChunk(uint number)
    {
        Unlink(number);
        ref Chunk chunk = ref ChunkAt(number);
        uint first = number * _slotsPerChunk;
        for (uint index = first; index < Math.Min(first + _slotsPerChunk, _limit); index++)
            chunk.Generation = Math.Max(chunk.Generation, SlotAt(index)->Header.Generation);
        _pages.Free((void*)chunk.Memory, ChunkPages);
        chunk.Memory = 0;
        _lowestAbsent = Math.Min(_lowestAbsent, number);
    }

    private void Link(uint number)
    {
        ref Chunk chunk = ref ChunkAt(number);
        chunk.Previous = None;
        chunk.Next = _firstWithRoom;
        if (_firstWithRoom != None)
            ChunkAt(_firstWithRoom).Previous = number;
        _firstWithRoom = number;
    }

    private void Unlink(uint number)
    {
        ref Chunk chunk = ref ChunkAt(number);
        if (chunk.Previous != None)
            ChunkAt(chunk.Previous).Next = chunk.Next;
        else
            _firstWithRoom = chunk.Next;
        if (chunk.Next != None)
            ChunkAt(chunk.Next).Previous = chunk.Previous;
        chunk.Next = chunk.Previous = None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Chunk ChunkAt(uint number) => ref ((Chunk*)_chunkPages[number / ChunksPerPage])[number % ChunksPerPage];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Slot* SlotAt(uint index) => (Slot*)ChunkAt(index / _slotsPerChunk).Memory + (index % _slotsPerChunk);

    private static Slot* SlotOf(T* value) => (Slot*)SlabSlot.Of(value);
}
