// Reading of inotify instances: as many whole events as fit, oldest first; each is taken once the program's memory for it is there. Of a
// vector, each piece takes whole events. Protected by the kernel lock.
using System;
using System.Buffers.Binary;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>An inotify instance as an open file.</summary>
internal sealed unsafe class InotifyFile(InotifyWatches watches, InotifyQueue queue, ThreadWaker waker) : FileOperations
{
    public override bool IsSound(OpenFile* file)
    {
        Inotify* instance = InotifyWatches.Of(file);
        return instance != null && instance->Header.Kind == ObjectKind.Inotify && instance->File == file;
    }

    public override void Close(OpenFile* file)
    {
        Inotify* instance = InotifyWatches.Of(file);
        file->Attachment = null;
        watches.End(instance);
    }

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        Inotify* instance = InotifyWatches.Of(file);
        Span<byte> bytes = stackalloc byte[InotifyEvent.MostBytes];
        while (instance->HasEvents)
        {
            int length = Format(instance, bytes);
            if (transfer.PieceBytes() < (ulong)length)
                return transfer.Finish(Errno.EINVAL);
            TransferStatus status = transfer.Prepare((ulong)length, willGive: true);
            if (status == TransferStatus.Ok)
                status = transfer.Give(bytes[..length]);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            queue.RemoveFirst(instance);
            if (transfer.MustPause())
                return transfer.Pause();
        }
        if (transfer.Done > 0)
            return transfer.Finish();
        return file->IsNonBlocking || !transfer.MayWait ? transfer.Finish(Errno.EAGAIN) : transfer.Wait(&instance->Readable);
    }

    // struct inotify_event, and the name with zeroes behind it.
    private static int Format(Inotify* instance, Span<byte> bytes)
    {
        bool isOverflow = instance->IsOverflowNext;
        InotifyEvent* told = instance->FirstEvent;
        int length = isOverflow ? InotifyEvent.HeadBytes : (int)told->BytesToRead;
        BinaryPrimitives.WriteInt32LittleEndian(bytes, isOverflow ? -1 : told->Number);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], isOverflow ? InotifyMask.Overflow : told->Mask);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], isOverflow ? 0 : told->Cookie);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], length - InotifyEvent.HeadBytes);
        bytes[InotifyEvent.HeadBytes..length].Clear();
        if (!isOverflow)
            InotifyEvent.NameOf(told).CopyTo(bytes[InotifyEvent.HeadBytes..]);
        return length;
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        Inotify* instance = InotifyWatches.Of(file);
        if (waiter != null)
            waker.BlockOn(waiter, &instance->Readable);
        return instance->HasEvents ? PollEvents.Readable : PollEvents.None;
    }

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
        => waker.Listen(watch, &InotifyWatches.Of(file)->Readable, (uint)PollEvents.In);

    public override bool CanWatch(OpenFile* file) => true;

    public override bool Watch(OpenFile* file)
        => waker.Watch(&file->Watcher, &InotifyWatches.Of(file)->Readable, OpenFile.PostedIn);

    public override bool HasStillPosition(OpenFile* file) => true;

    public override long ReadableBytes(OpenFile* file) => (long)InotifyWatches.Of(file)->ReadableBytes;
}
