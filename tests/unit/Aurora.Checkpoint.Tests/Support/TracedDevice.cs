using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.Checkpoint.Tests;

/// <summary>A device that remembers what was written and in which order, so that a test can have the power cut after any write.</summary>
internal sealed unsafe class TracedDevice(ulong blocks) : MemoryBlockDevice(blocks)
{
    private readonly List<(ulong Block, byte[] Data)> _written = [];
    private readonly Dictionary<ulong, byte[]> _before = [];

    /// <summary>Blocks written since the trace began.</summary>
    public int Count => _written.Count;

    /// <summary>From here on what is written counts.</summary>
    public void Begin()
    {
        _written.Clear();
        _before.Clear();
        foreach (ulong block in WrittenBlocks)
            _before[block] = Contents(block);
    }

    /// <summary>A device that holds what this one held at the beginning, and the first so many blocks that were written since.</summary>
    public MemoryBlockDevice After(int writes) => Fill(new MemoryBlockDevice(BlockCount), writes);

    /// <summary>As above; it remembers in its turn what is written to it.</summary>
    public TracedDevice TracedAfter(int writes)
    {
        var device = new TracedDevice(BlockCount);
        Fill(device, writes);
        device.Begin();
        return device;
    }

    private MemoryBlockDevice Fill(MemoryBlockDevice device, int writes)
    {
        foreach ((ulong block, byte[] data) in _before)
            device.SetContents(block, data);
        for (int i = 0; i < writes; i++)
            device.SetContents(_written[i].Block, _written[i].Data);
        return device;
    }

    public override void Submit(BlockRequest* request)
    {
        base.Submit(request);
        if (request->Operation is BlockOperation.Read or BlockOperation.Flush)
            return;
        for (int i = 0; i < request->BlockCount; i++)
        {
            ulong block = request->Start.Value + (ulong)i;
            _written.Add((block, Contents(block)));
        }
    }
}
