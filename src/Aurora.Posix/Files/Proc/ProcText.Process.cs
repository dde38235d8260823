using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

internal sealed unsafe partial class ProcText
{
    private AccessResult WriteProcess(ProcessInformation information, Thread* reader, Process* process, ProcKey key,
        ref ProcPart part, ref ProcScan scan, ref Utf8Writer writer)
    {
        switch (key.Node)
        {
            case ProcNode.ProcessMaps:
                WriteMaps(process, ref part, ref writer);
                return default;
            case ProcNode.ProcessSmaps:
                WriteSmaps(process, ref part, ref scan, ref writer);
                return default;
            case ProcNode.ProcessSmapsRollup:
                WriteRollup(process, ref part, ref scan, ref writer);
                return default;
        }
        AccessResult result = default;
        if (key.Node == ProcNode.ProcessCommandLine)
            result = CopyStrings(process, process->ArgumentsStart + part.Start, process->ArgumentsEnd, ref writer);
        else if (key.Node == ProcNode.ProcessEnvironment)
            result = CopyStrings(process, process->EnvironmentStart + part.Start, process->EnvironmentEnd, ref writer);
        else if (key.Node == ProcNode.ProcessAuxiliary)
            result = CopyAuxiliary(process, ref writer);
        else
            WriteSmall(information, reader, process, key, ref writer);
        Complete(ref part, in writer);
        return result;
    }

    private void WriteSmall(ProcessInformation information, Thread* reader, Process* process, ProcKey key, ref Utf8Writer writer)
    {
        Thread* thread = ProcFileSystem.ThreadOf(process, key);
        bool isOfThread = ProcFileSystem.ThreadIn(key) != 0;
        switch (key.Node)
        {
            case ProcNode.ProcessStat:
                bool isOpen = reader == null || ProcFileSystem.MayInspect(process, new FileCaller(reader));
                WriteProcessStat(information, process, thread, isOfThread, isOpen, ref writer);
                break;
            case ProcNode.ProcessStatm:
                WriteSizes(process, ref writer);
                break;
            case ProcNode.ProcessStatus:
                WriteStatus(information, process, thread, isOfThread, ref writer);
                break;
            case ProcNode.ProcessName:
                WriteName(process, isOfThread ? thread : null, ref writer);
                writer.Append((byte)'\n');
                break;
            case ProcNode.ProcessMounts or ProcNode.ProcessMountInformation or ProcNode.ProcessMountStatistics:
                WriteMounts(key.Node, ref writer);
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
            case ProcNode.ProcessPersonality:
                writer.AppendHex(process->Personality, 8);
                writer.Append((byte)'\n');
                break;
            case ProcNode.DescriptorInformation:
                WriteDescriptor(process, key.Item, ref writer);
                break;
            case ProcNode.ProcessOomScore:
                if (process->OutOfMemoryBias < 0)
                    writer.Append((byte)'-');
                WriteLine(Math.Abs((int)process->OutOfMemoryBias), ref writer);
                break;
        }
    }

    // The auxiliary vector is where execve put it, in the program's own memory, up to the pair that ends it.
    private AccessResult CopyAuxiliary(Process* process, ref Utf8Writer writer)
    {
        const int mostPairs = 64;
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ulong address = process->StackStart + ((ulong)process->AuxiliaryWords * sizeof(ulong));
        Span<byte> pair = stackalloc byte[2 * sizeof(ulong)];
        for (int i = 0; space != null && process->AuxiliaryWords > 0 && i < mostPairs; i++, address += (ulong)pair.Length)
        {
            AccessResult result = user.Read(space, new VirtualAddress(address), pair);
            if (result.Status == MemoryStatus.WouldBlock)
                return result;
            if (!result.IsOk)
                break;
            writer.Append(pair);
            if (pair[..sizeof(ulong)].IndexOfAnyExcept((byte)0) < 0)
                break;
        }
        return default;
    }

    private static void WriteDescriptor(Process* process, int descriptor, ref Utf8Writer writer)
    {
        OpenFile* file = ProcFileSystem.OpenFileOf(process, descriptor);
        if (file == null)
            return;
        bool closes = Descriptors.IsCloseOnExec((DescriptorTable*)process->Descriptors, descriptor);
        writer.Append("pos:\t"u8);
        writer.AppendDecimal(file->Offset);
        writer.Append("\nflags:\t0"u8);
        writer.AppendOctal(file->Flags | (closes ? OpenFlags.CloseOnExec : 0));
        writer.Append("\nmnt_id:\t"u8);
        writer.AppendDecimal(file->Inode->IsProc ? 2 : 1);
        writer.Append("\nino:\t"u8);
        writer.AppendDecimal(file->Inode->IsProc ? file->Inode->ProcKey.InodeNumber : file->Inode->Header.Id.Value);
        writer.Append((byte)'\n');
    }

    // The strings are in the program's own memory, where it may have changed them, as setproctitle does.
    private AccessResult CopyStrings(Process* process, ulong start, ulong end, ref Utf8Writer writer)
    {
        Span<byte> piece = stackalloc byte[256];
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        while (space != null && start < end && !writer.Truncated)
        {
            Span<byte> part = piece[..(int)Math.Min((ulong)piece.Length, end - start)];
            AccessResult result = user.Read(space, new VirtualAddress(start), part);
            if (result.Status == MemoryStatus.WouldBlock)
                return result;
            if (!result.IsOk)
                break;
            writer.Append(part);
            start += (ulong)part.Length;
        }
        return default;
    }

    /// <summary>The letter for the state of a thread of a process, and the word that goes with it in status.</summary>
    private static byte StateOf(Process* process, Thread* thread, out ReadOnlySpan<byte> word)
    {
        word = "Z (zombie)"u8;
        // A leader that has ended before the other threads is a zombie by itself.
        if (process->State == ProcessState.Zombie || thread == null)
            return word[0];
        if (process->IsStopped)
            word = "T (stopped)"u8;
        else if (thread->State == ThreadState.Runnable)
            word = "R (running)"u8;
        else if (thread->State == ThreadState.BlockedUninterruptible)
            word = "D (disk sleep)"u8;
        else
            word = "S (sleeping)"u8;
        return word[0];
    }

    // Of a thread by its own name, which may differ.
    private static void WriteName(Process* process, Thread* thread, ref Utf8Writer writer)
    {
        const int bytes = 16;
        var name = new ReadOnlySpan<byte>(thread != null ? thread->Name : process->Name, bytes);
        int end = name.IndexOf((byte)0);
        writer.Append(end < 0 ? name : name[..end]);
    }

    // proc(5), /proc/pid/stat, fields 1 to 52.
    private static void WriteProcessStat(ProcessInformation information, Process* process, Thread* thread, bool isOfThread,
        bool isOpen, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ProcessGroup* group = process->ProcessGroup;
        Session* session = group == null ? null : group->Session;
        Thread* own = isOfThread ? thread : null;
        ulong user = own != null ? own->UserNanoseconds : ProcessTimes.User(process);
        ulong system = own != null ? own->SystemNanoseconds : ProcessTimes.System(process);
        writer.AppendDecimal(own != null ? own->Id : process->Id);
        writer.Append(" ("u8);
        WriteName(process, own, ref writer);
        writer.Append(") "u8);
        writer.Append(StateOf(process, thread, out _));
        WriteField((ulong)(process->Parent == null ? 0 : process->Parent->Id), ref writer);
        WriteField((ulong)(group == null ? 0 : group->Id), ref writer);
        WriteField((ulong)(session == null ? 0 : session->Id), ref writer);
        WriteField(information.TerminalOf(session), ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(information.ForegroundGroup(session));
        writer.Append(" 0"u8);
        WriteField(own != null ? own->MinorFaults : process->MinorFaults, ref writer);
        WriteField(process->ChildMinorFaults, ref writer);
        WriteField(own != null ? own->MajorFaults : process->MajorFaults, ref writer);
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
        // The bits of the standard signals only: fields 31 to 34 are from before there were others.
        WriteField(thread == null ? 0 : thread->Pending.Set.Bits & int.MaxValue, ref writer);
        WriteField(thread == null ? 0 : thread->BlockedSignals.Bits & int.MaxValue, ref writer);
        Dispositions(process, out ulong ignored, out ulong caught);
        WriteField(ignored & int.MaxValue, ref writer);
        WriteField(caught & int.MaxValue, ref writer);
        writer.Append(" 0 0 0 17 0"u8);
        WriteField(thread != null && thread->Schedule.IsRealTime ? thread->Schedule.Priority : 0UL, ref writer);
        WriteField(thread == null ? 0 : (ulong)thread->Schedule.Policy, ref writer);
        writer.Append(" 0 0 0 0 0"u8);
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

    private static void WriteGroups(Process* process, ref Utf8Writer writer)
    {
        writer.Append("Groups:\t"u8);
        for (int i = 0; i < process->Credentials.GroupCount; i++)
        {
            writer.AppendDecimal(process->Credentials.Groups[i]);
            writer.Append((byte)' ');
        }
        writer.Append((byte)'\n');
    }

    private static void WriteIds(ReadOnlySpan<byte> label, uint value, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.Append((byte)'\t');
        writer.AppendDecimal(value);
        writer.Append((byte)'\n');
    }

    private static void WriteFour(uint a, uint b, uint c, uint d, ref Utf8Writer writer)
    {
        writer.Append((byte)'\t');
        writer.AppendDecimal(a);
        writer.Append((byte)'\t');
        writer.AppendDecimal(b);
        writer.Append((byte)'\t');
        writer.AppendDecimal(c);
        writer.Append((byte)'\t');
        writer.AppendDecimal(d);
        writer.Append((byte)'\n');
    }

    private static void WriteMask(ReadOnlySpan<byte> label, ulong mask, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.AppendHex(mask, 16);
        writer.Append((byte)'\n');
    }
}
