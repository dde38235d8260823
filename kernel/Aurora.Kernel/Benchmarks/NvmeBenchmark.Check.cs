using System;
using Aurora.Base;

namespace Aurora.Kernel;

internal sealed unsafe partial class NvmeBenchmark
{
    private const int CheckRounds = 6;

    /// <summary>Writes blocks that say where they belong, in requests of 1 to 32 blocks at depth 8, flushes, and reads them back.</summary>
    private bool CheckPattern()
    {
        for (int round = 0; round < CheckRounds; round++)
        {
            int blocks = round == CheckRounds - 1 ? BlocksPerRequest : 1 << round;
            ulong seed = (ulong)round + 1;

            // The last round ends at the last block of the disk.
            ulong start = round == CheckRounds - 1 ? _disk.BlockCount - (ulong)(Depth * blocks) : (ulong)(round * Depth * BlocksPerRequest / 2);
            if (!WritePattern(start, blocks, seed) || !Run(Prepare(0, BlockOperation.Flush, 0, 0)) || !ReadPattern(start, blocks, seed))
                return false;
        }
        return true;
    }

    /// <summary>Write Zeroes zeroes exactly its blocks, and a discard is accepted; a device may implement neither.</summary>
    private bool CheckZeroes()
    {
        const ulong Seed = 99, Start = 3, Count = 2;
        if (!WritePattern(0, 1, Seed))
            return false;
        BlockRequest* zero = Prepare(0, BlockOperation.WriteZeroes, Start, (int)Count);
        _disk.Submit(zero);
        BlockStatus status = _disk.Wait(zero);
        bool isZero = status == BlockStatus.Ok;
        if (!isZero && status != BlockStatus.Unsupported)
            return false;
        if (!Transfer(BlockOperation.Read, 0, 1))
            return false;
        for (int slot = 0; slot < Depth; slot++)
        {
            bool isInside = (ulong)slot - Start < Count;
            bool isAsExpected = isZero && isInside
                ? new ReadOnlySpan<byte>(PageOf(slot, 0), PageSize.Bytes).IndexOfAnyExcept((byte)0) < 0
                : Holds(PageOf(slot, 0), Tag((ulong)slot, Seed));
            if (!isAsExpected)
                return false;
        }
        BlockRequest* discard = Prepare(0, BlockOperation.Discard, 0, Depth);
        _disk.Submit(discard);
        return _disk.Wait(discard) is BlockStatus.Ok or BlockStatus.Unsupported;
    }

    private bool WritePattern(ulong start, int blocks, ulong seed)
    {
        for (int slot = 0; slot < Depth; slot++)
        {
            for (int i = 0; i < blocks; i++)
                Fill(PageOf(slot, i), Tag(start + (ulong)(slot * blocks + i), seed));
        }
        return Transfer(BlockOperation.Write, start, blocks);
    }

    private bool ReadPattern(ulong start, int blocks, ulong seed)
    {
        for (int i = 0; i < Depth * BlocksPerRequest; i++)
            new Span<byte>(_pageLists[i], PageSize.Bytes).Clear();
        if (!Transfer(BlockOperation.Read, start, blocks))
            return false;
        for (int slot = 0; slot < Depth; slot++)
        {
            for (int i = 0; i < blocks; i++)
            {
                if (!Holds(PageOf(slot, i), Tag(start + (ulong)(slot * blocks + i), seed)))
                    return false;
            }
        }
        return true;
    }

    private bool Transfer(BlockOperation operation, ulong start, int blocks)
    {
        _disk.BeginBatch();
        for (int slot = 0; slot < Depth; slot++)
            _disk.Submit(Prepare(slot, operation, start + (ulong)(slot * blocks), blocks));
        _disk.EndBatch();
        bool isOk = true;
        for (int slot = 0; slot < Depth; slot++)
            isOk &= _disk.Wait(&_requests[slot]) == BlockStatus.Ok;
        return isOk;
    }

    private ulong* PageOf(int slot, int index) => (ulong*)_pageLists[slot * BlocksPerRequest + index];

    private static ulong Tag(ulong block, ulong seed) => (block + 1) * 0x9E37_79B9_7F4A_7C15 ^ seed << 56;

    private static void Fill(ulong* page, ulong tag)
    {
        for (int i = 0; i < PageSize.Bytes / sizeof(ulong); i++)
            page[i] = tag + (ulong)i;
    }

    private static bool Holds(ulong* page, ulong tag)
    {
        for (int i = 0; i < PageSize.Bytes / sizeof(ulong); i++)
        {
            if (page[i] != tag + (ulong)i)
                return false;
        }
        return true;
    }
}
