using System.Threading.Tasks;
using Aurora.Images;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

/// <summary>The programs that pass on Linux pass on Aurora: with checkpoints running all the while.</summary>
public sealed class GuestProgramsOnAuroraTests
{
    private readonly ITestOutputHelper _output;

    public GuestProgramsOnAuroraTests(ITestOutputHelper output) => _output = output;

    [Theory]
    [MemberData(nameof(GuestPrograms.Names), MemberType = typeof(GuestPrograms))]
    public async Task The_program_passes_on_Aurora(string program)
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, $"/usr/lib/aurora/{program}");
        (int? status, string output) = await guest.FinishAsync();
        var report = new TapReport(output);
        Assert.Empty(report.Failures);
        Assert.Null(report.Incomplete());
        Assert.Equal(0, status);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        if (program == "exhaust")
            _output.WriteLine($"attack: limits that are reached: {report.Checks} checks");
    }
}
