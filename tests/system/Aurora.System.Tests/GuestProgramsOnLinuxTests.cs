// The guest test programs state what Linux does. Here they run on Linux itself: an expectation that fails here is wrong, whatever
// Aurora says.
using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.SystemTests;

public sealed class GuestProgramsOnLinuxTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    [Theory]
    [MemberData(nameof(GuestPrograms.OnLinux), MemberType = typeof(GuestPrograms))]
    public async Task The_program_passes_on_Linux(string program)
    {
        (int status, string output) = await RunAsync(Products.Guest(program));
        var report = new TapReport(output);
        Assert.Empty(report.Failures);
        Assert.Null(report.Incomplete());
        Assert.Equal(0, status);
    }

    [Fact]
    public async Task The_workload_checks_itself()
    {
        string data = System.IO.Path.GetTempFileName();
        try
        {
            (int status, string output) = await RunAsync(Products.Guest("selfcheck"), "-n", "200", "-i", "0", "-f", data);
            Assert.Matches("check 200 ok t=[0-9]+\nselfcheck done 200\n$", output);
            Assert.Equal(0, status);
        }
        finally
        {
            System.IO.File.Delete(data);
        }
    }

    [Fact]
    public async Task The_states_are_what_they_should_be()
    {
        (int status, string output) = await RunAsync(Products.Guest("states"), "-s", "1", "-r", "100", "-w", "20");
        Assert.Equal((0, "states done 100\n"), (status, output));
    }

    private static async Task<(int Status, string Output)> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(_deadline);
        return (process.ExitCode, await output);
    }
}
