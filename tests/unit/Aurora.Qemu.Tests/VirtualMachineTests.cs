// The launcher against a real QEMU that runs a kernel of a few bytes.
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class VirtualMachineTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Console_and_control_lines_arrive_whole_and_the_exit_status_is_the_guests()
    {
        await using VirtualMachine machine = await StartAsync(new TinyKernel()
            .Print(TinyKernel.Com1, "hello\n").Print(TinyKernel.Com2, "booting\n@ready\n@durable 9\n@exit 7\n").PowerOff(7));
        string console = await ReadToEndAsync(machine);
        MachineExit exit = await machine.Exited.WaitAsync(_deadline);

        Assert.Equal("hello\n", console);
        Assert.Equal(7, exit.GuestStatus);
        Assert.Equal((7 << 1) | 1, exit.QemuStatus);
        Assert.Equal("", exit.Errors);
        Assert.Equal(["booting", "@ready", "@durable 9", "@exit 7"], machine.Events.Snapshot().Select(item => item.Line));
        Assert.Equal(9ul, machine.Events.DurableEpoch);
    }

    [Fact]
    public async Task A_power_cut_ends_a_hanging_machine_and_leaves_nothing_behind()
    {
        VirtualMachine machine = await StartAsync(new TinyKernel().Print(TinyKernel.Com2, "@ready\n").Hang());
        await machine.Events.WaitAsync<ReadyEvent>(_deadline);
        int process = machine.ProcessId;
        MachineExit exit = await machine.CutPowerAsync().WaitAsync(_deadline);
        await machine.DisposeAsync();

        Assert.Null(exit.GuestStatus);
        Assert.Equal(128 + 9, exit.QemuStatus);
        Assert.False(Directory.Exists($"/proc/{process}"));
    }

    [Fact]
    public async Task The_machine_has_no_files_left_once_it_speaks()
    {
        await using VirtualMachine machine = await StartAsync(new TinyKernel().Print(TinyKernel.Com2, "@ready\n").Hang());
        await machine.Events.WaitAsync<ReadyEvent>(_deadline);
        string commandLine = await File.ReadAllTextAsync($"/proc/{machine.ProcessId}/cmdline");
        string boot = commandLine.Split('\0').SkipWhile(word => word != "-initrd").ElementAt(1);

        Assert.False(Directory.Exists(Path.GetDirectoryName(boot)));
    }

    [Fact]
    public async Task Signals_from_the_terminal_do_not_reach_QEMU()
    {
        await using VirtualMachine machine = await StartAsync(new TinyKernel().Print(TinyKernel.Com2, "@ready\n").Hang());
        await machine.Events.WaitAsync<ReadyEvent>(_deadline);
        string status = await File.ReadAllTextAsync($"/proc/{machine.ProcessId}/stat");
        string session = status[(status.LastIndexOf(')') + 2)..].Split(' ')[3];

        Assert.Equal(machine.ProcessId.ToString(CultureInfo.InvariantCulture), session);
    }

    [Fact]
    public async Task Input_reaches_the_guest_before_the_end_of_input_does()
    {
        await using VirtualMachine machine = await StartAsync(new TinyKernel()
            .Print(TinyKernel.Com2, "@ready\n").EchoForever(TinyKernel.Com1, TinyKernel.Com1));
        await machine.Events.WaitAsync<ReadyEvent>(_deadline);
        byte[] sent = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 50).Select(number => $"{number:D4}\n")));
        byte[] received = new byte[sent.Length];
        Task reading = machine.Console.ReadExactlyAsync(received).AsTask();
        await machine.Console.WriteAsync(sent);
        await machine.SendEndOfInputAsync().WaitAsync(_deadline);
        await reading.WaitAsync(_deadline);

        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task A_panic_ends_the_waits_that_did_not_ask_for_it()
    {
        await using VirtualMachine machine = await StartAsync(new TinyKernel()
            .Print(TinyKernel.Com2, "@panic slab: freed twice\n@ready\n").Hang());
        MachineException failure = await Assert.ThrowsAsync<MachineException>(() => machine.Events.WaitAsync<ReadyEvent>(_deadline));
        Assert.Contains("slab: freed twice", failure.Message, StringComparison.Ordinal);
        await machine.Events.WaitAsync<ReadyEvent>(_deadline);
    }

    [Fact]
    public async Task A_wait_says_when_the_machine_ended_first()
    {
        await using VirtualMachine machine = await StartAsync(new TinyKernel().Print(TinyKernel.Com2, "half a li").PowerOff(0));
        MachineException failure = await Assert.ThrowsAsync<MachineException>(() => machine.Events.WaitAsync<ReadyEvent>(_deadline));
        Assert.Contains("the machine ended", failure.Message, StringComparison.Ordinal);
        Assert.Contains("half a li", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_is_locked_while_a_machine_has_it()
    {
        string disk = _folder.File("disk");
        await using (var image = File.Create(disk))
            image.SetLength(1 << 20);
        TinyKernel kernel = new TinyKernel().Print(TinyKernel.Com2, "@ready\n").Hang();
        await using VirtualMachine first = await StartAsync(kernel, disk);
        MachineException failure = await Assert.ThrowsAsync<MachineException>(() => StartAsync(kernel, disk));
        Assert.Contains("in use", failure.Message, StringComparison.Ordinal);
        await first.CutPowerAsync();
        await using VirtualMachine second = await StartAsync(kernel, disk);
        await second.Events.WaitAsync<ReadyEvent>(_deadline);
    }

    [Fact]
    public async Task What_QEMU_complains_about_is_in_the_message()
    {
        string file = _folder.File("not-a-kernel");
        await File.WriteAllTextAsync(file, "this is no ELF file");
        MachineException failure = await Assert.ThrowsAsync<MachineException>(()
            => VirtualMachine.StartAsync(new MachineConfiguration { Kernel = file, MachineType = "no-such-machine" }));
        Assert.Contains("unsupported machine type", failure.Message, StringComparison.Ordinal);
    }

    private Task<VirtualMachine> StartAsync(TinyKernel kernel, string? disk = null)
    {
        string path = _folder.File("kernel.elf");
        if (!File.Exists(path))
            kernel.Save(path);
        return VirtualMachine.StartAsync(new MachineConfiguration { Kernel = path, Disk = disk, MemoryMebibytes = 32, Acceleration = Acceleration.Tcg });
    }

    private static async Task<string> ReadToEndAsync(VirtualMachine machine)
    {
        using var reader = new StreamReader(machine.Console, leaveOpen: true);
        return await reader.ReadToEndAsync().WaitAsync(_deadline);
    }
}
