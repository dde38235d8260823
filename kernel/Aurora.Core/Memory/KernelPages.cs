using System;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>Contiguous zeroed pages of the direct map, for kernel structures and device buffers.</summary>
public sealed unsafe class KernelPages : PageAllocator
{
    private readonly KernelFrames _frames;
    private readonly FramePriority _priority;
    private ulong _limit;
    private ulong _limitOfUsers;
    private bool _hasBooted;
    private ulong _taken;

    /// <summary>An allocator of at most <paramref name="limit"/> pages at a time, with this claim to the last frames.</summary>
    internal KernelPages(KernelFrames frames, FramePriority priority, ulong limit, KernelLock kernelLock)
        : base(kernelLock)
    {
        _frames = frames;
        _priority = priority;
        _limit = limit;
        _limitOfUsers = limit - (limit / UserAccounts.MemoryReserveShare);
    }

    /// <summary>Boot is over: from now on the limit holds, but never so that what has been restored leaves nothing to run with.</summary>
    public void EndBoot()
    {
        _limitOfUsers = Math.Max(_limitOfUsers, _taken + (_limit / 64));
        _limit = Math.Max(_limit, _taken + (_limit / 32));
        _hasBooted = true;
    }

    /// <inheritdoc/>
    public override ulong BytesLeftForUsers => _limitOfUsers > _taken ? (_limitOfUsers - _taken) * PageSize.Bytes : 0;

    /// <inheritdoc/>
    public override ulong BytesLeft => _limit > _taken ? (_limit - _taken) * PageSize.Bytes : 0;

    public override void* Allocate(int pages)
    {
        Lock.AssertHeld();
        // What a session had made of its share comes back packed differently: a restore must not fail for a few pages.
        ulong limit = !_hasBooted ? _limit + (_limit / 8) : Accounts.IsLimited ? _limitOfUsers : _limit;
        // Nor must what cannot be refused any more (a failed checkpoint that becomes dirty again), while there are frames.
        if (pages <= 0 || (_taken + (ulong)pages > limit && !_frames.IsUrgent))
            return null;
        FrameNumber start = _frames.AllocateRun((ulong)pages, _priority);
        if (start.Value == 0)
            return null;
        _taken += (ulong)pages;
        byte* memory = _frames.AddressOf(start);
        // SAFETY: the run is pages × 4 KiB of the direct map and nobody else's.
        for (int page = 0; page < pages; page++)
            new Span<byte>(memory + ((long)page << PageSize.Shift), PageSize.Bytes).Clear();
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        Lock.AssertHeld();
        Panic.Unless((ulong)pages <= _taken, "kernel pages: freed what another allocator handed out"u8);
        _taken -= (ulong)pages;
        _frames.FreeRun(_frames.FrameOf(memory), (ulong)pages);
    }
}
