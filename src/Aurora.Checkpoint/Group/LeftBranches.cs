// Which epochs a group's state does not come from, although the store still has them: each rollback leaves those after its target behind. The
// ranges are part of the group's record, so that a rollback also brings back what was known about branches at its target. In rising order; a
// new range lies behind all others. When there are too many, the oldest is forgotten: its checkpoints then look like ancestors.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Epochs after <see cref="After"/> up to <see cref="Last"/>. On-disk format.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LeftRange
{
    public const int Size = 16;

    public ulong After;
    public ulong Last;
}

/// <summary>The epochs that rollbacks have left behind.</summary>
public struct LeftBranches
{
    public const int Capacity = 32;

    [InlineArray(Capacity)]
    private struct Ranges
    {
        private LeftRange _first;
    }

    private Ranges _ranges;

    public int Count { get; private set; }

    public readonly LeftRange this[int index] => _ranges[index];

    /// <summary>Notes that the state has gone back to <paramref name="after"/> when <paramref name="last"/> was the newest epoch.</summary>
    public void Add(Epoch after, Epoch last)
    {
        if (Count == Capacity)
        {
            for (int i = 1; i < Capacity; i++)
                _ranges[i - 1] = _ranges[i];
            Count--;
        }
        _ranges[Count++] = new LeftRange { After = after.Value, Last = last.Value };
    }

    /// <summary>True when the state does not come from this epoch.</summary>
    public readonly bool Contains(Epoch epoch)
    {
        for (int i = 0; i < Count; i++)
        {
            if (epoch.Value > _ranges[i].After && epoch.Value <= _ranges[i].Last)
                return true;
        }
        return false;
    }

    /// <summary>Writes the ranges and returns their length in bytes.</summary>
    internal readonly int Write(Span<byte> destination)
    {
        for (int i = 0; i < Count; i++)
        {
            LeftRange range = _ranges[i];
            MemoryMarshal.Write(destination[(i * LeftRange.Size)..], in range);
        }
        return Count * LeftRange.Size;
    }

    /// <summary>Reads what Write has written; false when it is impossible.</summary>
    internal bool TryRead(ReadOnlySpan<byte> source)
    {
        Count = 0;
        if (source.Length % LeftRange.Size != 0 || source.Length / LeftRange.Size > Capacity)
            return false;
        ulong previous = 0;
        for (int at = 0; at < source.Length; at += LeftRange.Size)
        {
            var range = MemoryMarshal.Read<LeftRange>(source[at..]);
            if (range.After < previous || range.Last <= range.After)
                return false;
            previous = range.Last;
            _ranges[Count++] = range;
        }
        return true;
    }
}
