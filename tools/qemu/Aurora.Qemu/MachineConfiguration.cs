using System.Collections.Generic;

namespace Aurora.Qemu;

/// <summary>What a virtual machine is made of.</summary>
public sealed record MachineConfiguration
{
    /// <summary>The kernel image (an ELF file with a PVH note).</summary>
    public required string Kernel { get; init; }

    /// <summary>A file given to another kernel than Aurora's instead of <see cref="Boot"/>; null for Aurora.</summary>
    public string? InitialRamDisk { get; init; }

    /// <summary>The words another kernel than Aurora's is given; null for Aurora.</summary>
    public string? KernelCommandLine { get; init; }

    /// <summary>What the kernel is told at boot.</summary>
    public BootConfiguration Boot { get; init; } = new();

    /// <summary>The raw image behind the NVMe controller, or null for a machine without a disk.</summary>
    public string? Disk { get; init; }

    /// <summary>Whether programs may be run in the machine by who knows its disk (<see cref="ExecClient"/>).</summary>
    public bool AcceptsPrograms { get; init; }

    /// <summary>QEMU's <c>cache=</c> mode of the disk. Writeback offers a volatile cache that FLUSH empties with fdatasync: what a real disk does.</summary>
    public string DiskCache { get; init; } = "writeback";

    /// <summary>Errors that QEMU injects below the NVMe controller; null for a disk that works.</summary>
    public DiskFaults? DiskFaults { get; init; }

    /// <summary>A file in which QEMU records every write and flush of the disk, for <see cref="WriteLog"/>; null to record nothing.</summary>
    public string? DiskWriteLog { get; init; }

    /// <summary>Further properties of the NVMe device, such as <c>mdts=4</c>.</summary>
    public string NvmeProperties { get; init; } = "";

    public int MemoryMebibytes { get; init; } = 512;

    public int Cpus { get; init; } = 1;

    /// <summary>QEMU's machine type.</summary>
    public string MachineType { get; init; } = "q35";

    public Acceleration Acceleration { get; init; } = Acceleration.Automatic;

    /// <summary>
    /// Makes the instruction counter the machine's clock, under translation: a nanosecond is one instruction, whatever the host does
    /// meanwhile, and waiting takes no time.
    /// </summary>
    public bool CountsInstructions { get; init; }

    /// <summary>
    /// With <see cref="CountsInstructions"/>: waiting takes the time that it takes on the host, so waits for the disk are in what is
    /// measured.
    /// </summary>
    public bool WaitsTakeTime { get; init; }

    /// <summary>Opens QEMU's gdb stub on this UNIX socket and holds the processor until a debugger continues it.</summary>
    public string? GdbSocket { get; init; }

    /// <summary>Makes a reset end QEMU instead of booting again: for machines that are expected not to panic.</summary>
    public bool ExitOnReset { get; init; }

    /// <summary>Arguments appended to QEMU's command line as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>The QEMU program.</summary>
    public string Program { get; init; } = "qemu-system-x86_64";
}
