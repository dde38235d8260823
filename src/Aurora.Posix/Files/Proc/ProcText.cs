// The text of the files of /proc, in the formats of proc(5).
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Writes what a /proc file shows. NotMapped: the process is gone. WouldBlock: a page of its memory is on its way.</summary>
internal sealed unsafe partial class ProcText(
    FileState state, ProcFileSystem proc, Inodes inodes, MemoryManager memory, UserMemory user, RandomSource random)
{
    private const ulong TickNanoseconds = 10_000_000;
    private const int KilobytesPerPage = PageSize.Bytes / 1024;

    /// <summary>Writes as much from the start of <paramref name="part"/> on as the writer takes, and completes it.</summary>
    public AccessResult Write(Inode* inode, Thread* reader, ref ProcPart part, ref ProcScan scan, ref Utf8Writer writer)
    {
        ProcessInformation? information = proc.Information;
        if (information is null)
            return new AccessResult { Status = MemoryStatus.NotMapped };
        if (inode->ProcKey.Process == 0)
        {
            WriteSystem(information, inode->ProcKey.Node, ref writer);
            Complete(ref part, in writer);
            return default;
        }
        Process* process = proc.ProcessOf(inode);
        return process == null
            ? new AccessResult { Status = MemoryStatus.NotMapped }
            : WriteProcess(information, reader, process, inode->ProcKey, ref part, ref scan, ref writer);
    }

    private static void Complete(ref ProcPart part, in Utf8Writer writer)
    {
        part.Length = writer.Length;
        part.IsLast = !writer.Truncated;
    }

    private void WriteSystem(ProcessInformation information, ProcNode node, ref Utf8Writer writer)
    {
        information.Describe(out SystemDescription system);
        switch (node)
        {
            case ProcNode.MemoryInfo:
                WriteMemory(in system, ref writer);
                break;
            case ProcNode.Uptime:
                WriteHundredths(system.UptimeNanoseconds / TickNanoseconds, ref writer);
                writer.Append((byte)' ');
                WriteHundredths(system.IdleNanoseconds / TickNanoseconds, ref writer);
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
                WriteLine(information.Version, ref writer);
                break;
            case ProcNode.CpuInfo:
                WriteProcessors(information, in system, ref writer);
                break;
            case ProcNode.FileSystems:
                writer.Append("nodev\taurora\nnodev\tproc\n"u8);
                break;
            case ProcNode.Devices:
                writer.Append("Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n\nBlock devices:\n"u8);
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
                WriteSetting(information, node, ref writer);
                break;
        }
    }

    private void WriteSetting(ProcessInformation information, ProcNode node, ref Utf8Writer writer)
    {
        switch (node)
        {
            case ProcNode.HostName: WriteLine(information.HostName, ref writer); break;
            case ProcNode.DomainName: WriteLine(information.DomainName, ref writer); break;
            case ProcNode.LeaseBreakTime: WriteLine(information.LeaseBreakSeconds, ref writer); break;
            case ProcNode.Tainted: WriteLine(0, ref writer); break;
            case ProcNode.ProtectedHardLinks or ProcNode.ProtectedSymbolicLinks: WriteLine(1, ref writer); break;
            case ProcNode.OsType: WriteLine("Linux"u8, ref writer); break;
            case ProcNode.OsRelease: WriteLine(information.Release, ref writer); break;
            case ProcNode.OsVersion: WriteLine(information.Version, ref writer); break;
            case ProcNode.PidMax: WriteLine(IdTable.Limit, ref writer); break;
            case ProcNode.NgroupsMax: WriteLine(Credentials.MaxGroups, ref writer); break;
            case ProcNode.CapLastCap: WriteLine((int)Capability.Last, ref writer); break;
            case ProcNode.OvercommitMemory: WriteLine(1, ref writer); break;
            case ProcNode.MinFreeKilobytes: WriteLine(1024, ref writer); break;
            case ProcNode.FileMax: WriteLine(FileLimits.Default.MaxOpenFiles, ref writer); break;
            case ProcNode.NrOpen: WriteLine(DescriptorTable.MaxDescriptors, ref writer); break;
            case ProcNode.PipeMaxSize: WriteLine((int)Pipe.MaxCapacity, ref writer); break;
            case ProcNode.EntropyAvailable: WriteLine(RandomControl.PoolBits, ref writer); break;
            case ProcNode.ThreadsMax: WriteLine(ProcessTable.MaxThreads, ref writer); break;
            case ProcNode.MaxMapCount: WriteLine(memory.MaxMappingsPerSpace, ref writer); break;
            case ProcNode.FileNumber: WriteFileNumber(ref writer); break;
            case ProcNode.InodeNumber: WriteInodeNumber(ref writer); break;
            case ProcNode.PoolSize: WriteLine(RandomControl.PoolBits, ref writer); break;
            case ProcNode.OverflowUid or ProcNode.OverflowGid: WriteLine(65534, ref writer); break;
            case ProcNode.LastPid: WriteLine(information.LastProcess, ref writer); break;
            case ProcNode.Architecture: WriteLine("x86_64"u8, ref writer); break;
            case ProcNode.MinimumAddress: WriteLine((int)AddressSpace.UserStart, ref writer); break;
            case ProcNode.BootId or ProcNode.Uuid: WriteUuid(ref writer); break;
        }
    }

    // Open files, of which none is kept unused, and the most there can be.
    private void WriteFileNumber(ref Utf8Writer writer)
    {
        writer.AppendDecimal(state.OpenFiles.Count);
        writer.Append("\t0\t"u8);
        WriteLine(FileLimits.Default.MaxOpenFiles, ref writer);
    }

    private void WriteInodeNumber(ref Utf8Writer writer)
    {
        writer.AppendDecimal(inodes.Count);
        writer.Append("\t0\n"u8);
    }

    private static void WriteMemory(in SystemDescription system, ref Utf8Writer writer)
    {
        WriteKilobytes("MemTotal:       "u8, system.TotalPages, ref writer);
        WriteKilobytes("MemFree:        "u8, system.FreePages, ref writer);
        WriteKilobytes("MemAvailable:   "u8, system.FreePages, ref writer);
        WriteKilobytes("Buffers:        "u8, 0, ref writer);
        WriteKilobytes("Cached:         "u8, 0, ref writer);
        WriteKilobytes("SwapCached:     "u8, 0, ref writer);
        WriteKilobytes("Active:         "u8, 0, ref writer);
        WriteKilobytes("Inactive:       "u8, 0, ref writer);
        WriteKilobytes("SwapTotal:      "u8, 0, ref writer);
        WriteKilobytes("SwapFree:       "u8, 0, ref writer);
        WriteKilobytes("Dirty:          "u8, 0, ref writer);
        WriteKilobytes("Shmem:          "u8, 0, ref writer);
        WriteKilobytes("Slab:           "u8, 0, ref writer);
    }

    private static void WriteKilobytes(ReadOnlySpan<byte> label, ulong pages, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.AppendDecimal(pages * KilobytesPerPage, 8);
        writer.Append(" kB\n"u8);
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
            WriteField(system.UserNanoseconds / TickNanoseconds, ref writer);
            writer.Append(" 0"u8);
            WriteField(system.SystemNanoseconds / TickNanoseconds, ref writer);
            WriteField(system.IdleNanoseconds / TickNanoseconds, ref writer);
            writer.Append(" 0 0 0 0 0 0\n"u8);
        }
        writer.Append("intr 0\nctxt"u8);
        WriteField(system.ContextSwitches, ref writer);
        writer.Append("\nbtime"u8);
        WriteField(system.BootSeconds, ref writer);
        writer.Append("\nprocesses"u8);
        WriteField(system.Forks, ref writer);
        writer.Append("\nprocs_running"u8);
        WriteField((ulong)system.RunnableThreads, ref writer);
        writer.Append("\nprocs_blocked"u8);
        WriteField((ulong)system.BlockedThreads, ref writer);
        writer.Append((byte)'\n');
    }

    private static void WriteLoad(in SystemDescription system, ref Utf8Writer writer)
    {
        WriteHundredths(system.Load1, ref writer);
        writer.Append((byte)' ');
        WriteHundredths(system.Load5, ref writer);
        writer.Append((byte)' ');
        WriteHundredths(system.Load15, ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(system.RunnableThreads);
        writer.Append((byte)'/');
        writer.AppendDecimal(system.Threads);
        writer.Append((byte)' ');
        WriteLine(system.LastProcess, ref writer);
    }

    private static void WriteProcessors(ProcessInformation information, in SystemDescription system, ref Utf8Writer writer)
    {
        for (int cpu = 0; cpu < system.Processors; cpu++)
        {
            writer.Append("processor\t: "u8);
            WriteLine(cpu, ref writer);
            writer.Append("model name\t: "u8);
            WriteLine(information.ProcessorName, ref writer);
            writer.Append("cpu cores\t: "u8);
            WriteLine(system.Processors, ref writer);
            writer.Append((byte)'\n');
        }
    }

    private void WriteUuid(ref Utf8Writer writer)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        for (int i = 0; i < bytes.Length; i++)
        {
            if (i is 4 or 6 or 8 or 10)
                writer.Append((byte)'-');
            writer.AppendHex(bytes[i], 2);
        }
        writer.Append((byte)'\n');
    }

    private static void WriteHundredths(ulong value, ref Utf8Writer writer)
    {
        writer.AppendDecimal(value / 100);
        writer.Append((byte)'.');
        writer.AppendDecimal(value % 100, 2, (byte)'0');
    }

    private static void WriteField(ulong value, ref Utf8Writer writer)
    {
        writer.Append((byte)' ');
        writer.AppendDecimal(value);
    }

    private static void WriteLine(ReadOnlySpan<byte> text, ref Utf8Writer writer)
    {
        writer.Append(text);
        writer.Append((byte)'\n');
    }

    private static void WriteLine(int value, ref Utf8Writer writer)
    {
        writer.AppendDecimal(value);
        writer.Append((byte)'\n');
    }
}
