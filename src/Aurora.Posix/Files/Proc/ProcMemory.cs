// /proc/N/mem and /proc/N/pagemap: read by position. The position in mem is an address; in pagemap it is eight times the number of a page.
// A read ends early rather than take long; whoever wants more reads on. The file follows the process through execve, so a program with
// set-id bits could be handed its own memory to write or to tell: mem is not written, and what is not dumpable does not read its own.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Reads the memory of a process, and tells which of its pages are there.</summary>
internal sealed unsafe class ProcMemory(FileState state, ProcFileSystem proc, MemoryManager memory, UserMemory user)
{
    private const int EntryBytes = sizeof(ulong);
    private const int EntriesAtOnce = 256;
    private const int BytesAtOnce = 2048;
    private const ulong IsPresent = 1UL << 63;
    private const ulong IsOfFile = 1UL << 61;
    private const ulong FrameBits = (1UL << 55) - 1;

    public SystemCallResult Read(OpenFile* file, ulong position, ref FileTransfer transfer)
    {
        AddressSpace* space = SpaceOf(file);
        ulong before = transfer.Done;
        if (space == null)
            return transfer.Finish();
        if (IsHandedToItself(file, in transfer))
            return transfer.Finish(Errno.EACCES);
        SystemCallResult result = file->Inode->ProcKey.Node == ProcNode.ProcessMemory
            ? Copy(space, position, ref transfer) : ReadMap(space, position, ref transfer);
        Advance(file, position, transfer.Done - before, in transfer);
        return result;
    }

    private bool IsHandedToItself(OpenFile* file, in FileTransfer transfer)
    {
        Process* process = proc.ProcessOf(file->Inode);
        return transfer.Thread != null && transfer.Thread->Process == process && !process->IsDumpable;
    }

    private AddressSpace* SpaceOf(OpenFile* file)
    {
        Process* process = proc.ProcessOf(file->Inode);
        return process == null ? null : (AddressSpace*)process->AddressSpace;
    }

    private void Advance(OpenFile* file, ulong position, ulong moved, in FileTransfer transfer)
    {
        if (transfer.IsPositioned || moved == 0)
            return;
        file->Offset = position + moved;
        state.MarkChanged(&file->Header);
    }

    // What cannot be accessed ends the call with what was moved before it, or with an error.
    private SystemCallResult Copy(AddressSpace* space, ulong address, ref FileTransfer transfer)
    {
        Span<byte> buffer = stackalloc byte[BytesAtOnce];
        for (ulong moved = 0; transfer.Remaining > 0 && moved < FileTransfer.StepBytes;)
        {
            // Never across a page, so that what is moved is all of the pages before one that is not there.
            ulong inPage = PageSize.Bytes - (address & PageSize.OffsetMask);
            Span<byte> piece = buffer[..(int)Math.Min(Math.Min((ulong)BytesAtOnce, transfer.Remaining), inPage)];
            AccessResult access = address >= AddressSpace.UserEnd ? new AccessResult { Status = MemoryStatus.Fault }
                : user.Read(space, new VirtualAddress(address), piece);
            if (access.Status == MemoryStatus.WouldBlock)
                return transfer.WaitForPage(access.Wait);
            if (!access.IsOk)
                return transfer.Finish(Errno.EIO);
            if (transfer.Give(piece) is var gave and not TransferStatus.Ok)
                return transfer.Stop(gave);
            address += (ulong)piece.Length;
            moved += (ulong)piece.Length;
        }
        return transfer.Finish();
    }

    private SystemCallResult ReadMap(AddressSpace* space, ulong position, ref FileTransfer transfer)
    {
        if (position % EntryBytes != 0 || transfer.Remaining % EntryBytes != 0)
            return transfer.Finish(Errno.EINVAL);
        // Where frames are is for root to know.
        bool showsFrames = transfer.Thread != null && transfer.Thread->Process->Credentials.Has(Capability.SysAdmin);
        Span<ulong> entries = stackalloc ulong[EntriesAtOnce];
        ulong page = position / EntryBytes;
        const ulong end = AddressSpace.UserEnd >> PageSize.Shift;
        for (ulong moved = 0; transfer.Remaining > 0 && moved < FileTransfer.StepBytes && page < end;)
        {
            int count = (int)Math.Min(Math.Min((ulong)EntriesAtOnce, transfer.Remaining / EntryBytes), end - page);
            Describe(space, page, entries[..count], showsFrames);
            TransferStatus status = transfer.Give(System.Runtime.InteropServices.MemoryMarshal.AsBytes(entries[..count]));
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            page += (ulong)count;
            moved += (ulong)(count * EntryBytes);
        }
        return transfer.Finish();
    }

    private void Describe(AddressSpace* space, ulong page, Span<ulong> entries, bool showsFrames)
    {
        memory.Residency.ShowFrames(space, new VirtualAddress(page << PageSize.Shift), entries);
        Mapping* mapping = null;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] == 0)
                continue;
            var address = new VirtualAddress((page + (ulong)i) << PageSize.Shift);
            if (mapping == null || !mapping->Contains(address))
                mapping = MappingTable.At(space, MappingTable.FirstEndingAfter(space, address));
            bool isOfFile = mapping != null && (!mapping->File.IsNone || mapping->IsShared || mapping->Object->IsClock);
            entries[i] = IsPresent | (isOfFile ? IsOfFile : 0) | (showsFrames ? entries[i] & FrameBits : 0);
        }
    }
}
