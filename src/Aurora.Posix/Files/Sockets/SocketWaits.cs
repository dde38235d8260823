// Waits of socket calls. A time-out (SO_RCVTIMEO, SO_SNDTIMEO) begins with the first wait of a call, and its end is part of the call: what
// is set while it waits is for the next one.
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Puts threads on the queues of sockets.</summary>
public sealed unsafe class SocketWaits(ThreadScheduler scheduler)
{
    /// <summary>
    /// Waits in a transfer; with EAGAIN when the time is over. With a time-out a signal ends the call, whatever it is handled by.
    /// </summary>
    public SystemCallResult Wait(ref FileTransfer transfer, WaitQueue* queue, ulong timeoutNanoseconds)
    {
        if (transfer.Thread == null || !Bound(transfer.Thread, timeoutNanoseconds))
            return transfer.Finish(Errno.EAGAIN);
        SystemCallResult result = transfer.Wait(queue);
        return IsBounded(transfer.Thread) && transfer.Done == 0 ? SystemCallResult.BlockedOr(Errno.EINTR) : result;
    }

    /// <summary>As above, in a call that moves no bytes.</summary>
    public SystemCallResult Wait(Thread* thread, WaitQueue* queue, ulong timeoutNanoseconds)
    {
        if (!Bound(thread, timeoutNanoseconds))
            return Errno.EAGAIN;
        scheduler.BlockOn(thread, queue);
        return IsBounded(thread) ? SystemCallResult.BlockedOr(Errno.EINTR) : SystemCallResult.Blocked;
    }

    private static bool IsBounded(Thread* thread) => thread->Call.DeadlineNanoseconds != ulong.MaxValue;

    // False when the call has waited as long as it may.
    private bool Bound(Thread* thread, ulong timeoutNanoseconds)
    {
        ulong now = scheduler.NowOf(thread);
        ref ulong deadline = ref thread->Call.DeadlineNanoseconds;
        bool isEndless = timeoutNanoseconds == Socket.NoTimeout || timeoutNanoseconds >= ulong.MaxValue - now;
        if (deadline == 0)
            deadline = isEndless ? ulong.MaxValue : now + timeoutNanoseconds;
        if (deadline <= now)
            return false;
        if (IsBounded(thread))
            scheduler.BlockUntil(thread, deadline);
        return true;
    }
}
