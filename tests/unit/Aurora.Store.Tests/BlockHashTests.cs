using System;
using System.IO.Hashing;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Store.Tests;

public sealed unsafe class BlockHashTests
{
    [Property(MaxTest = 300)]
    public void It_is_the_XXH64_of_the_library(byte[] start, int words, ulong seed)
    {
        byte[] data = new byte[32 + (Math.Abs(words % 600) * 8)];
        new Random((int)seed).NextBytes(data);
        start.AsSpan(0, Math.Min(start.Length, data.Length)).CopyTo(data);
        fixed (byte* pointer = data)
            Assert.Equal(XxHash64.HashToUInt64(data, (long)seed), BlockHash.Compute(pointer, data.Length, seed));
    }
}
