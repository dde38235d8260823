using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Core;
using Aurora.Testing;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Core.Tests;

public sealed unsafe class BuddyAllocatorTests : IDisposable
{
    private const ulong Bound = 5000;

    private readonly void* _metadata;
    private readonly BuddyAllocator _frames;

    public BuddyAllocatorTests()
    {
        HostEnvironment.Install();
        _metadata = NativeMemory.AllocZeroed((nuint)Bound * (nuint)BuddyAllocator.MetadataBytesPerFrame);
        _frames = new BuddyAllocator(_metadata, Bound);
    }

    public void Dispose() => NativeMemory.Free(_metadata);

    [Fact]
    public void Every_frame_but_zero_is_handed_out_once()
    {
        _frames.AddRange(0, Bound);
        Assert.Equal(Bound - 1, _frames.FreeFrames);
        var seen = new HashSet<ulong>();
        for (ulong frame = _frames.Take(); frame != 0; frame = _frames.Take())
            Assert.True(seen.Add(frame) && frame < Bound);
        Assert.Equal((int)Bound - 1, seen.Count);
        Assert.Equal(0UL, _frames.FreeFrames);
    }

    [Fact]
    public void Runs_are_contiguous_and_inside_the_range()
    {
        _frames.AddRange(100, 3000);
        ulong run = _frames.TakeRun(700);
        Assert.InRange(run, 100UL, 2300UL);
        Assert.Equal(2900UL - 700, _frames.FreeFrames);
        for (ulong frame = _frames.Take(); frame != 0; frame = _frames.Take())
            Assert.False(frame >= run && frame < run + 700);
    }

    [Fact]
    public void A_large_run_is_found_again_after_single_frames_come_back()
    {
        _frames.AddRange(1024, 2048);
        var frames = new List<ulong>();
        for (ulong frame = _frames.Take(); frame != 0; frame = _frames.Take())
            frames.Add(frame);
        Assert.Equal(0UL, _frames.TakeRun(2));
        foreach (ulong frame in frames.OrderBy(frame => frame % 7))
            _frames.Return(frame);
        Assert.Equal(1024UL, _frames.TakeRun(1024));
    }

    [Fact]
    public void Returning_a_free_frame_panics()
    {
        _frames.AddRange(1, 100);
        ulong frame = _frames.Take();
        _frames.Return(frame);
        Assert.Throws<PanicException>(() => _frames.Return(frame));
        Assert.Throws<PanicException>(() => _frames.Return(0));
    }

    [Property(MaxTest = 100)]
    public void No_frame_is_ever_in_two_hands(byte[] steps)
    {
        void* metadata = NativeMemory.AllocZeroed((nuint)Bound * (nuint)BuddyAllocator.MetadataBytesPerFrame);
        var frames = new BuddyAllocator(metadata, Bound);
        frames.AddRange(3, Bound - 5);
        ulong total = frames.FreeFrames;
        var owned = new bool[Bound];
        var held = new List<(ulong Start, ulong Count)>();
        foreach (byte step in steps)
        {
            if ((step & 1) == 0 || held.Count == 0)
            {
                ulong count = 1 + (ulong)(step >> 1);
                ulong start = count == 1 ? frames.Take() : frames.TakeRun(count);
                if (start == 0)
                    continue;
                for (ulong frame = start; frame < start + count; frame++)
                {
                    Assert.False(owned[frame]);
                    owned[frame] = true;
                }
                held.Add((start, count));
            }
            else
            {
                (ulong start, ulong count) = held[step % held.Count];
                held.RemoveAt(step % held.Count);
                for (ulong frame = start; frame < start + count; frame++)
                    owned[frame] = false;
                if (count == 1)
                    frames.Return(start);
                else
                    frames.ReturnRun(start, count);
            }
            Assert.Equal(total - (ulong)owned.Count(isOwned => isOwned), frames.FreeFrames);
        }
        NativeMemory.Free(metadata);
    }
}
