using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Operations on pipes and FIFOs.</summary>
public sealed unsafe partial class PipeOperations(FileState state, PipeLife life, MemoryManager memory, ThreadWaker waker) : FileOperations
{
    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
        => GiveSome(file->Inode->Pipe, ref transfer, !file->IsNonBlocking);

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        Pipe* pipe = file->Inode->Pipe;
        SystemCallResult result = PutAll(pipe, ref transfer, !file->IsNonBlocking);
        if (result.Outcome != SystemCallOutcome.Blocked)
            EndLook(transfer.Thread, &pipe->Writable, isMoreLeft: pipe->Free > 0);
        return result;
    }

    // A call has done what it could: what it leaves is for the next who waits alone. One that waits for a page of its buffer has not. A
    // watch that waits alone has heard of what was there before this call, unless the call was woken in its place.
    private void EndLook(Thread* thread, WaitQueue* queue, bool isMoreLeft)
    {
        bool wasWoken = thread != null && thread->Token != null && thread->Token->Queue == queue;
        if (wasWoken)
            waker.NoteLook(thread, queue);
        if (!isMoreLeft || queue->FirstAlone == null)
            return;
        if (wasWoken)
            waker.WakeNext(queue);
        else
            waker.WakeNextThread(queue);
    }

    // Who wants to put a page or more can go on with any room there is, and waits alone: each wake-up is for one of them. Others may not
    // find enough, and each has to look.
    private SystemCallResult PutAll(Pipe* pipe, ref FileTransfer transfer, bool mayWait)
    {
        while (transfer.Remaining > 0)
        {
            if (!pipe->HasReader)
                return transfer.Finish(Errno.EPIPE);
            bool isAtomic = transfer.Done + transfer.Remaining <= Pipe.AtomicBytes;
            uint needed = isAtomic ? (uint)transfer.Remaining : 1;
            if (pipe->Free < needed)
                return AwaitRoom(pipe, ref transfer, mayWait, isAtomic);
            SystemCallResult result = WriteStep(pipe, ref transfer, isAtomic, out bool isDone);
            if (!isDone)
                return result;
            if (transfer.MustPause())
                return transfer.Pause();
        }
        return transfer.Finish();
    }

    private static SystemCallResult AwaitRoom(Pipe* pipe, ref FileTransfer transfer, bool mayWait, bool isAtomic)
    {
        if (!mayWait)
            return transfer.Finish(Errno.EAGAIN);
        return isAtomic ? transfer.Wait(&pipe->Writable) : transfer.WaitAlone(&pipe->Writable);
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        Pipe* pipe = file->Inode->Pipe;
        if (waiter != null && file->IsReadable)
            waker.BlockOn(waiter, &pipe->Readable);
        if (waiter != null && file->IsWritable)
            waker.BlockOn(waiter, &pipe->Writable);
        return ReadyFor(file, pipe);
    }

    public override PollEvents PollFor(OpenFile* file, PollEvents interest, Thread* asking) => ReadyFor(file, file->Inode->Pipe);

    private static PollEvents ReadyFor(OpenFile* file, Pipe* pipe)
    {
        PollEvents ready = PollEvents.None;
        bool isWritable = file->IsWritable;
        if (file->IsReadable)
        {
            if (pipe->Length > 0)
                ready = PollEvents.Readable;
            // Before the first writer has come there is nobody who could have hung up.
            if (!pipe->HasWriter && !isWritable && pipe->WriterOpens != file->WriterOpens)
                ready |= PollEvents.HangUp;
            if (!isWritable)
                return ready;
        }
        if (isWritable && pipe->Free >= Pipe.AtomicBytes)
            ready |= PollEvents.Writable;
        if (isWritable && !pipe->HasReader && !file->IsReadable)
            ready |= PollEvents.Error;
        return ready;
    }

    public override long ReadableBytes(OpenFile* file) => file->Inode->Pipe->Length;

    // One page's worth, or a whole atomic write. Nothing enters the ring before all pages and the program's memory are there.
    private SystemCallResult WriteStep(Pipe* pipe, ref FileTransfer transfer, bool isAtomic, out bool isDone)
    {
        isDone = false;
        if (!EnsureData(pipe))
            return transfer.Finish(Errno.ENOMEM);
        uint tail = pipe->Tail;
        int start = (int)(tail & PageSize.OffsetMask);
        uint bytes = (uint)Math.Min(transfer.Remaining, pipe->Free);
        if (!isAtomic)
            bytes = Math.Min(bytes, (uint)(PageSize.Bytes - start));
        TransferStatus status = transfer.Prepare(bytes, willGive: false);
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        PageAccess page = memory.Pages.GetForWrite(pipe->Data, tail >> PageSize.Shift, false);
        if (!page.IsOk)
            return transfer.Stop(in page);
        int first = (int)Math.Min(bytes, (uint)(PageSize.Bytes - start));
        PageAccess next = page;
        if (first < bytes)
            next = memory.Pages.GetForWrite(pipe->Data, (tail + (uint)first) % pipe->Capacity >> PageSize.Shift, false);
        if (!next.IsOk)
            return transfer.Stop(in next);
        ulong before = transfer.Done;
        status = transfer.Take(new Span<byte>(page.Address + start, first));
        if (status == TransferStatus.Ok && first < bytes)
            status = transfer.Take(new Span<byte>(next.Address, (int)bytes - first));
        Produce(pipe, (uint)(transfer.Done - before));
        isDone = status == TransferStatus.Ok;
        return isDone ? default : transfer.Stop(status);
    }

    private bool EnsureData(Pipe* pipe)
    {
        if (pipe->Data != null)
            return true;
        pipe->Data = memory.Objects.Create(state.TrackerOf(&pipe->Header), pipe->Capacity >> PageSize.Shift, VmObjectFlags.File);
        if (pipe->Data == null)
            return false;
        // The write may yet have to wait: a checkpoint must not find an object nobody refers to.
        state.MarkChanged(&pipe->Header);
        return true;
    }

    private void Produce(Pipe* pipe, uint bytes)
    {
        if (bytes == 0)
            return;
        pipe->Length += bytes;
        pipe->Produced += bytes;
        state.MarkChanged(&pipe->Header);
        waker.Wake(&pipe->Readable);
    }

    private void Consume(Pipe* pipe, uint bytes)
    {
        if (bytes == 0)
            return;
        // Where there was room already, a watch has seen it.
        bool wasFull = pipe->Free < Pipe.AtomicBytes;
        uint fromRest = Math.Min(bytes, pipe->RestLength);
        if (fromRest > 0)
            ConsumeRest(pipe, fromRest);
        pipe->Length -= bytes;
        pipe->Head = pipe->Length == 0 ? 0 : (pipe->Head + bytes - fromRest) % pipe->Capacity;
        state.MarkChanged(&pipe->Header);
        if (wasFull)
            waker.Wake(&pipe->Writable);
        else
            waker.WakeThreads(&pipe->Writable);
    }

    /// <inheritdoc/>
    public override bool CanPoll(OpenFile* file) => true;

    /// <inheritdoc/>
    public override void Listen(OpenFile* file, ReadyWatch* watch)
    {
        if (file->IsReadable)
            waker.Listen(watch, &file->Inode->Pipe->Readable, (uint)PollEvents.Readable);
        if (file->IsWritable)
            waker.Listen(watch, &file->Inode->Pipe->Writable, (uint)PollEvents.Writable);
    }

    /// <inheritdoc/>
    public override bool CanWatch(OpenFile* file) => true;

    /// <inheritdoc/>
    public override bool Watch(OpenFile* file)
        => (!file->IsReadable || waker.Watch(&file->Watcher, &file->Inode->Pipe->Readable, OpenFile.PostedIn))
            && (!file->IsWritable || waker.Watch(&file->Watcher, &file->Inode->Pipe->Writable, OpenFile.PostedOut));
}
