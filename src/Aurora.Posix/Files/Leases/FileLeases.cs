// Leases (F_SETLEASE): who has one on an open file is told before others open the file in a way that conflicts, or cut it off, and they
// wait until he has given it up, or some of it, or his time is over. A lease is part of its open file and goes with it. The leases of an
// inode are on a list, the youngest open file first, so that a restore makes the same list. Who waits for one is on the inode's queue for
// locks and finds out for himself when he is woken; he has the file open meanwhile, so that nobody gets a new lease he would wait for.
//
//   Read      nobody has the file open for writing; who opens it for that has it removed
//   Write     nobody else has it open; who opens it for reading has it made one for reading, who does for writing has it removed
//
// Nothing happens when the holder's time is over but that the next one who asks finds it so: whoever waits does then. Protected by the
// kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Gives leases, takes them back, and keeps their times.</summary>
public sealed unsafe class FileLeases(FileState state, ProcFileSystem proc, ThreadWaker waker, GroupClocks clocks)
{
    /// <summary>
    /// Gives an open file a lease, or another kind of it. EAGAIN: others have the file open, or a lease, in a way that conflicts. What is
    /// over has been timed out.
    /// </summary>
    public Errno Set(OpenFile* file, LeaseKind kind, int descriptor)
    {
        if (kind == LeaseKind.Write ? IsOpenElsewhere(file) : IsOpenForWriting(file->Inode))
            return Errno.EAGAIN;
        for (OpenFile* other = file->Inode->FirstLease; other != null; other = other->NextLease)
            if (other != file && (kind == LeaseKind.Write || (other->Lease.Break & LeaseBreak.Remove) != 0))
                return Errno.EAGAIN;
        if (file->Lease.Kind == LeaseKind.None)
            Attach(file);
        file->Lease.Descriptor = descriptor;
        Change(file, kind);
        return Errno.Ok;
    }

    /// <summary>Removes an open file's lease, if it has one.</summary>
    public void Remove(OpenFile* file)
    {
        if (file->Lease.Kind != LeaseKind.None)
            Change(file, LeaseKind.None);
    }

    /// <summary>
    /// Does to the leases of an inode what their holders have not done in time; each is one of <paramref name="left"/>. False when there
    /// are more.
    /// </summary>
    public bool TimeOut(Inode* inode, ref int left)
    {
        OpenFile* next;
        for (OpenFile* file = inode->FirstLease; file != null; file = next)
        {
            next = file->NextLease;
            if (!IsPast(file, file->Lease.NextNanoseconds))
                continue;
            if (left-- <= 0)
                return false;
            TimeOut(file);
        }
        return true;
    }

    /// <summary>The same to one lease.</summary>
    public void TimeOut(OpenFile* file)
    {
        if (IsPast(file, file->Lease.DowngradeNanoseconds))
            Change(file, LeaseKind.Read);
        if (IsPast(file, file->Lease.RemoveNanoseconds))
            Change(file, LeaseKind.None);
    }

    /// <summary>The holder has been told what an opening needs of him; a deadline of zero gives him all the time there is.</summary>
    public void Break(OpenFile* file, bool writes, ulong deadlineNanoseconds)
    {
        file->Lease.Break |= writes ? LeaseBreak.Remove : LeaseBreak.Downgrade;
        if (writes)
            file->Lease.RemoveNanoseconds = deadlineNanoseconds;
        else
            file->Lease.DowngradeNanoseconds = deadlineNanoseconds;
        state.MarkChanged(&file->Header);
    }

    /// <summary>A lease that an opening must wait for, or null.</summary>
    public static OpenFile* FindConflict(Inode* inode, bool writes)
    {
        OpenFile* file = inode->FirstLease;
        while (file != null && !file->Lease.Conflicts(writes))
            file = file->NextLease;
        return file;
    }

    /// <summary>Puts an open file with a lease on its inode's list.</summary>
    internal static void Attach(OpenFile* file)
    {
        OpenFile* previous = null;
        OpenFile* next = file->Inode->FirstLease;
        for (; next != null && next->Header.Id.Value > file->Header.Id.Value; next = next->NextLease)
            previous = next;
        file->PreviousLease = previous;
        file->NextLease = next;
        if (previous != null)
            previous->NextLease = file;
        else
            file->Inode->FirstLease = file;
        if (next != null)
            next->PreviousLease = file;
    }

    private void Change(OpenFile* file, LeaseKind kind)
    {
        if (kind != LeaseKind.Write)
        {
            file->Lease.Break &= ~LeaseBreak.Downgrade;
            file->Lease.DowngradeNanoseconds = 0;
        }
        file->Lease.Kind = kind;
        if (kind == LeaseKind.None)
            Detach(file);
        state.MarkChanged(&file->Header);
        waker.WakeAll(&file->Inode->LockWaiters);
    }

    // With its lease an open file loses its owner, as on Linux. Many are closed in one step: none looks for its place on the list.
    private static void Detach(OpenFile* file)
    {
        if (file->PreviousLease != null)
            file->PreviousLease->NextLease = file->NextLease;
        else
            file->Inode->FirstLease = file->NextLease;
        if (file->NextLease != null)
            file->NextLease->PreviousLease = file->PreviousLease;
        file->NextLease = file->PreviousLease = null;
        file->Lease = default;
        file->Owner = default;
    }

    private bool IsPast(OpenFile* file, ulong nanoseconds)
        => nanoseconds != 0 && clocks.Of(&file->Header).MonotonicNanoseconds >= nanoseconds;

    private static bool IsOpenForWriting(Inode* inode)
        => inode->Writers > 0 || (!inode->IsMemoryFile && inode->Data != null && inode->Data->HasSharedWriter);

    // Whose mapping is there without an open file cannot be told: one that the file itself may have made does not count.
    private bool IsOpenElsewhere(OpenFile* file)
    {
        Inode* inode = file->Inode;
        return inode->Writers != (file->IsWritable ? 1 : 0) || inode->Readers != (file->IsWritable ? 0 : 1)
            || (!file->IsWritable && IsOpenForWriting(inode)) || proc.IsExecuting(inode);
    }
}
