// Reading timerfds: a read gives how often the timer has expired since the last one, and waits while that is never. Protected by the
// kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Operations on timerfds.</summary>
public sealed unsafe class TimerFileOperations(TimerFiles timers, UserMemory user, ThreadWaker waker) : FileOperations
{
    private const int ValueBytes = sizeof(ulong);

    // TFD_IOC_SET_TICKS.
    private const uint SetTicks = 0x4008_5400;

    public override void Close(OpenFile* file)
    {
        TimerFile* timer = Of(file);
        file->Attachment = null;
        timers.End(timer);
    }

    public override bool IsSound(OpenFile* file)
        => file->Attachment != null && file->Attachment->Kind == ObjectKind.TimerFile && Of(file)->File == file;

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        TimerFile* timer = Of(file);
        if (transfer.Remaining < ValueBytes)
            return transfer.Finish(Errno.EINVAL);
        bool mayWait = !file->IsNonBlocking && transfer.MayWait;
        if (!timers.IsReadable(timer))
            return mayWait ? transfer.Wait(&timer->Readable) : transfer.Finish(Errno.EAGAIN);
        TransferStatus status = transfer.Prepare(ValueBytes, willGive: true);
        if (status != TransferStatus.Ok)
            return transfer.Stop(status);
        Errno error = timers.Take(timer, out ulong ticks);
        if (error != Errno.Ok)
            return transfer.Finish(error);
        if (ticks == 0)
            return transfer.Finish(mayWait ? Errno.Ok : Errno.EAGAIN);
        status = transfer.Give(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in ticks)));
        return status == TransferStatus.Ok ? transfer.Finish() : transfer.Stop(status);
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        TimerFile* timer = Of(file);
        if (waiter != null)
            waker.BlockOn(waiter, &timer->Readable);
        return timers.IsReadable(timer) ? PollEvents.In : PollEvents.None;
    }

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
        => waker.Listen(watch, &Of(file)->Readable, (uint)PollEvents.In);

    public override SystemCallResult Control(OpenFile* file, Thread* thread, uint command, ulong argument)
    {
        if (command != SetTicks)
            return Errno.ENOTTY;
        AccessResult access = user.Read((AddressSpace*)thread->Process->AddressSpace, new VirtualAddress(argument), out ulong ticks);
        if (access.Status == MemoryStatus.WouldBlock)
        {
            waker.BlockOn(thread, access.Wait);
            return SystemCallResult.BlockedUninterruptible;
        }
        if (!access.IsOk)
            return access.Status == MemoryStatus.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
        return ticks == 0 ? Errno.EINVAL : timers.SetTicks(Of(file), ticks);
    }

    public override bool HasStillPosition(OpenFile* file) => true;

    internal static TimerFile* Of(OpenFile* file) => (TimerFile*)file->Attachment;
}
