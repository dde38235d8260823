using System;
using System.Buffers.Binary;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Posix.Files;

namespace Aurora.Kernel;

/// <summary>Feeds the random source at every boot, so that no two runs of one image share their randomness.</summary>
internal static class Entropy
{
    private const int Words = 8;

    public static void Reseed(RandomSource source, Hardware hardware)
    {
        Span<byte> seed = stackalloc byte[Words * 2 * sizeof(ulong)];
        for (int i = 0; i < Words; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(seed[(16 * i)..], Cpu.ReadRandom());
            BinaryPrimitives.WriteUInt64LittleEndian(seed[((16 * i) + 8)..], Cpu.ReadTimeStampCounter());
        }
        BinaryPrimitives.WriteUInt64LittleEndian(seed, hardware.Clock.RealtimeNanoseconds);
        source.Reseed(seed);
    }
}
