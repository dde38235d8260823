using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Testing;

/// <summary>Physical memory for host tests: one native block, frame n at offset 4096 n; freed frames are poisoned, and must still be so when they are used again.</summary>
public sealed unsafe class HostFramePool : FramePool, IDisposable
{
    // Has the bits that are cleared in a page-table entry, so that a write through a stale pointer shows.
    private const byte Poison = 0xDE;
    private readonly byte* _memory;
    private readonly FrameInfo* _infos;
    private readonly ulong[] _free;
    private int _freeCount;

    public HostFramePool(int frames)
        : this(frames, AllocateBlock(frames), AllocateInfos(frames))
    {
    }

    private HostFramePool(int frames, byte* memory, FrameInfo* infos)
        : base(memory, infos, (ulong)frames)
    {
        _memory = memory;
        _infos = infos;
        _free = new ulong[frames];
        FreeAll();
        TotalFrames = (ulong)frames - 1;
    }

    public override ulong FreeFrames => (ulong)_freeCount;
    public override ulong TotalFrames { get; }

    /// <summary>Frames handed out and not returned: a test compares it before and after.</summary>
    public ulong UsedFrames => TotalFrames - FreeFrames;

    /// <summary>Takes all frames back from a kernel that is gone.</summary>
    public void Reset()
    {
        for (ulong frame = 1; frame < FrameBound; frame++)
            if (!_infos[frame].IsFree)
                new Span<byte>(_memory + (frame << PageSize.Shift), PageSize.Bytes).Fill(Poison);
        new Span<FrameInfo>(_infos, (int)FrameBound).Clear();
        FreeAll();
        SetReserve(0);
        IsUrgent = false;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        NativeMemory.Free(_infos);
    }

    /// <summary>Nobody has written to a frame that is free.</summary>
    public void AssertFreeFramesUntouched()
    {
        for (int i = 0; i < _freeCount; i++)
            AssertUntouched(_free[i]);
    }

    private void FreeAll()
    {
        _freeCount = 0;
        for (int frame = (int)FrameBound - 1; frame > 0; frame--)
            _free[_freeCount++] = (ulong)frame;
    }

    protected override ulong TakeFrame()
    {
        if (_freeCount == 0)
            return 0;
        AssertUntouched(_free[_freeCount - 1]);
        return _free[--_freeCount];
    }

    private void AssertUntouched(ulong frame)
    {
        if (new ReadOnlySpan<byte>(_memory + (frame << PageSize.Shift), PageSize.Bytes).ContainsAnyExcept(Poison))
            throw new InvalidOperationException($"frame {frame} was written to while it was free");
    }

    protected override void ReturnFrame(ulong frame)
    {
        new Span<byte>(_memory + (frame << PageSize.Shift), PageSize.Bytes).Fill(Poison);
        _free[_freeCount++] = frame;
    }

    private static byte* AllocateBlock(int frames)
    {
        nuint bytes = (nuint)frames * PageSize.Bytes;
        void* block = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        new Span<byte>(block, checked((int)bytes)).Fill(Poison);
        return (byte*)block;
    }

    private static FrameInfo* AllocateInfos(int frames) => (FrameInfo*)NativeMemory.AllocZeroed((nuint)frames, (nuint)sizeof(FrameInfo));
}
