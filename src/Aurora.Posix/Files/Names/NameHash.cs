// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash under a secret key. Who does not know the key cannot choose names that collide, and
// so cannot make everybody search long chains. The hash is in no record: a restore has another key and hashes all names again.
using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Aurora.Posix.Files;

/// <summary>Hashes names under a key.</summary>
public struct NameHash(ulong key0, ulong key1)
{
    private const ulong Initial0 = 0x736F6D6570736575;
    private const ulong Initial1 = 0x646F72616E646F6D;
    private const ulong Initial2 = 0x6C7967656E657261;
    private const ulong Initial3 = 0x7465646279746573;

    private ulong _v0 = key0 ^ Initial0;
    private ulong _v1 = key1 ^ Initial1;
    private ulong _v2 = key0 ^ Initial2;
    private ulong _v3 = key1 ^ Initial3;

    /// <summary>Takes in a word; the bytes that end the message come after all words.</summary>
    public void Add(ulong word)
    {
        _v3 ^= word;
        Round();
        Round();
        _v0 ^= word;
    }

    /// <summary>The hash of the words so far, of which there were <paramref name="words"/>, and these bytes.</summary>
    public ulong Finish(int words, ReadOnlySpan<byte> bytes)
    {
        ulong last = (ulong)((8 * words) + bytes.Length) << 56;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        for (int i = 0; i < bytes.Length; i++)
            last |= (ulong)bytes[i] << (8 * i);
        Add(last);
        _v2 ^= 0xFF;
        for (int i = 0; i < 4; i++)
            Round();
        return _v0 ^ _v1 ^ _v2 ^ _v3;
    }

    private void Round()
    {
        unchecked
        {
            _v0 += _v1;
            _v2 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v1;
            _v0 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
