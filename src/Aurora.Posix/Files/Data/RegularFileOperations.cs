// Reading and writing regular files: copies between the program's memory and the pages of the inode's VmObject. Writes go in steps that
// end at 64-KiB boundaries. Before a step changes anything, the program's memory and the pages that are only partly overwritten are made ready,
// so a step is done as a whole; between steps a call can be captured.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Operations on regular files.</summary>
internal sealed unsafe class RegularFileOperations(
    FileState state, Inodes inodes, FileData data, SetIdBits setIdBits, FileStamps stamps, MemoryManager memory,
    NameRoom room) : FileOperations
{
    public override bool IsSeekable(OpenFile* file) => true;

    public override VmObject* Mappable(OpenFile* file) => inodes.DataOf(file->Inode);

    public override long ReadableBytes(OpenFile* file)
        => file->Inode->Size > file->Offset ? (long)(file->Inode->Size - file->Offset) : 0;

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        Inode* inode = file->Inode;
        while (transfer.Remaining > 0)
        {
            ulong position = transfer.IsPositioned ? transfer.Position : file->Offset;
            if (position >= inode->Size)
                break;
            ulong left = Math.Min(transfer.Remaining, inode->Size - position);
            TransferStatus status;
            ulong before = transfer.Done;
            if (inode->Data == null)
            {
                status = transfer.GiveZeroes(Math.Min(left, FileTransfer.StepBytes));
            }
            else
            {
                PageAccess page = memory.Pages.GetForRead(inode->Data, position >> PageSize.Shift);
                if (!page.IsOk)
                    return transfer.Stop(in page);
                int start = (int)(position & PageSize.OffsetMask);
                int count = (int)Math.Min(left, (ulong)(PageSize.Bytes - start));
                status = transfer.Give(new ReadOnlySpan<byte>(page.Address + start, count));
            }
            MoveOffset(file, ref transfer, position + (transfer.Done - before));
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            if (transfer.MustPause())
                return transfer.Pause();
        }
        TouchAccess(file);
        return transfer.Finish();
    }

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        Inode* inode = file->Inode;
        bool appends = transfer.IsAppending || (file->Flags & OpenFlags.Append) != 0;
        while (transfer.Remaining > 0)
        {
            ulong position = appends ? inode->Size : transfer.IsPositioned ? transfer.Position : file->Offset;
            ulong limit = SizeLimit(ref transfer);
            transfer.IsOverLimit = position >= limit;
            if (position >= limit || position >= FileData.MaxFileBytes)
                return transfer.Finish(Errno.EFBIG);
            ulong step = Math.Min(transfer.Remaining, FileTransfer.StepBytes - (position % FileTransfer.StepBytes));
            step = Math.Min(step, Math.Min(limit, FileData.MaxFileBytes) - position);
            if (inode->Seals != FileSeals.None && !AllowsStep(inode, position, ref step))
                return transfer.Finish(Errno.EPERM);
            SystemCallResult result = WriteStep(file, ref transfer, position, step, out bool isDone);
            if (!isDone)
                return result;
            if (transfer.MustPause())
                return transfer.Pause();
        }
        return transfer.Finish();
    }

    [SkipLocalsInit]
    private SystemCallResult WriteStep(OpenFile* file, ref FileTransfer transfer, ulong position, ulong bytes, out bool isDone)
    {
        isDone = false;
        Inode* inode = file->Inode;
        // What is written to a mapped file may be the very page that the bytes come from.
        UserPages.Clear(out UserPages found);
        TransferStatus status = transfer.Prepare(bytes, willGive: false, inode->IsMapped ? null : &found);
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        WaitQueue* lack = inode->Data == null && inodes.DataOf(inode) == null && transfer.MayWait ? room.QueueFor(transfer.Thread) : null;
        if (lack != null)
            return transfer.WaitForPage(lack);
        PageAccess ready = data.PrepareWrite(inode, position, bytes);
        if (!ready.IsOk)
            return transfer.Stop(in ready);
        ulong end = position + bytes;
        while (position < end)
        {
            int start = (int)(position & PageSize.OffsetMask);
            int count = (int)Math.Min(end - position, (ulong)(PageSize.Bytes - start));
            // A program may write a page of the file from a mapping of that very page: then its old contents are the source.
            bool isWhole = count == PageSize.Bytes && !inode->Data->IsMapped;
            PageAccess page = memory.Pages.GetForWrite(inode->Data, position >> PageSize.Shift, isWhole);
            if (!page.IsOk)
                return transfer.Stop(in page);
            var destination = new Span<byte>(page.Address + start, count);
            ulong before = transfer.Done;
            status = transfer.Take(destination, in found);
            int moved = (int)(transfer.Done - before);
            // The page was handed out to be overwritten: what did not arrive must not show another program's old frame.
            if (isWhole && moved < count)
                destination[moved..].Clear();
            if (transfer.Thread != null)
                setIdBits.ContentsChange(inode, new FileCaller(transfer.Thread));
            data.Grown(inode, position + (ulong)moved);
            MoveOffset(file, ref transfer, position + (ulong)moved);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            position += (ulong)count;
        }
        isDone = true;
        return default;
    }

    // Pages that need not grow the file are written, then no more: the page in which the write would pass the end is not begun.
    private static bool AllowsStep(Inode* inode, ulong position, ref ulong step)
    {
        if (inode->IsSealed(FileSeals.Write | FileSeals.FutureWrite))
            return false;
        if (!inode->IsSealed(FileSeals.Grow) || position + step <= inode->Size)
            return true;
        ulong end = inode->Size & ~(ulong)PageSize.OffsetMask;
        step = end > position ? end - position : 0;
        return step > 0;
    }

    // The position follows every piece that was moved, so that it and the call's progress never disagree.
    private void MoveOffset(OpenFile* file, ref FileTransfer transfer, ulong offset)
    {
        if (transfer.IsPositioned || offset == file->Offset)
            return;
        file->Offset = offset;
        state.MarkChanged(&file->Header);
    }

    private static ulong SizeLimit(ref FileTransfer transfer)
        => transfer.Thread == null ? ulong.MaxValue : transfer.Thread->Process->Limits.Soft(Resource.FileSize);

    // As Linux's relatime: only when the stamp is older than the last change, or than a day.
    private void TouchAccess(OpenFile* file)
    {
        const long dayNanoseconds = 86_400_000_000_000;
        Inode* inode = file->Inode;
        if ((file->Flags & OpenFlags.NoAccessTime) != 0)
            return;
        if (inode->AccessTime > inode->ModifyTime && inode->AccessTime > inode->ChangeTime
            && stamps.RecentOf(inode) - inode->AccessTime < dayNanoseconds)
            return;
        inode->AccessTime = stamps.NowOf(inode);
        state.MarkChanged(&inode->Header);
    }
}
