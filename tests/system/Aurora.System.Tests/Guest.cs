using System;
using System.Threading.Tasks;
using Aurora.Qemu;

namespace Aurora.SystemTests;

/// <summary>A machine under test: started with a program, its console collected, every wait with a deadline.</summary>
internal sealed class Guest : IAsyncDisposable
{
    /// <summary>Long enough for a busy machine without KVM; a test that works does not wait for it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    /// <summary>For tests that move hundreds of megabytes.</summary>
    public static readonly TimeSpan LongDeadline = TimeSpan.FromSeconds(400);

    private static readonly string[] _environment = ["PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/lib/aurora", "HOME=/root", "TERM=vt100"];

    private Guest(VirtualMachine machine)
    {
        Machine = machine;
        Console = new ConsoleTranscript(machine);
    }

    public VirtualMachine Machine { get; }
    public ConsoleTranscript Console { get; }
    public EventLog Events => Machine.Events;

    /// <summary>Starts a machine on a disk, with this program as init.</summary>
    public static Task<Guest> StartAsync(TestDisk disk, params string[] program) => StartAsync(disk, new BootConfiguration(), program);

    /// <summary>Starts a machine with further boot settings.</summary>
    public static Task<Guest> StartAsync(TestDisk disk, BootConfiguration boot, params string[] program)
        => StartAsync(disk, boot, memoryMebibytes: 256, program);

    /// <summary>Starts a machine with more memory.</summary>
    public static async Task<Guest> StartAsync(TestDisk disk, BootConfiguration boot, int memoryMebibytes, params string[] program)
    {
        var configuration = new MachineConfiguration
        {
            Kernel = Products.KernelImage,
            Disk = disk.Path,
            MemoryMebibytes = memoryMebibytes,
            Boot = boot with { Arguments = program, Environment = _environment },
        };
        return new Guest(await VirtualMachine.StartAsync(configuration));
    }

    /// <summary>Starts a machine of one's own making.</summary>
    public static async Task<Guest> StartAsync(MachineConfiguration machine, params string[] program)
        => new(await VirtualMachine.StartAsync(machine with { Boot = machine.Boot with { Arguments = program, Environment = _environment } }));

    /// <summary>The boot settings of an interactive terminal.</summary>
    public static BootConfiguration Terminal => new() { Interactive = true, Rows = 24, Columns = 80 };

    /// <summary>Waits until init has ended and the machine is off; returns init's status and all it printed.</summary>
    public async Task<(int? Status, string Output)> FinishAsync(TimeSpan? deadline = null)
    {
        MachineExit exit;
        try
        {
            exit = await Machine.Exited.WaitAsync(deadline ?? Deadline);
        }
        catch (TimeoutException)
        {
            throw new MachineException($"the guest did not end\n--- console ---\n{Console.Text}\n--- kernel log ---\n{Events.Tail()}");
        }
        await Console.Completed.WaitAsync(Deadline);
        return exit.GuestStatus != null
            ? (exit.GuestStatus, Console.Text)
            : throw new MachineException($"the machine ended without an exit status\n--- console ---\n{Console.Text}\n--- kernel log ---\n{Events.Tail()}");
    }

    public Task<ReadyEvent> ReadyAsync() => Events.WaitAsync<ReadyEvent>(Deadline);

    public Task<ResumedEvent> ResumedAsync() => Events.WaitAsync<ResumedEvent>(Deadline);

    /// <summary>Pulls the plug and returns all that was printed.</summary>
    public async Task<string> CutPowerAsync()
    {
        await Machine.CutPowerAsync();
        await Console.Completed.WaitAsync(Deadline);
        return Console.Text;
    }

    public ValueTask DisposeAsync() => Machine.DisposeAsync();
}
