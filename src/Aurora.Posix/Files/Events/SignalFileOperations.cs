// Reading signalfds. A read takes the reader's own pending signals, those of the thread before those of its process, as many as fit, and
// waits while there are none; who inherited the file or got it through a dup reads his. A signal is taken once the program's memory for it
// is there. Readiness too is that of whoever asks. Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Files;

/// <summary>Operations on signalfds.</summary>
public sealed unsafe class SignalFileOperations(
    FileState state, TimerService timers, ThreadScheduler scheduler, ProcessInformation information) : FileOperations
{
    public override void Close(OpenFile* file)
    {
        SignalFile* signals = Of(file);
        file->Attachment = null;
        state.TrackerOf(&signals->Header).Remove(&signals->Header);
        state.SignalFiles.Free(signals);
    }

    public override bool IsSound(OpenFile* file)
        => file->Attachment != null && file->Attachment->Kind == ObjectKind.SignalFile && Of(file)->File == file;

    /// <summary>Gives a file another mask, on behalf of a thread whose process looks again.</summary>
    public void SetMask(OpenFile* file, Thread* thread, SignalSet mask)
    {
        Of(file)->Mask = mask;
        state.MarkChanged(&Of(file)->Header);
        scheduler.WakeAll(&thread->Process->SignalArrived);
        scheduler.Wake(information.SignalArrivedIn(file->Header.Group));
    }

    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
    {
        if (transfer.Done + transfer.Remaining < SignalFileInfo.Bytes)
            return transfer.Finish(Errno.EINVAL);
        Thread* reader = transfer.Thread;
        SignalSet others = OthersOf(file);
        while (transfer.Remaining >= SignalFileInfo.Bytes)
        {
            if (reader == null || !SignalService.Peek(reader, others, out SignalInfo info))
                return HasNone(file, ref transfer);
            TransferStatus status = transfer.Prepare(SignalFileInfo.Bytes, willGive: true);
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            timers.Complete(reader->Process, ref info);
            SignalFileInfo told = SignalFileInfo.Of(in info);
            status = transfer.Give(MemoryMarshal.AsBytes(new ReadOnlySpan<SignalFileInfo>(in told)));
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            timers.TakeSignal(reader, others, in info);
            if (transfer.MustPause())
                return transfer.Pause();
        }
        return transfer.Finish();
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        if (waiter != null)
            scheduler.BlockOn(waiter, &waiter->Process->SignalArrived);
        return PollFor(file, interest, waiter != null ? waiter : scheduler.Current);
    }

    public override PollEvents PollFor(OpenFile* file, PollEvents interest, Thread* asking)
        => asking != null && SignalService.Peek(asking, OthersOf(file), out _) ? PollEvents.In : PollEvents.None;

    public override bool CanPoll(OpenFile* file) => true;

    // Whose signals it is about depends on who asks: what comes to any process of the group makes an epoll ask again.
    public override void Listen(OpenFile* file, ReadyWatch* watch)
        => scheduler.Listen(watch, information.SignalArrivedIn(file->Header.Group), (uint)PollEvents.In);

    public override bool HasStillPosition(OpenFile* file) => true;

    internal static SignalFile* Of(OpenFile* file) => (SignalFile*)file->Attachment;

    private static SignalSet OthersOf(OpenFile* file) => new(~Of(file)->Mask.Bits);

    private static SystemCallResult HasNone(OpenFile* file, ref FileTransfer transfer)
    {
        if (transfer.Done > 0)
            return transfer.Finish();
        return file->IsNonBlocking || !transfer.MayWait
            ? transfer.Finish(Errno.EAGAIN) : transfer.Wait(&transfer.Thread->Process->SignalArrived);
    }
}
