using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Reading the files of /proc: the text is made whole when reading starts, and kept with the open file until it starts again.</summary>
internal sealed unsafe class ProcFileOperations(FileServices files) : FileOperations
{
    private const int MaxTextPages = 64;

    private readonly ProcText _text = new(files);

    public override bool IsSeekable(OpenFile* file) => true;

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        ulong position = transfer.IsPositioned ? transfer.Position : file->Offset;
        if (position == 0 || file->Text == null)
        {
            if (!MakeText(file, ref transfer, out SystemCallResult failure))
                return failure;
        }
        if (position >= (ulong)file->TextLength)
            return transfer.Finish();
        int count = (int)Math.Min(transfer.Remaining, (ulong)file->TextLength - position);
        ulong before = transfer.Done;
        TransferStatus status = transfer.Give(new ReadOnlySpan<byte>(file->Text + position, count));
        if (!transfer.IsPositioned && transfer.Done != before)
        {
            file->Offset = position + (transfer.Done - before);
            files.MarkChanged(&file->Header);
        }
        return status == TransferStatus.Ok ? transfer.Finish() : transfer.Stop(status);
    }

    // The few files of /proc that programs write (oom_score_adj, comm) accept everything and change nothing.
    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        transfer.Skip(transfer.Remaining);
        return transfer.Finish();
    }

    private bool MakeText(OpenFile* file, ref FileTransfer transfer, out SystemCallResult failure)
    {
        failure = default;
        for (int pages = 1; pages <= MaxTextPages; pages *= 2)
        {
            byte* memory = (byte*)files.Pages.Allocate(pages);
            if (memory == null)
            {
                failure = transfer.Finish(Errno.ENOMEM);
                return false;
            }
            var writer = new Utf8Writer(new Span<byte>(memory, pages * PageSize.Bytes));
            AccessResult result = _text.Write(file->Inode, ref writer);
            bool isComplete = result.Status == MemoryStatus.Ok && (!writer.Truncated || pages == MaxTextPages);
            if (isComplete)
            {
                Replace(file, memory, pages, writer.Length);
                return true;
            }
            files.Pages.Free(memory, pages);
            if (result.Status == MemoryStatus.Ok)
                continue;
            failure = result.Status == MemoryStatus.WouldBlock ? transfer.WaitForPage(result.Wait) : transfer.Finish(Errno.ESRCH);
            return false;
        }
        return false;
    }

    private void Replace(OpenFile* file, byte* text, int pages, int length)
    {
        if (file->Text != null)
            files.Pages.Free(file->Text, file->TextPages);
        file->Text = text;
        file->TextPages = pages;
        file->TextLength = length;
    }
}
