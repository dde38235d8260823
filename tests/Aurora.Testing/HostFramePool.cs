using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Testing;

/// <summary>
/// Physical memory for host tests: one native block, frame n at offset 4096 n; freed frames are poisoned, and must still be so when they
/// are used again. Blocks are kept for the next machine of the same size: poisoning a new one takes longer than most tests.
/// </summary>
public sealed unsafe class HostFramePool : FramePool, IDisposable
{
    // Has the bits that are cleared in a page-table entry, so that a write through a stale pointer shows.
    private const byte Poison = 0xDE;

    // So many blocks of a size are kept.
    private const int MostSpare = 8;

    private static readonly ConcurrentDictionary<int, ConcurrentBag<(nint Memory, nint Infos)>> s_spare = new();

    private readonly byte* _memory;
    private readonly FrameInfo* _infos;
    private readonly ulong[] _free;
    private int _freeCount;
    private bool _isDisposed;

    // The highest frame that was ever taken.
    private ulong _highest;

    public HostFramePool(int frames)
        : this(frames, TakeBlock(frames))
    {
    }

    private HostFramePool(int frames, (nint Memory, nint Infos) block)
        : base((byte*)block.Memory, (FrameInfo*)block.Infos, (ulong)frames)
    {
        _memory = (byte*)block.Memory;
        _infos = (FrameInfo*)block.Infos;
        _free = new ulong[frames];
        FreeAll();
        TotalFrames = (ulong)frames - 1;
    }

    public override ulong FreeFrames => (ulong)_freeCount;
    public override ulong TotalFrames { get; }

    /// <summary>Frames handed out and not returned: a test compares it before and after.</summary>
    public ulong UsedFrames => TotalFrames - FreeFrames;

    /// <summary>
    /// Takes all frames back from a kernel that is gone. Those it has written to though they were free stay so, to be found.
    /// </summary>
    public void Reset()
    {
        for (ulong frame = 1; frame <= _highest; frame++)
            if (!_infos[frame].IsFree)
                new Span<byte>(_memory + (frame << PageSize.Shift), PageSize.Bytes).Fill(Poison);
        _highest = 0;
        new Span<FrameInfo>(_infos, (int)FrameBound).Clear();
        FreeAll();
        SetReserve(0);
        IsUrgent = false;
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        ConcurrentBag<(nint, nint)> spare = s_spare.GetOrAdd((int)FrameBound, _ => []);
        // What a test has broken on purpose is nobody else's to find.
        if (spare.Count < MostSpare && HasOnlyUntouchedFree())
        {
            Reset();
            spare.Add(((nint)_memory, (nint)_infos));
            return;
        }
        NativeMemory.AlignedFree(_memory);
        NativeMemory.Free(_infos);
    }

    /// <summary>Nobody has written to a frame that is free.</summary>
    public void AssertFreeFramesUntouched()
    {
        for (int i = 0; i < _freeCount; i++)
            AssertUntouched(_free[i]);
    }

    private bool HasOnlyUntouchedFree()
    {
        for (ulong frame = 1; frame <= _highest; frame++)
            if (_infos[frame].IsFree && !IsUntouched(frame))
                return false;
        return true;
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
        ulong frame = _free[--_freeCount];
        AssertUntouched(frame);
        _highest = Math.Max(_highest, frame);
        return frame;
    }

    private void AssertUntouched(ulong frame)
    {
        if (!IsUntouched(frame))
            throw new InvalidOperationException($"frame {frame} was written to while it was free");
    }

    private bool IsUntouched(ulong frame)
        => !new ReadOnlySpan<byte>(_memory + (frame << PageSize.Shift), PageSize.Bytes).ContainsAnyExcept(Poison);

    protected override void ReturnFrame(ulong frame)
    {
        new Span<byte>(_memory + (frame << PageSize.Shift), PageSize.Bytes).Fill(Poison);
        _free[_freeCount++] = frame;
    }

    // Poisoned memory and empty descriptions, of a machine that is gone or new.
    private static (nint Memory, nint Infos) TakeBlock(int frames)
    {
        if (s_spare.TryGetValue(frames, out ConcurrentBag<(nint Memory, nint Infos)>? spare)
            && spare.TryTake(out (nint Memory, nint Infos) block))
        {
            return block;
        }
        nuint bytes = (nuint)frames * PageSize.Bytes;
        void* memory = NativeMemory.AlignedAlloc(bytes, PageSize.Bytes);
        new Span<byte>(memory, checked((int)bytes)).Fill(Poison);
        return ((nint)memory, (nint)NativeMemory.AllocZeroed((nuint)frames, (nuint)sizeof(FrameInfo)));
    }
}
