// Record locks that wait in a ring. Who waits for one notes in its continuation whose lock is in the way; locks that change wake all
// waiters of their file, so what a blocked thread has noted is true. A request that would close a ring is refused (EDEADLK), as on Linux:
// only among locks of processes, and only in rings of a few.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class LockDeadlock
{
    private const int MaxHops = 10;

    // Threads of one process that are asked what they wait for.
    private const int MaxThreads = 1024;
    private const uint Fcntl = 72;

    /// <summary>Notes whose lock a thread waits for.</summary>
    public static void Note(Thread* waiter, FileLock* blocker)
    {
        waiter->Call.Extra0 = blocker->Owner.Value;
        waiter->Call.Extra1 = (uint)blocker->Process;
    }

    /// <summary>True when the owner of a lock waits, perhaps through others, for locks of the one who wants it.</summary>
    public static bool WouldClose(LinuxKernel kernel, ObjectId wanting, FileLock* blocker)
    {
        ObjectId owner = blocker->Owner;
        int id = blocker->Process;
        PidNamespace space = kernel.Processes.Of(&blocker->Header);
        for (int hop = 0; hop < MaxHops && owner != wanting; hop++)
        {
            Thread* waiter = id == FileLock.NoProcess ? null : FindWaiter(space.FindProcess(id), owner);
            if (waiter == null)
                return false;
            owner = new ObjectId(waiter->Call.Extra0);
            id = (int)waiter->Call.Extra1;
        }
        return owner == wanting;
    }

    private static Thread* FindWaiter(Process* process, ObjectId owner)
    {
        if (process == null || process->Descriptors == null || ((DescriptorTable*)process->Descriptors)->Header.Id != owner)
            return null;
        Thread* thread = process->FirstThread;
        for (int asked = 0; thread != null && asked < MaxThreads; asked++, thread = thread->NextOfProcess)
        {
            if (thread->State == ThreadState.Blocked && thread->Call.Active && thread->Call.Number == Fcntl
                && (uint)thread->Call.Arguments.Arg1 == LockCalls.SetLockWait)
                return thread;
        }
        return null;
    }
}
