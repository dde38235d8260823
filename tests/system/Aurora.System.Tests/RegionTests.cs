// A bank in a region: its books balance and nothing is missing that was acknowledged, wherever the power is cut and the program killed.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class RegionTests(ITestOutputHelper output)
{
    private const int Cuts = 4;

    private readonly BankWitness _witness = new();

    [Fact]
    public async Task The_books_of_a_bank_balance_wherever_the_power_is_cut()
    {
        string[] program = ["/usr/lib/aurora/bank"];
        using var disk = new TestDisk();
        var random = new Random(36);
        for (int cut = 0; cut < Cuts; cut++)
        {
            await using Guest guest = await Guest.StartAsync(disk, program);
            await guest.Console.WaitForAsync("ack ", Guest.Deadline);
            await Task.Delay(random.Next(0, 1200)); // the moment of the cut, not a wait for anything
            string shown = await guest.CutPowerAsync();
            _witness.Observe(guest.Events, shown);
            Assert.DoesNotContain("@refused", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.DoesNotContain("@panic", guest.Events.Tail(), StringComparison.Ordinal);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.Empty(_witness.Faults);
        Assert.True(_witness.Openings > 1, "the books were opened once only");
        output.WriteLine($"attack: power cuts of a region: {Cuts} cuts, {_witness.Transfers} transfers acknowledged");
    }

    [Fact]
    public async Task The_books_of_a_bank_balance_whenever_its_program_is_killed()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/usr/lib/aurora/bank", "6", "0.7");
        (int? status, string shown) = await guest.FinishAsync();
        _witness.Observe(guest.Events, shown);
        Assert.Empty(_witness.Faults);
        Assert.Equal(0, status);
        Assert.True(_witness.Openings >= 5, shown);
    }
}
