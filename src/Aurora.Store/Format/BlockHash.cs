// XXH64 of whole blocks. The library's XxHash64 takes any length and keeps its state in memory; on this kernel's hottest loop, which sums
// every page that is written or read, that costs more than twice the instructions. A test holds the two against each other.
//
// XXH64 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md): four accumulators each take one of four consecutive 64-bit words; at the end they
// are rotated, added and merged, the length is added and the bits are mixed. Lengths here are multiples of 8.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Aurora.Store;

/// <summary>The XXH64 of memory whose length is a multiple of eight and at least 32 bytes.</summary>
internal static unsafe class BlockHash
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;

    public static ulong Compute(void* data, int bytes, ulong seed) => Compute(data, bytes, seed, Prime1, Prime2);

    // Two of the primes are parameters of a method that is not inlined, and so stay in registers: a 64-bit constant would be loaded at every use.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Compute(void* data, int bytes, ulong seed, ulong prime1, ulong prime2)
    {
        ulong* word = (ulong*)data;
        ulong* lastStripe = word + (bytes / 8) - 4;
        ulong a = seed + Prime1 + Prime2;
        ulong b = seed + Prime2;
        ulong c = seed;
        ulong d = seed - Prime1;
        for (; word <= lastStripe; word += 4)
        {
            a = BitOperations.RotateLeft(a + (word[0] * prime2), 31) * prime1;
            b = BitOperations.RotateLeft(b + (word[1] * prime2), 31) * prime1;
            c = BitOperations.RotateLeft(c + (word[2] * prime2), 31) * prime1;
            d = BitOperations.RotateLeft(d + (word[3] * prime2), 31) * prime1;
        }
        ulong hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
            + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        hash = Merge(Merge(Merge(Merge(hash, a), b), c), d) + (ulong)bytes;
        for (ulong* end = lastStripe + 4; word < end; word++)
            hash = (BitOperations.RotateLeft(hash ^ Round(0, *word), 27) * Prime1) + Prime4;
        return Avalanche(hash);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(ulong accumulator, ulong input)
        => BitOperations.RotateLeft(accumulator + (input * Prime2), 31) * Prime1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Merge(ulong hash, ulong accumulator) => ((hash ^ Round(0, accumulator)) * Prime1) + Prime4;

    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }
}
