// What becomes of a call that finds no room for a name or an inode: in the slabs, in the kernel's memory, or in the share of its user.
// Names that the store has may go for it (NameReclaim), at once or after a checkpoint; a fiber sees to that. The call has changed nothing:
// its thread waits, and begins again from the top. It is refused when the last attempt has found nothing that could go, or when it has
// waited so often that others take whatever becomes free. Who has no thread, or may not wait, is refused at once. Protected by the kernel
// lock.
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Lets those wait who find no room for names and inodes.</summary>
public sealed unsafe class NameRoom(FileState state, FileRecords records, ThreadWaker waker)
{
    // How often a call may wait for room.
    private const int MostWaits = 16;

    /// <summary>A fiber makes room from now on, and ends each wait (<see cref="EndAttempt"/>).</summary>
    public void Begin() => state.Reclaim->HasReclaim = true;

    /// <summary>True while somebody waits.</summary>
    public bool HasWaiters => !state.Reclaim->Waiters.IsEmpty;

    /// <summary>An attempt to make room is over: everybody tries again, and is refused if that does not do and nothing could go.</summary>
    public void EndAttempt(bool isExhausted)
    {
        state.Reclaim->IsExhausted = isExhausted;
        waker.WakeAll(&state.Reclaim->Waiters);
    }

    /// <summary>There was no room, and nothing has been changed: the caller waits for some, or the error that says so.</summary>
    public Errno Lack(in FileCaller caller, Errno refusal)
    {
        WaitQueue* queue = caller.Thread == null || caller.MustNotWait ? null : QueueFor(caller.Thread);
        if (queue == null)
            return refusal;
        waker.BlockOn(caller.Thread, queue);
        return Errno.EIOCBQUEUED;
    }

    /// <summary>Where the thread of a call that found no room waits for some; null when it must not, any more.</summary>
    internal WaitQueue* QueueFor(Thread* thread)
    {
        if (!state.Reclaim->HasReclaim || thread->RoomWaits == MostWaits || (thread->RoomWaits > 0 && state.Reclaim->IsExhausted))
            return null;
        thread->RoomWaits++;
        records.AskedForRoom();
        return &state.Reclaim->Waiters;
    }
}
