// What the queues of a group count to those who have made them (RLIMIT_MSGQUEUE), by real user id. Derived from the queues, so not
// captured. A list: as a rule few users have queues. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>What the queues of one user in one group take.</summary>
internal unsafe struct QueueUser
{
    public uint User;
    public int Queues;
    public ulong Bytes;
    public QueueUser* Next;
}

/// <summary>Counts queues and their bytes.</summary>
internal sealed unsafe class QueueUsers(PageAllocator pages)
{
    private readonly Slab<QueueUser> _users = new(pages, 1 << 16);

    /// <summary>The bytes that a user's queues take.</summary>
    public static ulong BytesOf(IpcSpace* space, uint user)
    {
        QueueUser* found = Find(space, user);
        return found == null ? 0 : found->Bytes;
    }

    /// <summary>Counts a queue; false without memory.</summary>
    public bool Add(IpcSpace* space, NamedQueue* queue)
    {
        QueueUser* user = Find(space, queue->User);
        if (user == null)
        {
            user = _users.Allocate();
            if (user == null)
                return false;
            user->User = queue->User;
            user->Next = space->FirstQueueUser;
            space->FirstQueueUser = user;
        }
        user->Queues++;
        user->Bytes += queue->ChargedBytes;
        space->NamedCount++;
        return true;
    }

    /// <summary>A queue that was counted ends.</summary>
    public void Remove(IpcSpace* space, NamedQueue* queue)
    {
        QueueUser* user = Find(space, queue->User);
        Panic.Unless(user != null && user->Bytes >= queue->ChargedBytes, "ipc: a queue ended that was nobody's"u8);
        user->Bytes -= queue->ChargedBytes;
        space->NamedCount--;
        if (--user->Queues > 0)
            return;
        QueueUser** link = &space->FirstQueueUser;
        while (*link != user)
            link = &(*link)->Next;
        *link = user->Next;
        _users.Free(user);
    }

    private static QueueUser* Find(IpcSpace* space, uint user)
    {
        QueueUser* found = space->FirstQueueUser;
        while (found != null && found->User != user)
            found = found->Next;
        return found;
    }
}
