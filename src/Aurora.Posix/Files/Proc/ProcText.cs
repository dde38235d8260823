// The text of the files of /proc, in the formats of proc(5).
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Writes what a /proc file shows. NotMapped: the process is gone. WouldBlock: a page of its memory is on its way.</summary>
internal sealed unsafe class ProcText(
    ProcFileSystem proc, UserMemory user, ProcSystemText system, ProcMapText maps, ProcSmapText smaps, ProcStatusText status,
    ProcEventText events, ProcSocketText sockets)
{
    /// <summary>Writes as much from the start of <paramref name="part"/> on as the writer takes, and completes it.</summary>
    public AccessResult Write(Inode* inode, Thread* reader, ref ProcPart part, ref ProcScan scan, ref Utf8Writer writer)
    {
        ProcessInformation information = proc.Information;
        if (ProcNames.IsOfIpc(inode->ProcKey.Node))
        {
            information.WriteIpc(inode->Header.Group, inode->ProcKey.Node, ref part, ref writer);
            return default;
        }
        if (inode->ProcKey.Process == 0)
        {
            system.Write(information, inode->Header.Group, inode->ProcKey.Node, ref writer);
            part.Complete(in writer);
            return default;
        }
        Process* process = proc.ProcessOf(inode);
        return process == null
            ? new AccessResult { Status = MemoryStatus.NotMapped }
            : WriteProcess(information, reader, process, inode->ProcKey, ref part, ref scan, ref writer);
    }

    private AccessResult WriteProcess(ProcessInformation information, Thread* reader, Process* process, ProcKey key,
        ref ProcPart part, ref ProcScan scan, ref Utf8Writer writer)
    {
        switch (key.Node)
        {
            case ProcNode.ProcessMaps:
                maps.Write(process, ref part, ref writer);
                return default;
            case ProcNode.DescriptorInformation:
                WriteDescriptor(process, key.Item, ref part, ref writer);
                return default;
            case ProcNode.NetUnix:
                sockets.Write(process->Header.Group, ref part, ref writer);
                return default;
            case ProcNode.ProcessSmaps:
                smaps.Write(process, ref part, ref scan, ref writer);
                return default;
            case ProcNode.ProcessSmapsRollup:
                smaps.WriteRollup(process, ref part, ref scan, ref writer);
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
        part.Complete(in writer);
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
                ProcStatText.Write(information, process, thread, isOfThread, isOpen, ref writer);
                break;
            case ProcNode.ProcessStatm:
                ProcStatText.WriteSizes(process, ref writer);
                break;
            case ProcNode.ProcessStatus:
                status.Write(information, process, thread, isOfThread, ref writer);
                break;
            case ProcNode.ProcessName:
                ProcStatText.WriteName(process, isOfThread ? thread : null, ref writer);
                writer.Append((byte)'\n');
                break;
            case ProcNode.ProcessMounts or ProcNode.ProcessMountInformation or ProcNode.ProcessMountStatistics:
                ProcMountText.Write(key.Node, ref writer);
                break;
            case ProcNode.ProcessLimits:
                ProcLimitText.Write(process, ref writer);
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
            case ProcNode.ProcessOomScore:
                if (process->OutOfMemoryBias < 0)
                    writer.Append((byte)'-');
                ProcFields.WriteLine(Math.Abs((int)process->OutOfMemoryBias), ref writer);
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

    private void WriteDescriptor(Process* process, int descriptor, ref ProcPart part, ref Utf8Writer writer)
    {
        OpenFile* file = ProcFileSystem.OpenFileOf(process, descriptor);
        if (file != null && part.Start == 0)
            WriteDescriptor(process, file, descriptor, ref writer);
        if (file != null && InotifyWatches.Of(file) != null)
            ProcEventText.WriteWatches(InotifyWatches.Of(file), ref part, ref writer);
        else
            part.Complete(in writer);
    }

    private void WriteDescriptor(Process* process, OpenFile* file, int descriptor, ref Utf8Writer writer)
    {
        bool closes = Descriptors.IsCloseOnExec((DescriptorTable*)process->Descriptors, descriptor);
        writer.Append("pos:\t"u8);
        writer.AppendDecimal(file->Offset);
        writer.Append("\nflags:\t0"u8);
        writer.AppendOctal(file->Flags | (closes ? OpenFlags.CloseOnExec : 0));
        writer.Append("\nmnt_id:\t"u8);
        writer.AppendDecimal(file->Inode->IsOfTerminals ? 3 : file->Inode->IsOfQueues ? 4 : file->Inode->IsProc ? 2 : 1);
        writer.Append("\nino:\t"u8);
        writer.AppendDecimal(file->Inode->IsProc ? file->Inode->ProcKey.InodeNumber : file->Inode->Number);
        writer.Append((byte)'\n');
        events.Write(file, ref writer);
    }
}
