using System;
using System.Collections.Generic;
using Aurora.Base;

namespace Aurora.Testing;

/// <summary>A sparse block device in memory whose requests complete at once. Blocks never written read as zeroes.</summary>
public unsafe class MemoryBlockDevice : BlockDevice
{
    private readonly Dictionary<ulong, byte[]> _blocks = [];

    public MemoryBlockDevice(ulong blockCount) => BlockCount = blockCount;

    public override ulong BlockCount { get; }

    public override int MaxBlocksPerRequest => 64;

    public override int QueueDepth => 32;

    public override bool HasVolatileWriteCache => true;

    public long Reads { get; private set; }

    public long WriteRequests { get; private set; }

    public long BlocksWritten { get; private set; }

    public long BlocksDiscarded { get; private set; }

    public long Flushes { get; private set; }

    /// <summary>When it returns something else than Ok for a request, the request has no effect and completes with that.</summary>
    public Func<BlockOperation, ulong, BlockStatus>? Fail { get; set; }

    /// <summary>The blocks that were ever written.</summary>
    public IEnumerable<ulong> WrittenBlocks => _blocks.Keys;

    public byte[] Contents(ulong block) => _blocks.TryGetValue(block, out byte[]? data) ? data : new byte[PageSize.Bytes];

    public void SetContents(ulong block, byte[] data) => _blocks[block] = data;

    public override void Submit(BlockRequest* request)
    {
        BlockStatus status = Fail?.Invoke(request->Operation, request->Start.Value) ?? BlockStatus.Ok;
        if (status == BlockStatus.Ok && request->Start.Value + (ulong)request->BlockCount > BlockCount)
            status = BlockStatus.OutOfRange;
        if (status == BlockStatus.Ok)
            Execute(request);
        request->Status = status;
    }

    public override BlockStatus Wait(BlockRequest* request) => request->Status;

    private void Execute(BlockRequest* request)
    {
        Flushes += request->Operation == BlockOperation.Flush ? 1 : 0;
        Reads += request->Operation == BlockOperation.Read ? 1 : 0;
        WriteRequests += request->Operation == BlockOperation.Write ? 1 : 0;
        for (int i = 0; i < request->BlockCount; i++)
        {
            ulong block = request->Start.Value + (ulong)i;
            if (request->Operation == BlockOperation.Read)
            {
                var target = new Span<byte>(request->Pages[i], PageSize.Bytes);
                if (_blocks.TryGetValue(block, out byte[]? data))
                    data.CopyTo(target);
                else
                    target.Clear();
            }
            else if (request->Operation == BlockOperation.Discard)
            {
                // What a discarded block reads as is up to the device: nothing that could be taken for data.
                BlocksDiscarded++;
                byte[] nothing = new byte[PageSize.Bytes];
                Array.Fill(nothing, (byte)0xDD);
                _blocks[block] = nothing;
            }
            else if (request->Operation == BlockOperation.Write)
            {
                BlocksWritten++;
                _blocks[block] = new Span<byte>(request->Pages[i], PageSize.Bytes).ToArray();
            }
        }
    }
}
