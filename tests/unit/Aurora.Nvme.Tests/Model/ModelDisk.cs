using System;

namespace Aurora.Nvme.Tests.Model;

/// <summary>The medium: what reads return, and what would survive a power cut.</summary>
public sealed class ModelDisk(ulong logicalBlocks, int logicalBlockShift)
{
    private readonly byte[] _current = new byte[logicalBlocks << logicalBlockShift];
    private readonly byte[] _durable = new byte[logicalBlocks << logicalBlockShift];

    public ulong LogicalBlocks => logicalBlocks;

    public int LogicalBlockShift => logicalBlockShift;

    public bool CacheOn { get; set; }

    public Span<byte> Current(ulong lba, uint count) => Slice(_current, lba, count);

    public Span<byte> Durable(ulong lba, uint count) => Slice(_durable, lba, count);

    public void Written(ulong lba, uint count)
    {
        if (!CacheOn)
            Current(lba, count).CopyTo(Durable(lba, count));
    }

    /// <summary>What was not flushed is gone.</summary>
    public void LoseCache() => _durable.CopyTo(_current, 0);

    public void Flush() => _current.CopyTo(_durable, 0);

    private Span<byte> Slice(byte[] bytes, ulong lba, uint count)
        => bytes.AsSpan((int)(lba << logicalBlockShift), (int)(count << logicalBlockShift));
}
