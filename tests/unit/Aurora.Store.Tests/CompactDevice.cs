using System;
using System.Collections.Generic;
using Aurora.Base;

namespace Aurora.Store.Tests;

/// <summary>A memory device that keeps a block of one repeated number as that number, so that a test can fill a large disk. Slow on request, as SlowDevice is.</summary>
public sealed unsafe class CompactDevice : BlockDevice
{
    private readonly Dictionary<ulong, ulong> _uniform = [];
    private readonly Dictionary<ulong, byte[]> _blocks = [];
    private readonly List<nint> _pending = [];
    private readonly BatonFibers _fibers;
    private readonly Random _random;

    public CompactDevice(ulong blocks, BatonFibers fibers, int seed)
    {
        BlockCount = blocks;
        _fibers = fibers;
        _random = new Random(seed);
        fibers.Idle = CompleteOne;
    }

    public override ulong BlockCount { get; }

    public override int MaxBlocksPerRequest => 64;

    public override int QueueDepth => 32;

    public override bool HasVolatileWriteCache => true;

    public bool IsImmediate { get; set; } = true;

    public override void Submit(BlockRequest* request)
    {
        if (IsImmediate)
        {
            Execute(request);
            return;
        }
        request->Status = BlockStatus.Pending;
        _pending.Add((nint)request);
        if (_random.Next(6) == 0)
            CompleteOne();
    }

    public override BlockStatus Wait(BlockRequest* request)
    {
        while (request->Status == BlockStatus.Pending)
            _fibers.Block(&request->Waiters);
        return request->Status;
    }

    private bool CompleteOne()
    {
        if (_pending.Count == 0)
            return false;
        int index = _random.Next(_pending.Count);
        var request = (BlockRequest*)_pending[index];
        _pending.RemoveAt(index);
        Execute(request);
        _fibers.WakeAll(&request->Waiters);
        return true;
    }

    private void Execute(BlockRequest* request)
    {
        for (int i = 0; i < request->BlockCount && request->Operation is BlockOperation.Read or BlockOperation.Write; i++)
        {
            ulong block = request->Start.Value + (ulong)i;
            var page = new Span<ulong>(request->Pages[i], 512);
            if (request->Operation == BlockOperation.Read)
                Read(block, page);
            else
                Write(block, page);
        }
        request->Status = BlockStatus.Ok;
    }

    private void Read(ulong block, Span<ulong> page)
    {
        if (_blocks.TryGetValue(block, out byte[]? data))
            data.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(page));
        else
            page.Fill(_uniform.GetValueOrDefault(block));
    }

    private void Write(ulong block, ReadOnlySpan<ulong> page)
    {
        if (page.ContainsAnyExcept(page[0]))
        {
            _uniform.Remove(block);
            _blocks[block] = System.Runtime.InteropServices.MemoryMarshal.AsBytes(page).ToArray();
            return;
        }
        _blocks.Remove(block);
        _uniform[block] = page[0];
    }
}
