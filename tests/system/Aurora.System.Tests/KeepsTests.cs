// States that last, with the power cut while they do: held files, locks, leases, moved waiters; mappings of every shape; epolls;
// inotify instances; pidfds; System V objects; POSIX message queues; sockets; pseudo-terminals; clocks that are read without pause.
using System.Threading.Tasks;
using Xunit;

namespace Aurora.SystemTests;

public sealed class KeepsTests
{
    private const int MemoryMebibytes = 256;

    [Theory]
    [InlineData("holding", "/usr/lib/aurora/keeps", "8")]
    [InlineData("holding", "/usr/lib/aurora/gone", "8")]
    [InlineData("READY", "/usr/lib/aurora/windows", "cut")]
    [InlineData("holding", "/usr/lib/aurora/leases", "cut")]
    [InlineData("READY", "/usr/lib/aurora/events", "8")]
    [InlineData("holding", "/usr/lib/aurora/epolls", "cut")]
    [InlineData("READY", "/usr/lib/aurora/pidfds", "8")]
    [InlineData("READY", "/usr/lib/aurora/shms", "8")]
    [InlineData("READY", "/usr/lib/aurora/msgs", "8")]
    [InlineData("READY", "/usr/lib/aurora/sems", "8")]
    [InlineData("READY", "/usr/lib/aurora/mqueues", "8")]
    [InlineData("READY", "/usr/lib/aurora/sockets", "8")]
    [InlineData("READY", "/usr/lib/aurora/names", "8")]
    [InlineData("READY", "/usr/lib/aurora/passes", "8")]
    [InlineData("READY", "/usr/lib/aurora/ptys", "8")]
    [InlineData("READY", "/usr/lib/aurora/watches", "8")]
    [InlineData("holding", "/usr/lib/aurora/vdso", "cut")]
    public async Task What_lasts_goes_on_after_three_power_cuts(string begun, string program, string argument)
    {
        (int? status, string output) = await ThreeCuts.RunAsync(MemoryMebibytes, begun, program, argument);
        Assert.Empty(new TapReport(output).Failures);
        Assert.Equal(0, status);
    }
}
