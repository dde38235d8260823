// Reading and writing eventfds. A read takes the count, or one of it, and waits while it is zero; a write adds to it and waits while the
// sum would be more than a counter holds. Nothing is taken or added before the program's memory is there: a call that fails has done
// nothing. A vector is read into as one buffer and written piece by piece, each a value, as on Linux. Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Operations on eventfds.</summary>
public sealed unsafe class EventCounterOperations(FileState state, ThreadWaker waker) : FileOperations
{
    private const int ValueBytes = sizeof(ulong);

    public override void Close(OpenFile* file)
    {
        EventCounter* counter = Of(file);
        file->Attachment = null;
        state.TrackerOf(&counter->Header).Remove(&counter->Header);
        state.EventCounters.Free(counter);
    }

    public override bool IsSound(OpenFile* file)
        => file->Attachment != null && file->Attachment->Kind == ObjectKind.EventCounter && Of(file)->File == file;

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        EventCounter* counter = Of(file);
        if (transfer.Remaining < ValueBytes)
            return transfer.Finish(Errno.EINVAL);
        if (counter->Count == 0)
            return file->IsNonBlocking || !transfer.MayWait ? transfer.Finish(Errno.EAGAIN) : transfer.Wait(&counter->Readable);
        TransferStatus status = transfer.Prepare(ValueBytes, willGive: true);
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        ulong value = counter->IsSemaphore ? 1 : counter->Count;
        status = transfer.Give(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value)));
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        counter->Count -= value;
        state.MarkChanged(&counter->Header);
        waker.Wake(&counter->Writable);
        return transfer.Finish();
    }

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        EventCounter* counter = Of(file);
        while (transfer.Remaining > 0 || transfer.Done == 0)
        {
            ulong piece = transfer.PieceBytes();
            if (piece < ValueBytes)
                return transfer.Finish(Errno.EINVAL);
            if (!TryTake(ref transfer, out ulong value, out TransferStatus status))
                return transfer.Stop(status);
            if (value == ulong.MaxValue)
                return transfer.Finish(Errno.EINVAL);
            if (value > EventCounter.Most - Math.Min(counter->Count, EventCounter.Most))
                return file->IsNonBlocking || !transfer.MayWait ? transfer.Finish(Errno.EAGAIN) : transfer.Wait(&counter->Writable);
            transfer.Skip(ValueBytes);
            counter->Count += value;
            state.MarkChanged(&counter->Header);
            waker.Wake(&counter->Readable);
            // What is behind the value in its piece is left, and the pieces behind it too.
            if (piece > ValueBytes)
                break;
        }
        return transfer.Finish();
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        EventCounter* counter = Of(file);
        if (waiter != null)
        {
            waker.BlockOn(waiter, &counter->Readable);
            waker.BlockOn(waiter, &counter->Writable);
        }
        return (counter->Count > 0 ? PollEvents.In : PollEvents.None)
            | (counter->Count < EventCounter.Most ? PollEvents.Out : PollEvents.None)
            | (counter->Count > EventCounter.Most ? PollEvents.Error : PollEvents.None);
    }

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
    {
        waker.Listen(watch, &Of(file)->Readable, (uint)PollEvents.In);
        waker.Listen(watch, &Of(file)->Writable, (uint)PollEvents.Out);
    }

    public override bool HasStillPosition(OpenFile* file) => true;

    internal static EventCounter* Of(OpenFile* file) => (EventCounter*)file->Attachment;

    // The next value, which stays in the transfer until there is room for it.
    private static bool TryTake(ref FileTransfer transfer, out ulong value, out TransferStatus status)
    {
        value = 0;
        status = transfer.Prepare(ValueBytes, willGive: false);
        if (status != TransferStatus.Ok)
            return false;
        FileTransfer ahead = transfer;
        status = ahead.Take(MemoryMarshal.AsBytes(new Span<ulong>(ref value)));
        return status == TransferStatus.Ok;
    }
}
