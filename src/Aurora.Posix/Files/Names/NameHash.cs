// SipHash-1-3 (Aumasson and Bernstein, 2012; the variant for hash tables): a hash under a secret key. Who does not know the key cannot
// choose names that collide, and so cannot make everybody search long chains. The hash is in no record: a restore has another key and
// hashes all names again. Every component of every path is hashed, so the state stays in registers.
using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aurora.Posix.Files;

/// <summary>Hashes names under a key.</summary>
public static class NameHash
{
    private const ulong Initial0 = 0x736F6D6570736575;
    private const ulong Initial1 = 0x646F72616E646F6D;
    private const ulong Initial2 = 0x6C7967656E657261;
    private const ulong Initial3 = 0x7465646279746573;

    /// <summary>The hash of a word, as eight bytes, and the bytes behind it.</summary>
    public static ulong Of(ulong key0, ulong key1, ulong word, ReadOnlySpan<byte> bytes)
    {
        ulong v0 = key0 ^ Initial0;
        ulong v1 = key1 ^ Initial1;
        ulong v2 = key0 ^ Initial2;
        ulong v3 = key1 ^ Initial3;
        ulong last = (ulong)(sizeof(ulong) + bytes.Length) << 56;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
            word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
        last |= Few(ref MemoryMarshal.GetReference(bytes), bytes.Length);
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xFF;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    // Up to seven bytes, the first one lowest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Few(ref byte first, int length)
    {
        const int bits = 8;
        // SAFETY: there are length bytes; the pieces overlap and cover all of them.
        if (length >= sizeof(uint))
        {
            int end = length - sizeof(uint);
            ulong upper = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref first, end));
            return Unsafe.ReadUnaligned<uint>(ref first) | upper << (bits * end);
        }
        if (length == 0)
            return 0;
        int middle = length >> 1;
        int last = length - 1;
        return first | (ulong)Unsafe.Add(ref first, middle) << (bits * middle) | (ulong)Unsafe.Add(ref first, last) << (bits * last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        unchecked
        {
            v0 += v1;
            v2 += v3;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
