// More than the machine has: memory that is live beyond the RAM, and programs that take all they can get. The rest of the session goes on,
// and nothing of it is lost when the power is cut in the middle.
using System;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class PressureTests
{
    private const string Pressure = "/usr/lib/aurora/pressure";

    private readonly ITestOutputHelper _output;

    public PressureTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public async Task One_GiB_stays_live_on_a_512_MiB_machine_through_a_power_cut()
    {
        string[] program = [Pressure, "live", "1024", "2"];
        using var disk = new TestDisk(4L << 30);
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 512, program))
        {
            await first.Console.WaitForAsync("round 0 ok", Guest.LongDeadline);
            await Task.Delay(new Random(1).Next(500, 1500)); // the moment of the cut, in the first round
            await first.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 512, program);
        await second.ResumedAsync();
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        Assert.Equal(0, status);
        Assert.EndsWith("round 2 ok\n", output, StringComparison.Ordinal);
        _output.WriteLine("attack: memory that does not fit: 1 programs");
        Assert.DoesNotContain("FAIL", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_goes_on_with_less_memory_than_it_keeps()
    {
        string[] program = [Pressure, "live", "200", "3"];
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 512, program))
        {
            await first.Console.WaitForAsync("round 0 ok", Guest.Deadline);
            await first.CutPowerAsync();
        }
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 128, program);
        await second.ResumedAsync();
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        Assert.Equal(0, status);
        Assert.EndsWith("round 3 ok\n", output, StringComparison.Ordinal);
        _output.WriteLine("attack: memory that does not fit: 1 programs");
    }

    [Theory]
    [InlineData("hog")]
    [InlineData("sparse")]
    public async Task A_program_that_takes_all_memory_ends_and_its_neighbour_does_not(string kind)
    {
        // Memory that nobody can take back goes to the disk: it is full for a moment before the program is ended, and its neighbour
        // waits for it.
        string script = $"/usr/lib/aurora/selfcheck -w -i 20 -m 256 & {Pressure} {kind}; echo {kind} ended $?; wait";
        using var disk = new TestDisk(512L << 20);
        var witness = new SelfCheckWitness();
        await using Guest guest = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 128, "/bin/busybox", "sh", "-c", script);
        await guest.Console.WaitForAsync($"{kind} ended 137", Guest.LongDeadline);
        long last = SelfCheckWitness.LastStepIn(guest.Console.Text);
        await guest.Console.WaitForAsync($"check {last + 5} ok", Guest.Deadline);
        witness.Observe(guest.Events, await guest.CutPowerAsync());
        Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
        Assert.DoesNotContain("@panic", guest.Events.Tail(), StringComparison.Ordinal);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        _output.WriteLine("attack: resources that run out: 1 kinds");
    }

    [Fact]
    public async Task More_links_than_fit_are_made_and_looked_at_after_a_power_cut_and_by_a_much_smaller_machine()
    {
        string[] program = [Pressure, "links", "/tmp", "20000"];
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 128, program))
        {
            await first.Console.WaitForAsync("links 20000 errno 0", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 64, program);
        await second.Events.WaitAsync<ResumedEvent>(Guest.LongDeadline);
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        Assert.Equal(0, status);
        Assert.EndsWith("links ok\n", output, StringComparison.Ordinal);
        _output.WriteLine("attack: memory that does not fit: 2 programs");
    }

    [Fact]
    public async Task A_machine_too_small_for_its_session_says_how_much_it_lacks()
    {
        string[] program = ["/usr/lib/aurora/crowd", "maps", "60", "3000", "600"];
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 256, program))
        {
            await first.Console.WaitForAsync("tick 5", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        await using Guest small = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 64, program);
        RefusedEvent refused = await small.Events.WaitAsync<RefusedEvent>(Guest.LongDeadline);
        Assert.StartsWith("restore: out of memory: ", refused.Reason, StringComparison.Ordinal);
        Assert.EndsWith("the session ran with 256 MiB: start it with as much (-m 256)", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_run_out_with_an_error_and_come_back()
    {
        string script = $"{Pressure} forks && {Pressure} pieces 4000; {Pressure} pieces 1500 && echo all went on";
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 128, "/bin/busybox", "sh", "-c", script);
        (int? status, string output) = await guest.FinishAsync();
        Assert.Equal(0, status);
        Assert.Matches("forks [0-9]+ errno (11|12)\nforks [0-9]+ errno (11|12)\n", output);
        Assert.EndsWith("unmapped\nall went on\n", output, StringComparison.Ordinal);
        _output.WriteLine("attack: resources that run out: 2 kinds");
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task One_user_at_his_limits_leaves_root_and_others_working_also_after_a_power_cut()
    {
        string[] program = ["/usr/lib/aurora/greedy", "hold"];
        using var disk = new TestDisk();
        await using (Guest first = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 256, program))
        {
            await first.Console.WaitForAsync("holding", Guest.LongDeadline);
            await first.CutPowerAsync();
        }
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        await using Guest second = await Guest.StartAsync(disk, new BootConfiguration(), memoryMebibytes: 256, program);
        await second.ResumedAsync();
        await second.Console.TypeAsync("go on\n");
        (int? status, string output) = await second.FinishAsync(Guest.LongDeadline);
        Assert.DoesNotContain("FAIL", output, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.EndsWith("everybody went on\n", output, StringComparison.Ordinal);
        _output.WriteLine("attack: a user who takes all he can get: 11 kinds");
    }
}
