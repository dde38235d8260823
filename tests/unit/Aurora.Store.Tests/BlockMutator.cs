using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Aurora.Store.Tests;

/// <summary>Changes one block of metadata, or swaps two of a kind, in ways that hurt: edges of ranges, numbers that mean something elsewhere, parts of zeroes.</summary>
internal sealed class BlockMutator(SealedImage image, List<MetadataBlock> blocks, Random random)
{
    private static readonly ulong[] _edges = [0, 1, 2, 0xFF, 0xFFEF, 0xFFFE, 0xFFFF, 1UL << 31, 1UL << 32, (1UL << 52) - 1, 1UL << 52, 1UL << 63, ulong.MaxValue - 1, ulong.MaxValue];

    /// <summary>What the last change was.</summary>
    public string Description { get; private set; } = "";

    public (ulong Block, byte[] Contents)[] Next()
    {
        MetadataBlock target = blocks[random.Next(blocks.Count)];
        byte[] bytes = (byte[])image.Contents(target.Block).Clone();
        Description = $"block {target.Block}";
        switch (random.Next(12))
        {
            case 0 when blocks.Count > 1:
                ulong other = blocks[random.Next(blocks.Count)].Block;
                Description += $" swapped with {other}";
                return [(target.Block, image.Contents(other)), (other, bytes)];
            case 1:
                int from = random.Next(4096);
                int length = random.Next(4096 - from);
                bytes.AsSpan(from, length).Fill(random.Next(2) == 0 ? (byte)0 : (byte)0xFF);
                Description += $" filled at {from} for {length}";
                break;
            case 2:
                byte[] foreign = image.Contents(image.Metadata[random.Next(image.Metadata.Count)].Block);
                int start = random.Next(512) * 8;
                foreign.AsSpan(start).CopyTo(bytes.AsSpan(start));
                Description += $" another block's tail from {start}";
                break;
            default:
                for (int words = 1 + random.Next(3); words > 0; words--)
                    ChangeWord(bytes);
                break;
        }
        return [(target.Block, bytes)];
    }

    private void ChangeWord(byte[] bytes)
    {
        int size = 1 << random.Next(4);
        int offset = PickOffset(bytes) / size * size;
        Span<byte> word = bytes.AsSpan(offset, size);
        ulong old = Read(word);
        ulong value = random.Next(6) switch
        {
            0 => old + 1,
            1 => old - 1,
            2 => old ^ (1UL << random.Next(size * 8)),
            3 => image.Metadata[random.Next(image.Metadata.Count)].Block,
            4 => Read(bytes.AsSpan(PickOffset(bytes) / size * size, size)),
            _ => _edges[random.Next(_edges.Length)],
        };
        Span<byte> wide = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(wide, value);
        wide[..size].CopyTo(word);
        Description += $", {size} bytes at {offset}: {old:x} to {Read(word):x}";
    }

    // Mostly something that is in use.
    private int PickOffset(byte[] bytes)
    {
        int offset = random.Next(4096);
        for (int attempt = 0; attempt < 50 && bytes[offset] == 0; attempt++)
            offset = random.Next(random.Next(2) == 0 ? 512 : 4096);
        return offset;
    }

    private static ulong Read(ReadOnlySpan<byte> word)
    {
        Span<byte> wide = stackalloc byte[8];
        wide.Clear();
        word.CopyTo(wide);
        return BinaryPrimitives.ReadUInt64LittleEndian(wide);
    }
}
