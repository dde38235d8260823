using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

internal sealed unsafe partial class ProcText
{
    private AccessResult WriteProcess(
        ProcessInformation information, Thread* reader, Process* process, ProcNode node, ref ProcPart part, ref Utf8Writer writer)
    {
        if (node == ProcNode.ProcessMaps)
        {
            WriteMaps(process, ref part, ref writer);
            return default;
        }
        AccessResult result = default;
        if (node == ProcNode.ProcessCommandLine)
            result = CopyStrings(process, process->ArgumentsStart + part.Start, process->ArgumentsEnd, ref writer);
        else if (node == ProcNode.ProcessEnvironment)
            result = CopyStrings(process, process->EnvironmentStart + part.Start, process->EnvironmentEnd, ref writer);
        else
            WriteSmall(information, reader, process, node, ref writer);
        Complete(ref part, in writer);
        return result;
    }

    private void WriteSmall(ProcessInformation information, Thread* reader, Process* process, ProcNode node, ref Utf8Writer writer)
    {
        switch (node)
        {
            case ProcNode.ProcessStat:
                bool isOpen = reader == null || ProcFileSystem.MayInspect(process, new FileCaller(reader));
                WriteProcessStat(information, process, isOpen, ref writer);
                break;
            case ProcNode.ProcessStatm:
                WriteSizes(process, ref writer);
                break;
            case ProcNode.ProcessStatus:
                WriteStatus(process, ref writer);
                break;
            case ProcNode.ProcessName:
                WriteName(process, ref writer);
                writer.Append((byte)'\n');
                break;
            case ProcNode.ProcessMounts or ProcNode.ProcessMountInformation or ProcNode.ProcessMountStatistics:
                WriteMounts(node, ref writer);
                break;
            case ProcNode.ProcessLimits:
                WriteLimits(process, ref writer);
                break;
            case ProcNode.ProcessIo:
                writer.Append("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"u8);
                break;
            case ProcNode.ProcessWaitChannel:
                writer.Append((byte)'0');
                break;
            case ProcNode.ProcessOomScore:
                if (process->OutOfMemoryBias < 0)
                    writer.Append((byte)'-');
                WriteLine(Math.Abs((int)process->OutOfMemoryBias), ref writer);
                break;
        }
    }

    // The strings are in the program's own memory, where it may have changed them, as setproctitle does.
    private AccessResult CopyStrings(Process* process, ulong start, ulong end, ref Utf8Writer writer)
    {
        Span<byte> piece = stackalloc byte[256];
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        while (space != null && start < end && !writer.Truncated)
        {
            Span<byte> part = piece[..(int)Math.Min((ulong)piece.Length, end - start)];
            AccessResult result = files.User.Read(space, new VirtualAddress(start), part);
            if (result.Status == MemoryStatus.WouldBlock)
                return result;
            if (!result.IsOk)
                break;
            writer.Append(part);
            start += (ulong)part.Length;
        }
        return default;
    }

    /// <summary>The letter for the state of a process's leader, and the word that goes with it in status.</summary>
    private static byte StateOf(Process* process, out ReadOnlySpan<byte> word)
    {
        word = "Z (zombie)"u8;
        if (process->State == ProcessState.Zombie || process->FirstThread == null)
            return word[0];
        Thread* leader = process->FirstThread;
        while (leader != null && leader->Id != process->Id)
            leader = leader->NextOfProcess;
        // A leader that has ended before the other threads is a zombie by itself.
        if (leader == null)
            return word[0];
        if (process->IsStopped)
            word = "T (stopped)"u8;
        else if (leader->State == ThreadState.Runnable)
            word = "R (running)"u8;
        else if (leader->State == ThreadState.BlockedUninterruptible)
            word = "D (disk sleep)"u8;
        else
            word = "S (sleeping)"u8;
        return word[0];
    }

    private static void WriteName(Process* process, ref Utf8Writer writer)
    {
        var name = new ReadOnlySpan<byte>(process->Name, 16);
        int end = name.IndexOf((byte)0);
        writer.Append(end < 0 ? name : name[..end]);
    }

    // proc(5), /proc/pid/stat, fields 1 to 52.
    private static void WriteProcessStat(ProcessInformation information, Process* process, bool isOpen, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ProcessGroup* group = process->ProcessGroup;
        Session* session = group == null ? null : group->Session;
        ulong user = ProcessTimes.User(process);
        ulong system = ProcessTimes.System(process);
        writer.AppendDecimal(process->Id);
        writer.Append(" ("u8);
        WriteName(process, ref writer);
        writer.Append(") "u8);
        writer.Append(StateOf(process, out _));
        WriteField((ulong)(process->Parent == null ? 0 : process->Parent->Id), ref writer);
        WriteField((ulong)(group == null ? 0 : group->Id), ref writer);
        WriteField((ulong)(session == null ? 0 : session->Id), ref writer);
        WriteField(information.TerminalOf(session), ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(information.ForegroundGroup(session));
        writer.Append(" 0"u8);
        WriteField(process->MinorFaults, ref writer);
        WriteField(process->ChildMinorFaults, ref writer);
        WriteField(process->MajorFaults, ref writer);
        WriteField(process->ChildMajorFaults, ref writer);
        WriteField(user / TickNanoseconds, ref writer);
        WriteField(system / TickNanoseconds, ref writer);
        WriteField(process->ChildUserNanoseconds / TickNanoseconds, ref writer);
        WriteField(process->ChildSystemNanoseconds / TickNanoseconds, ref writer);
        WriteField((ulong)(20 + process->Nice), ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(process->Nice);
        WriteField((ulong)process->ThreadCount, ref writer);
        writer.Append(" 0"u8);
        WriteField(process->StartNanoseconds / TickNanoseconds, ref writer);
        WriteField(space == null ? 0 : space->MappedPages << PageSize.Shift, ref writer);
        WriteField(space == null ? 0 : space->ResidentPages, ref writer);
        writer.Append(" 18446744073709551615 1 1"u8);
        // Where its memory lies is for those who may look into it.
        WriteField(isOpen ? process->StackStart : 0, ref writer);
        writer.Append(" 0 0"u8);
        WriteField(process->Pending.Set.Bits, ref writer);
        writer.Append(" 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0"u8);
        WriteField(space == null || !isOpen ? 0 : space->BreakStart.Value, ref writer);
        WriteField(isOpen ? process->ArgumentsStart : 0, ref writer);
        WriteField(isOpen ? process->ArgumentsEnd : 0, ref writer);
        WriteField(isOpen ? process->EnvironmentStart : 0, ref writer);
        WriteField(isOpen ? process->EnvironmentEnd : 0, ref writer);
        WriteField(isOpen ? (ulong)process->ExitStatus : 0, ref writer);
        writer.Append((byte)'\n');
    }

    private static void WriteSizes(Process* process, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        writer.AppendDecimal(space == null ? 0 : space->MappedPages);
        WriteField(space == null ? 0 : space->ResidentPages, ref writer);
        writer.Append(" 0 0 0"u8);
        WriteField(space == null ? 0 : space->MappedPages, ref writer);
        writer.Append(" 0\n"u8);
    }
}
