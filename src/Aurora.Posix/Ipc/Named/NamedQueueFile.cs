// A POSIX message queue as an open file: it can be polled, and reading it tells how many bytes are in it and who wants to be told of a
// message. Messages go by calls of their own.
using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Operations on the files of queues.</summary>
internal sealed unsafe class NamedQueueFile(NamedQueueTraffic traffic, TrackedObjects tracked, ThreadWaker waker) : FileOperations
{
    private const int MostText = 80;

    public override Errno Open(OpenFile* file, in FileCaller caller) => file->Inode->Queue == null ? Errno.ENXIO : Errno.Ok;

    public override bool IsSound(OpenFile* file) => file->Inode->Queue != null && file->Attachment == null;

    public override bool IsSeekable(OpenFile* file) => true;

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        NamedQueue* queue = file->Inode->Queue;
        ulong position = transfer.IsPositioned ? transfer.Position : file->Offset;
        Span<byte> text = stackalloc byte[MostText];
        var writer = new Utf8Writer(text);
        Write(queue, ref writer);
        if (position >= (ulong)writer.Length || transfer.Remaining == 0)
            return transfer.Finish();
        ReadOnlySpan<byte> rest = writer.Written[(int)position..];
        rest = rest[..(int)Math.Min((ulong)rest.Length, transfer.Remaining)];
        ulong before = transfer.Done;
        TransferStatus status = transfer.Give(rest);
        if (!transfer.IsPositioned && transfer.Done != before)
        {
            file->Offset = position + (transfer.Done - before);
            tracked.MarkChanged(&file->Header);
        }
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        traffic.TouchStatus(queue);
        return transfer.Finish();
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        NamedQueue* queue = file->Inode->Queue;
        if (waiter != null)
            waker.BlockOn(waiter, &queue->Ready);
        return (queue->Messages.Count > 0 ? PollEvents.Readable : PollEvents.None)
            | (queue->IsFull ? PollEvents.None : PollEvents.Writable);
    }

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
        => waker.Listen(watch, &file->Inode->Queue->Ready, (uint)(PollEvents.Readable | PollEvents.Writable));

    // In Linux's words and widths; the kinds are those of struct sigevent.
    private static void Write(NamedQueue* queue, ref Utf8Writer writer)
    {
        ref readonly QueueNotice notice = ref queue->Notice;
        WriteField("QSIZE:"u8, queue->Messages.Bytes, 10, ref writer);
        WriteField(" NOTIFY:"u8, notice.Kind == QueueNoticeKind.Silent ? 1UL : 0, 5, ref writer);
        WriteField(" SIGNO:"u8, notice.Signal, 5, ref writer);
        WriteField(" NOTIFY_PID:"u8, (ulong)notice.Process, 6, ref writer);
        writer.Append((byte)'\n');
    }

    private static void WriteField(ReadOnlySpan<byte> name, ulong value, int width, ref Utf8Writer writer)
    {
        writer.Append(name);
        int start = writer.Length;
        writer.AppendDecimal(value);
        while (writer.Length < start + width)
            writer.Append((byte)' ');
    }
}
