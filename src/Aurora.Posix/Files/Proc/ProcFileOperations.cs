using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>
/// Reading the files of /proc: the text is made when reading starts, and kept with the open file until it starts again. A long one is made
/// in parts, as a program reads on.
/// </summary>
internal sealed unsafe class ProcFileOperations(
    FileState state, ProcFileSystem proc, ProcText text, ProcSettings settings, ProcMemory programs) : FileOperations
{
    // A part holds the longest line, a mapping of the longest path, several times.
    private const int MaxPartPages = 16;

    // The settings of the machine that cannot be set are not opened for writing either.
    public override Errno Open(OpenFile* file, in FileCaller caller)
    {
        ProcKey key = file->Inode->ProcKey;
        if (file->IsWritable && ProcNames.IsSetting(key.Node) && !key.IsWritable)
            return Errno.EACCES;
        return proc.MayRead(file->Inode, in caller);
    }

    public override bool IsSeekable(OpenFile* file) => true;

    // The files of the machine, not those of processes, but for their mounts.
    public override bool CanPoll(OpenFile* file)
    {
        ProcKey key = file->Inode->ProcKey;
        return (ProcNames.IsOfSystem(key.Node) && (key.Mode & InodeMode.TypeMask) == InodeMode.Regular) || IsListOfMounts(key.Node);
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        ProcNode node = file->Inode->ProcKey.Node;
        return node == ProcNode.Swaps || IsListOfMounts(node) ? PollEvents.Readable : base.Poll(file, interest, waiter);
    }

    private static bool IsListOfMounts(ProcNode node) => node is ProcNode.ProcessMounts or ProcNode.ProcessMountInformation;

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        ulong position = transfer.IsPositioned ? transfer.Position : file->Offset;
        // Ids change, programs are executed, and descriptors are handed on: what was allowed when it was opened may not be now.
        Errno error = transfer.Thread == null ? Errno.Ok : proc.MayRead(file->Inode, new FileCaller(transfer.Thread));
        if (error != Errno.Ok)
            return transfer.Finish(error);
        if (file->Inode->ProcKey.IsMemory)
            return programs.Read(file, position, ref transfer);
        if (!MakeText(file, position, ref transfer, out SystemCallResult failure))
            return failure;
        ref readonly ProcPart part = ref file->TextPart;
        if (position >= part.End)
            return transfer.Finish();
        int count = (int)Math.Min(transfer.Remaining, part.End - position);
        ulong before = transfer.Done;
        TransferStatus status = transfer.Give(new ReadOnlySpan<byte>(file->Text + (position - part.Start), count));
        if (!transfer.IsPositioned && transfer.Done != before)
        {
            file->Offset = position + (transfer.Done - before);
            state.MarkChanged(&file->Header);
        }
        return status == TransferStatus.Ok ? transfer.Finish() : transfer.Stop(status);
    }

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
        => settings.Write(file, ref transfer);

    // Makes the part that has the position, unless it is there: the next one, or all from the first on up to it.
    private bool MakeText(OpenFile* file, ulong position, ref FileTransfer transfer, out SystemCallResult failure)
    {
        failure = default;
        ProcPart part = file->TextPart;
        bool isKnown = position != 0 && file->Text != null && position >= part.Start;
        if (isKnown && (position < part.End || part.IsLast))
            return true;
        part = isKnown ? part.Next : default;
        // A call that looks on where it paused is the same read; any other begins to count anew.
        if (transfer.Thread == null || transfer.Thread->Call.Extra0 != ProcScan.Mark)
            file->TextScan = default;
        while (MakePart(file, part, ref transfer, out failure))
        {
            part = file->TextPart;
            if (position < part.End || part.IsLast)
                return true;
            part = part.Next;
        }
        return false;
    }

    private bool MakePart(OpenFile* file, ProcPart part, ref FileTransfer transfer, out SystemCallResult failure)
    {
        failure = default;
        for (int pages = part.Start == 0 ? 1 : MaxPartPages; pages <= MaxPartPages; pages *= 2)
        {
            byte* memory = (byte*)state.Pages.AllocateFor(file, pages);
            if (memory == null)
                break;
            var writer = new Utf8Writer(new Span<byte>(memory, pages * PageSize.Bytes));
            AccessResult result = text.Write(file->Inode, transfer.Thread, ref part, ref file->TextScan, ref writer);
            if (result.IsOk && file->TextScan.IsPaused)
            {
                state.Pages.FreeFor(file, memory, pages);
                file->TextScan.IsPaused = false;
                failure = Pause(ref transfer);
                return false;
            }
            if (result.Status == MemoryStatus.Ok && (part.IsLast || pages == MaxPartPages))
            {
                Panic.Unless(part.IsLast || part.Length > 0, "proc: a line is longer than a part"u8);
                Replace(file, memory, pages, in part);
                return true;
            }
            state.Pages.FreeFor(file, memory, pages);
            if (result.Status == MemoryStatus.Ok)
                continue;
            failure = result.Status == MemoryStatus.WouldBlock ? transfer.WaitForPage(result.Wait) : transfer.Finish(Errno.ESRCH);
            return false;
        }
        failure = transfer.Finish(Errno.ENOMEM);
        return false;
    }

    private static SystemCallResult Pause(ref FileTransfer transfer)
    {
        if (transfer.Thread == null)
            return transfer.Finish(Errno.EAGAIN);
        transfer.Thread->Call.Extra0 = ProcScan.Mark;
        return transfer.Pause();
    }

    private void Replace(OpenFile* file, byte* text, int pages, in ProcPart part)
    {
        if (file->Text != null)
            state.Pages.FreeFor(file, file->Text, file->TextPages);
        file->Text = text;
        file->TextPages = pages;
        file->TextPart = part;
    }
}
