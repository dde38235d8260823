// Many processes that each have many kernel objects: what they change together, and above all their end, must be committed in parts, whatever the
// size of a commit. Nothing may stand still for good: lines and the exit status come out, through three power cuts.
using System;
using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class CrowdTests(ITestOutputHelper output)
{
    private const int MemoryMebibytes = 256;

    [Theory]
    [InlineData("maps", "60", "3000")]
    [InlineData("mixed", "12", "600")]
    public async Task A_crowd_comes_back_and_ends(string kind, string processes, string each)
    {
        (int? status, string text) = await ThreeCuts.RunAsync(
            MemoryMebibytes, "tick 5", "/usr/lib/aurora/crowd", kind, processes, each, "45");
        Assert.Equal(0, status);
        Assert.EndsWith("crowd ok\n", text, StringComparison.Ordinal);
        output.WriteLine("attack: much that ends at once: 1 crowds");
    }
}
