using System;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>What the files of /proc say of the machine.</summary>
internal sealed class ProcSystemText(ProcSettingText settings)
{
    public void Write(ProcessInformation information, ushort group, ProcNode node, ref Utf8Writer writer)
    {
        information.Describe(group, out SystemDescription system);
        switch (node)
        {
            case ProcNode.MemoryInfo:
                WriteMemory(in system, ref writer);
                break;
            case ProcNode.Uptime:
                ProcFields.WriteHundredths(system.UptimeNanoseconds / ProcFields.TickNanoseconds, ref writer);
                writer.Append((byte)' ');
                ProcFields.WriteHundredths(system.IdleNanoseconds / ProcFields.TickNanoseconds, ref writer);
                writer.Append((byte)'\n');
                break;
            case ProcNode.Stat:
                WriteStat(in system, ref writer);
                break;
            case ProcNode.LoadAverage:
                WriteLoad(in system, ref writer);
                break;
            case ProcNode.Version:
                writer.Append("Linux version "u8);
                writer.Append(information.Release);
                writer.Append((byte)' ');
                ProcFields.WriteLine(information.Version, ref writer);
                break;
            case ProcNode.CpuInfo:
                WriteProcessors(information, in system, ref writer);
                break;
            case ProcNode.FileSystems:
                writer.Append("nodev\taurora\nnodev\tproc\nnodev\tdevpts\nnodev\tmqueue\n"u8);
                break;
            case ProcNode.Devices:
                writer.Append("Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n128 ptm\n136 pts\n"u8);
                writer.Append("\nBlock devices:\n"u8);
                break;
            case ProcNode.TtyDrivers:
                WriteTerminalDrivers(ref writer);
                break;
            case ProcNode.Partitions:
                writer.Append("major minor  #blocks  name\n\n"u8);
                break;
            case ProcNode.Swaps:
                writer.Append("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"u8);
                break;
            case ProcNode.KernelCommandLine:
                writer.Append((byte)'\n');
                break;
            default:
                settings.Write(information, group, node, ref writer);
                break;
        }
    }

    // Name, prefix of the nodes, major number, minor numbers, kind: by these programs give terminals their names.
    private static void WriteTerminalDrivers(ref Utf8Writer writer)
    {
        writer.Append("/dev/tty             /dev/tty        5       0 system:/dev/tty\n"u8);
        writer.Append("/dev/console         /dev/console    5       1 system:console\n"u8);
        writer.Append("/dev/ptmx            /dev/ptmx       5       2 system\n"u8);
        writer.Append("serial               /dev/ttyS       4 64 serial\n"u8);
        writer.Append("pty_slave            /dev/pts      136 0-1048575 pty:slave\n"u8);
        writer.Append("pty_master           /dev/ptm      128 0-1048575 pty:master\n"u8);
    }

    private static void WriteMemory(in SystemDescription system, ref Utf8Writer writer)
    {
        ProcFields.WriteKilobytes("MemTotal:       "u8, system.TotalPages, ref writer);
        ProcFields.WriteKilobytes("MemFree:        "u8, system.FreePages, ref writer);
        ProcFields.WriteKilobytes("MemAvailable:   "u8, system.FreePages, ref writer);
        ProcFields.WriteKilobytes("Buffers:        "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Cached:         "u8, 0, ref writer);
        ProcFields.WriteKilobytes("SwapCached:     "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Active:         "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Inactive:       "u8, 0, ref writer);
        ProcFields.WriteKilobytes("SwapTotal:      "u8, 0, ref writer);
        ProcFields.WriteKilobytes("SwapFree:       "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Dirty:          "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Shmem:          "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Slab:           "u8, 0, ref writer);
    }

    private static void WriteStat(in SystemDescription system, ref Utf8Writer writer)
    {
        for (int cpu = -1; cpu < system.Processors; cpu++)
        {
            writer.Append("cpu"u8);
            if (cpu >= 0)
                writer.AppendDecimal(cpu);
            else
                writer.Append((byte)' ');
            ProcFields.WriteField(system.UserNanoseconds / ProcFields.TickNanoseconds, ref writer);
            writer.Append(" 0"u8);
            ProcFields.WriteField(system.SystemNanoseconds / ProcFields.TickNanoseconds, ref writer);
            ProcFields.WriteField(system.IdleNanoseconds / ProcFields.TickNanoseconds, ref writer);
            writer.Append(" 0 0 0 0 0 0\n"u8);
        }
        writer.Append("intr 0\nctxt"u8);
        ProcFields.WriteField(system.ContextSwitches, ref writer);
        writer.Append("\nbtime"u8);
        ProcFields.WriteField(system.BootSeconds, ref writer);
        writer.Append("\nprocesses"u8);
        ProcFields.WriteField(system.Forks, ref writer);
        writer.Append("\nprocs_running"u8);
        ProcFields.WriteField((ulong)system.RunnableThreads, ref writer);
        writer.Append("\nprocs_blocked"u8);
        ProcFields.WriteField((ulong)system.BlockedThreads, ref writer);
        writer.Append((byte)'\n');
    }

    private static void WriteLoad(in SystemDescription system, ref Utf8Writer writer)
    {
        ProcFields.WriteHundredths(system.Load1, ref writer);
        writer.Append((byte)' ');
        ProcFields.WriteHundredths(system.Load5, ref writer);
        writer.Append((byte)' ');
        ProcFields.WriteHundredths(system.Load15, ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(system.RunnableThreads);
        writer.Append((byte)'/');
        writer.AppendDecimal(system.Threads);
        writer.Append((byte)' ');
        ProcFields.WriteLine(system.LastProcess, ref writer);
    }

    private static void WriteProcessors(ProcessInformation information, in SystemDescription system, ref Utf8Writer writer)
    {
        for (int cpu = 0; cpu < system.Processors; cpu++)
        {
            writer.Append("processor\t: "u8);
            ProcFields.WriteLine(cpu, ref writer);
            writer.Append("model name\t: "u8);
            ProcFields.WriteLine(information.ProcessorName, ref writer);
            writer.Append("cpu cores\t: "u8);
            ProcFields.WriteLine(system.Processors, ref writer);
            writer.Append((byte)'\n');
        }
    }
}
