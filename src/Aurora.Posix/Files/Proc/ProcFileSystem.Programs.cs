using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>Which files run: they must not be written (ETXTBSY).</summary>
public sealed unsafe partial class ProcFileSystem
{
    /// <summary>A process begins to run a file.</summary>
    public void NoteExecuted(Inode* program)
    {
        if (program == null || (program->Flags & InodeFlags.Executed) != 0)
            return;
        program->Flags |= InodeFlags.Executed;
        _files.MarkChanged(&program->Header);
    }

    /// <summary>
    /// True while a process runs this file. The processes are asked only about files that have ever run, and then until none does.
    /// </summary>
    public bool IsExecuting(Inode* inode)
    {
        if ((inode->Flags & InodeFlags.Executed) == 0 || Information is null)
            return false;
        ushort group = inode->Header.Group;
        for (Process* process = Information.Next(group, 1); process != null; process = Information.Next(group, process->Id + 1))
        {
            if (process->AddressSpace != null && process->ExecutableInode == inode->Header.Id)
                return true;
        }
        inode->Flags &= ~InodeFlags.Executed;
        _files.MarkChanged(&inode->Header);
        return false;
    }
}
