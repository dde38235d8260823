using System.Collections.Generic;
using System.Globalization;

namespace Aurora.Qemu;

/// <summary>Turns a machine configuration into QEMU's arguments.</summary>
public static class QemuCommandLine
{
    /// <summary>The I/O port of the isa-debug-exit device: the kernel powers off by writing its status there.</summary>
    public const string DebugExitPort = "0xf4";

    /// <summary>
    /// The arguments for a machine whose COM1 and COM2 connect to the two UNIX sockets and whose boot configuration is in a file.
    /// <paramref name="acceleration"/> is resolved, never Automatic.
    /// </summary>
    public static IReadOnlyList<string> Build(
        MachineConfiguration machine, Acceleration acceleration, string consoleSocket, string controlSocket, string bootFile)
    {
        var arguments = new List<string>
        {
            "-name", "aurora",
            "-nodefaults", "-no-user-config",
            "-display", "none",
            "-machine", machine.MachineType,
            "-accel", AcceleratorFor(acceleration, machine),
            "-cpu", CpuModel.ArgumentFor(acceleration),
            "-smp", Number(machine.Cpus),
            "-m", Number(machine.MemoryMebibytes) + "M",
            "-rtc", "base=utc",
            "-device", $"isa-debug-exit,iobase={DebugExitPort},iosize=0x04",
            "-kernel", machine.Kernel,
            "-initrd", Escape(machine.InitialRamDisk ?? bootFile),
        };
        if (machine.KernelCommandLine is { } words)
            arguments.AddRange(["-append", words]);
        if (machine.CountsInstructions)
            arguments.AddRange(["-icount", machine.WaitsTakeTime ? "shift=0,sleep=on" : "shift=0,sleep=off"]);
        AddSerialPort(arguments, "console", consoleSocket);
        AddSerialPort(arguments, "control", controlSocket);
        if (machine.Disk is { } disk)
            AddDisk(arguments, machine, disk);
        if (machine.GdbSocket is { } gdb)
        {
            arguments.AddRange(["-chardev", $"socket,id=gdb,path={Escape(gdb)},server=on,wait=off", "-gdb", "chardev:gdb", "-S"]);
        }
        if (machine.ExitOnReset)
            arguments.Add("-no-reboot");
        arguments.AddRange(machine.ExtraArguments);
        return arguments;
    }

    // The launcher listens and QEMU connects, so that no byte the guest prints can precede its reader.
    private static void AddSerialPort(List<string> arguments, string id, string socket)
        => arguments.AddRange(["-chardev", $"socket,id={id},path={Escape(socket)}", "-serial", "chardev:" + id]);

    // aio=threads works on every host and file system; discard=unmap gives blocks back to the host when the store frees them.
    private static void AddDisk(List<string> arguments, MachineConfiguration machine, string disk)
    {
        if (machine.DiskFaults != null || machine.DiskWriteLog != null)
        {
            AddTamperedDisk(arguments, machine, disk);
            return;
        }
        arguments.AddRange(["-drive", $"file={Escape(disk)},format=raw,if=none,id=disk,cache={machine.DiskCache},aio=threads,discard=unmap"]);
        string properties = machine.NvmeProperties.Length == 0 ? "" : "," + machine.NvmeProperties;
        arguments.AddRange(["-device", $"nvme,drive=disk,serial=aurora{properties}"]);
    }

    // From the file up: blkdebug, which fails requests; a raw layer, without which blkdebug sees no flushes; blklogwrites, which records.
    private static void AddTamperedDisk(List<string> arguments, MachineConfiguration machine, string disk)
    {
        string top = "medium";
        arguments.AddRange(["-blockdev", $"driver=file,filename={Escape(disk)},node-name=medium,aio=threads,discard=unmap"]);
        if (machine.DiskFaults is { } faults)
        {
            arguments.AddRange(["-blockdev", $"driver=blkdebug,config={Escape(faults.RulesFile)},image={top},node-name=faulty,discard=unmap"]);
            arguments.AddRange(["-blockdev", "driver=raw,file=faulty,node-name=raw,discard=unmap"]);
            top = "raw";
        }
        if (machine.DiskWriteLog is { } log)
        {
            arguments.AddRange(["-blockdev", $"driver=file,filename={Escape(log)},node-name=log"]);
            arguments.AddRange(["-blockdev", $"driver=blklogwrites,file={top},log=log,log-sector-size=512,node-name=logged,discard=unmap"]);
            top = "logged";
        }
        string properties = machine.NvmeProperties.Length == 0 ? "" : "," + machine.NvmeProperties;
        arguments.AddRange(["-device", $"nvme,drive={top},serial=aurora{properties}"]);
    }

    // Instructions are counted by one thread for all processors.
    private static string AcceleratorFor(Acceleration acceleration, MachineConfiguration machine)
        => acceleration == Acceleration.Kvm ? "kvm"
            : machine.Cpus > 1 && !machine.CountsInstructions ? "tcg,thread=multi"
            : "tcg,thread=single";

    // QEMU's option parser ends a value at a comma unless it is doubled.
    private static string Escape(string path) => path.Replace(",", ",,", System.StringComparison.Ordinal);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
