using System;
using Aurora.Posix.Files;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed class RandomSourceTests
{
    // RFC 8439, section 2.3.2.
    [Fact]
    public void The_block_function_is_ChaCha20()
    {
        uint[] key = new uint[8];
        for (uint i = 0; i < 8; i++)
            key[i] = (4 * i) | ((4 * i) + 1) << 8 | ((4 * i) + 2) << 16 | ((4 * i) + 3) << 24;
        byte[] block = new byte[64];
        RandomSource.Block(key, 1, 0x09000000, 0x4A000000, 0, block);
        Assert.Equal("10F1E7E4D13B5915500FDD1FA32071C4C7D1F4C733C068030422AA9AC3D46C4E"
            + "D2826446079FAA0914C2D705D98B02A2B5129CD1DE164EB9CBD083E8A2503C4E", Convert.ToHexString(block));
    }

    [Fact]
    public void Output_depends_on_every_seed_and_never_repeats()
    {
        var first = new RandomSource();
        var second = new RandomSource();
        first.Reseed("same"u8);
        second.Reseed("same"u8);
        byte[] a = new byte[200];
        byte[] b = new byte[200];
        first.Fill(a);
        second.Fill(b);
        Assert.Equal(a, b);
        first.Fill(b);
        Assert.NotEqual(a, b);
        second.Reseed(new byte[1]);
        second.Fill(a);
        Assert.NotEqual(a, b);
    }
}
