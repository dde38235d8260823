using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>Which files run: they must not be written (ETXTBSY), and live while somebody runs them.</summary>
public sealed unsafe partial class ProcFileSystem
{
    /// <summary>A process begins to run a file, and no longer runs what it ran.</summary>
    public void BeginRunning(Process* process, ObjectId program)
    {
        Inode* old = ProgramOf(process, state.TrackerOf(&process->Header));
        process->ExecutableInode = program;
        Inode* inode = HoldProgram(process, state.TrackerOf(&process->Header));
        inodes.Release(old);
        if (inode == null || (inode->Flags & InodeFlags.Executed) != 0)
            return;
        inode->Flags |= InodeFlags.Executed;
        state.MarkChanged(&inode->Header);
    }

    /// <summary>A new or restored process holds what it runs: null if nothing, or if an older version has let that end.</summary>
    internal Inode* HoldProgram(Process* process, ObjectTracker tracker)
    {
        Inode* inode = ProgramOf(process, tracker);
        if (inode != null)
            inodes.Hold(inode);
        else
            process->ExecutableInode = default;
        return inode;
    }

    /// <summary>The process has ended.</summary>
    internal void EndRunning(Process* process)
    {
        Inode* inode = process->ExecutableInode.IsNone ? null : ProgramOf(process, state.TrackerOf(&process->Header));
        process->ExecutableInode = default;
        inodes.Release(inode);
    }

    private static Inode* ProgramOf(Process* process, ObjectTracker tracker)
        => FileState.FindInode(tracker, process->ExecutableInode);

    /// <summary>
    /// True while a process runs this file. The processes are asked only about files that have ever run, and then until none does.
    /// </summary>
    public bool IsExecuting(Inode* inode)
    {
        if ((inode->Flags & InodeFlags.Executed) == 0)
            return false;
        ushort group = inode->Header.Group;
        for (Process* process = Information.Next(group, 1); process != null; process = Information.Next(group, process->Id + 1))
        {
            if (process->AddressSpace != null && ExecutableOf(process) == inode)
                return true;
        }
        inode->Flags &= ~InodeFlags.Executed;
        state.MarkChanged(&inode->Header);
        return false;
    }
}
