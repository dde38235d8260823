using System;
using System.Collections.Generic;
using Aurora.Base;

namespace Aurora.Store.Tests;

/// <summary>
/// What the superblocks say each cut has freed, and so what must be free: a block freed by cut f is when a later cut is durable and no view
/// of a cut before f is open.
/// </summary>
public sealed class FreedByCuts
{
    private const int CutOffset = 128;
    private const int UsedOffset = 96;
    private const int FreedOffset = 104;

    private readonly StoreHarness _harness;
    private readonly Dictionary<ulong, ulong> _freed = [];

    public FreedByCuts(StoreHarness harness)
    {
        _harness = harness;
        harness.Memory.Fail = (operation, block) =>
        {
            // The one to be overwritten, and the one before, are still there.
            if (operation == BlockOperation.Write && block < StoreFormat.LogStart)
                Look();
            return BlockStatus.Ok;
        };
    }

    /// <summary>
    /// Free blocks of a store that has just made a cut, with views of these cuts open, and nothing that was freed in use again.
    /// </summary>
    public ulong FreeBlocks(IEnumerable<ulong> viewedCuts)
    {
        byte[] newest = Look();
        ulong current = BitConverter.ToUInt64(newest, CutOffset);
        ulong first = current;
        foreach (ulong cut in viewedCuts)
            first = Math.Min(first, cut + 1);
        ulong taken = BitConverter.ToUInt64(newest, UsedOffset);
        for (ulong cut = first; cut <= current; cut++)
            taken += _freed.GetValueOrDefault(cut);
        return _harness.Store.TotalBlocks - taken;
    }

    private byte[] Look()
    {
        byte[] first = _harness.Memory.Contents(0);
        byte[] second = _harness.Memory.Contents(2);
        foreach (byte[] super in (byte[][])[first, second])
            _freed[BitConverter.ToUInt64(super, CutOffset)] = BitConverter.ToUInt64(super, FreedOffset);
        return BitConverter.ToUInt64(first, 48) > BitConverter.ToUInt64(second, 48) ? first : second;
    }
}
