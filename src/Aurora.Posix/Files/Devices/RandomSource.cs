// The kernel's random generator: ChaCha20 (RFC 8439 block function) with fast key erasure: each request's first 32 bytes of output become
// the next key and are never given out, so a later leak of the state does not reveal earlier output. Entropy is mixed into the key by
// the same function. Seeded at boot and again at every restore, so copies of one image differ. Protected by the kernel lock.
using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Aurora.Posix.Files;

/// <summary>A cryptographically secure random generator; serves /dev/urandom, getrandom and AT_RANDOM.</summary>
public sealed class RandomSource
{
    public const int SeedBytes = 32;
    private const int BlockBytes = 64;
    private const int KeyWords = 8;

    private readonly uint[] _key = new uint[KeyWords];

    /// <summary>Mixes entropy in. Anything may be passed, in any amount; it can only add.</summary>
    public void Reseed(ReadOnlySpan<byte> entropy)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        Span<byte> padded = stackalloc byte[SeedBytes];
        while (!entropy.IsEmpty)
        {
            int count = Math.Min(entropy.Length, SeedBytes);
            padded.Clear();
            entropy[..count].CopyTo(padded);
            entropy = entropy[count..];
            for (int i = 0; i < KeyWords; i++)
                _key[i] ^= BinaryPrimitives.ReadUInt32LittleEndian(padded[(4 * i)..]);
            // The count keeps a chunk of zeroes different from none.
            Block(_key, ulong.MaxValue, (uint)count, block);
            TakeKey(block);
        }
        block.Clear();
        padded.Clear();
    }

    /// <summary>Fills a buffer with random bytes.</summary>
    public void Fill(Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        Span<uint> key = stackalloc uint[KeyWords];
        _key.CopyTo(key);
        Block(key, 0, 0, block);
        TakeKey(block);
        ulong counter = 1;
        while (!destination.IsEmpty)
        {
            Block(key, counter++, 0, block);
            int count = Math.Min(destination.Length, BlockBytes);
            block[..count].CopyTo(destination);
            destination = destination[count..];
        }
        block.Clear();
        key.Clear();
    }

    private void TakeKey(ReadOnlySpan<byte> block)
    {
        for (int i = 0; i < KeyWords; i++)
            _key[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(4 * i)..]);
    }

    /// <summary>One ChaCha20 block: 64-bit counter, then the nonce word and zero.</summary>
    internal static void Block(ReadOnlySpan<uint> key, ulong counter, uint nonce, Span<byte> output)
        => Block(key, (uint)counter, (uint)(counter >> 32), nonce, 0, output);

    /// <summary>The RFC's block function: the four words after the key are its counter and nonce.</summary>
    internal static void Block(ReadOnlySpan<uint> key, uint word12, uint word13, uint word14, uint word15, Span<byte> output)
    {
        Span<uint> initial = stackalloc uint[16];
        initial[0] = 0x61707865;
        initial[1] = 0x3320646E;
        initial[2] = 0x79622D32;
        initial[3] = 0x6B206574;
        key[..KeyWords].CopyTo(initial[4..]);
        initial[12] = word12;
        initial[13] = word13;
        initial[14] = word14;
        initial[15] = word15;
        Span<uint> x = stackalloc uint[16];
        initial.CopyTo(x);
        for (int i = 0; i < 10; i++)
        {
            QuarterRound(x, 0, 4, 8, 12);
            QuarterRound(x, 1, 5, 9, 13);
            QuarterRound(x, 2, 6, 10, 14);
            QuarterRound(x, 3, 7, 11, 15);
            QuarterRound(x, 0, 5, 10, 15);
            QuarterRound(x, 1, 6, 11, 12);
            QuarterRound(x, 2, 7, 8, 13);
            QuarterRound(x, 3, 4, 9, 14);
        }
        for (int i = 0; i < 16; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(output[(4 * i)..], unchecked(x[i] + initial[i]));
    }

    private static void QuarterRound(Span<uint> x, int a, int b, int c, int d)
    {
        unchecked
        {
            x[a] += x[b];
            x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 16);
            x[c] += x[d];
            x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 12);
            x[a] += x[b];
            x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 8);
            x[c] += x[d];
            x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 7);
        }
    }
}
