// Attacks on the disk under a running session, with QEMU's own tools: blkdebug fails requests, blklogwrites records what reached the disk
// so that states between the flushes can be tried. ./aurora attack does the same at length.
using System;
using System.IO;
using System.Net.Sockets;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Images.Root;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class DiskAttackTests : IDisposable
{
    private const long DiskBytes = 96L << 20;
    private const int WantedStates = 50;
    private const string ErrorsTried = "attack: requests that fail: 1 sessions";

    private static readonly string[] _selfCheck = ["/usr/lib/aurora/selfcheck", "-i", "2", "-m", "256"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aurora-attack-");

    private readonly ITestOutputHelper _output;

    public DiskAttackTests(ITestOutputHelper output) => _output = output;

    private string Disk => Path.Combine(_folder.FullName, "disk");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(FailingRequests.Writes)]
    [InlineData(FailingRequests.Reads)]
    public async Task An_error_that_passes_is_not_noticed(FailingRequests requests)
    {
        CreateDisk(DiskBytes);
        await using Guest guest = await StartAsync(requests, afterWrites: 40, once: true);
        await guest.Console.WaitForAsync("check 60 ok", Guest.Deadline);
        if (requests == FailingRequests.Writes)
            Assert.Contains("nvme: trying again: write of block", guest.Events.Tail(200), StringComparison.Ordinal);
        AssertGoodSoFar(new SelfCheckWitness(), guest.Events, await guest.CutPowerAsync());
        _output.WriteLine(ErrorsTried);
    }

    [Theory]
    [InlineData(FailingRequests.Writes, false)]
    [InlineData(FailingRequests.Flushes, true)]
    [InlineData(FailingRequests.Flushes, false)]
    public async Task An_error_that_stays_pauses_the_session_which_goes_on_once_the_disk_is_well(FailingRequests requests, bool once)
    {
        CreateDisk(DiskBytes);
        var witness = new SelfCheckWitness();
        await using (Guest guest = await StartAsync(requests, afterWrites: 60, once))
        {
            RefusedEvent refused = await guest.Events.WaitAsync<RefusedEvent>(Guest.Deadline);
            Assert.Contains("the session is paused at its last durable checkpoint", refused.Line, StringComparison.Ordinal);
            Assert.False(guest.Machine.Exited.IsCompleted);
            AssertGoodSoFar(witness, guest.Events, await guest.CutPowerAsync());
        }
        await using Guest again = await StartAsync();
        await again.ResumedAsync();
        await again.Console.WaitForAsync($"check {witness.Last + 5} ok", Guest.Deadline);
        AssertGoodSoFar(witness, again.Events, await again.CutPowerAsync());
        _output.WriteLine(ErrorsTried);
    }

    [Fact]
    public async Task Resets_under_load_are_not_noticed_until_there_are_too_many()
    {
        CreateDisk(DiskBytes);
        var witness = new SelfCheckWitness();
        await using (Guest guest = await StartAsync())
        {
            for (int reset = 1; reset <= 3; reset++)
            {
                await guest.Console.WaitForAsync($"check {SelfCheckWitness.LastStepIn(guest.Console.Text) + 20} ok", Guest.Deadline);
                await guest.Machine.SendAsync("reset-disk");
                await guest.Events.WaitAsync<LogEvent>(Guest.Deadline, item => item.Line.Contains("nvme: ready again after", StringComparison.Ordinal));
            }
            await guest.Console.WaitForAsync($"check {SelfCheckWitness.LastStepIn(guest.Console.Text) + 20} ok", Guest.Deadline);
            await guest.Machine.SendAsync("reset-disk");
            RefusedEvent refused = await guest.Events.WaitAsync<RefusedEvent>(Guest.Deadline);
            Assert.Contains("disk: it has failed and resets did not help; the session is paused", refused.Line, StringComparison.Ordinal);
            AssertGoodSoFar(witness, guest.Events, await guest.CutPowerAsync());
        }
        await using Guest again = await StartAsync();
        await again.ResumedAsync();
        await again.Console.WaitForAsync($"check {witness.Last + 5} ok", Guest.Deadline);
        AssertGoodSoFar(witness, again.Events, await again.CutPowerAsync());
        _output.WriteLine("attack: controller resets under load: 4 resets");
    }

    [Fact]
    public async Task A_disk_that_cannot_be_read_is_refused_at_boot_and_left_alone()
    {
        CreateDisk(DiskBytes);
        var witness = new SelfCheckWitness();
        await using (Guest first = await StartAsync())
        {
            await first.Console.WaitForAsync("check 5 ok", Guest.Deadline);
            witness.Observe(first.Events, await first.CutPowerAsync());
        }
        await using (Guest broken = await StartAsync(FailingRequests.Reads, afterWrites: 0, once: false))
        {
            // Reads fail from the first write of the mount on: in the restore, or when the first page is wanted.
            await Task.WhenAny(broken.Events.WaitAsync<RefusedEvent>(TimeSpan.FromSeconds(5)), broken.Machine.Exited);
            await broken.CutPowerAsync();
            Assert.DoesNotContain("@panic", broken.Events.Tail(500), StringComparison.Ordinal);
        }
        Assert.Empty(DiskImage.Check(Disk).Faults);
        _output.WriteLine(ErrorsTried);
    }

    [Fact]
    public async Task States_between_the_flushes_of_a_recorded_session_all_resume()
    {
        CreateDisk(DiskBytes);
        var states = new CrashStates(Machine(), Disk, Check, new Random(11));
        await states.RunAsync(WantedStates);
        Assert.True(states.Faults.Count == 0, string.Join("\n", states.Faults));
        Assert.True(states.Recorded > 100, $"only {states.Recorded} requests were recorded");
        _output.WriteLine($"attack: crash states of a recorded session: {states.Recorded} requests recorded, {WantedStates} states booted");
    }

    [Fact]
    public async Task A_full_disk_is_an_error_to_writers_and_goes_on_once_space_is_freed()
    {
        const string Script = "echo begin; while dd if=/dev/urandom bs=64k count=16 2>/dev/null >>/root/a; do :; done; echo full; rm /root/a; echo freed; "
            + "until dd if=/dev/urandom of=/root/b bs=64k count=20 2>/dev/null; do usleep 100000; done; echo again; exit 4";
        CreateDisk(72L << 20);
        await using (Guest guest = await Guest.StartAsync(Machine() with { Disk = Disk }, "/bin/busybox", "sh", "-c", Script))
        {
            (int? status, string output) = await guest.FinishAsync();
            Assert.Equal((4, "begin\nfull\nfreed\nagain\n"), (status, output));
        }
        Assert.Empty(DiskImage.Check(Disk).Faults);
        _output.WriteLine("attack: full disks: 1 sessions");
    }

    [Fact]
    public async Task A_health_warning_of_the_controller_is_logged_while_the_session_runs()
    {
        CreateDisk(DiskBytes);
        string monitor = Path.Combine(_folder.FullName, "monitor");
        await using Guest guest = await Guest.StartAsync(
            Machine() with { Disk = Disk, NvmeProperties = "id=nvme0", ExtraArguments = ["-monitor", $"unix:{monitor},server=on,wait=off"] }, _selfCheck);
        await guest.Console.WaitForAsync("check 3 ok", Guest.Deadline);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(monitor));
        await socket.SendAsync("qom-set /machine/peripheral/nvme0 smart_critical_warning 4\n"u8.ToArray());
        await guest.Events.WaitAsync<LogEvent>(Guest.Deadline, item => item.Line.Contains("nvme: health: critical warning: reliability degraded", StringComparison.Ordinal));
        await guest.Console.WaitForAsync($"check {SelfCheckWitness.LastStepIn(guest.Console.Text) + 5} ok", Guest.Deadline);
    }

    private static ImageVerdict Check(string image)
    {
        ImageReport report = DiskImage.Check(image);
        return new ImageVerdict(report.Faults, report.LastSequence);
    }

    private void AssertGoodSoFar(SelfCheckWitness witness, EventLog events, string console)
    {
        witness.Observe(events, console);
        Assert.True(witness.Faults.Count == 0, string.Join("\n", witness.Faults));
        Assert.Empty(DiskImage.Check(Disk).Faults);
    }

    private Task<Guest> StartAsync(FailingRequests requests, int afterWrites, bool once)
        => Guest.StartAsync(Machine() with
        {
            Disk = Disk,
            DiskFaults = DiskFaults.Create(Path.Combine(_folder.FullName, "rules"), requests, afterWrites, once),
        }, _selfCheck);

    private Task<Guest> StartAsync() => Guest.StartAsync(Machine() with { Disk = Disk }, _selfCheck);

    private static MachineConfiguration Machine() => new() { Kernel = Products.KernelImage, MemoryMebibytes = 256 };

    private void CreateDisk(long bytes) => DiskImage.Create(Disk, bytes, new StandardRoot(Products.Guests).Read());
}
