// Memory that a program makes durable by itself: what the call does, and power cuts while little else becomes durable.
using System;
using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class MemoryCheckpointTests(ITestOutputHelper output)
{
    private const int MemoryMebibytes = 256;
    private const string Program = "/usr/lib/aurora/memckpt";

    [Fact]
    public async Task Memory_becomes_durable_by_itself_and_with_all_else_where_it_must()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Program, "check");
        (int? status, string shown) = await guest.FinishAsync();
        var report = new TapReport(shown);
        Assert.Empty(report.Failures);
        Assert.Null(report.Incomplete());
        Assert.Equal(0, status);
    }

    [Fact]
    public async Task It_comes_back_whole_and_ahead_of_its_program_after_power_cuts()
    {
        (int? status, string shown) = await ThreeCuts.RunAsync(MemoryMebibytes, "keeping", Program, "6");
        output.WriteLine(shown);
        Assert.Equal(0, status);
        Assert.Contains("ahead: round", shown, StringComparison.Ordinal);
        Assert.Contains("\nround ", shown, StringComparison.Ordinal);
    }
}
