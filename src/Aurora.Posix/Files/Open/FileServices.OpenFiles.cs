using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

public sealed unsafe partial class FileServices
{
    /// <summary>
    /// Opens an inode: the new file has one reference, the caller's, and holds the inode. Permissions have been checked, O_TRUNC and
    /// O_CREAT dealt with, and for a FIFO the other end awaited.
    /// </summary>
    public Errno Open(in FileCaller caller, Inode* inode, uint flags, out OpenFile* file)
    {
        file = null;
        FileKind kind = (flags & OpenFlags.Path) != 0 ? FileKind.PathOnly : KindOf(inode);
        if (kind == FileKind.None)
            return inode->IsSymbolicLink ? Errno.ELOOP : Errno.ENXIO;
        OpenFile* created = OpenFiles.Allocate();
        if (created == null)
            return Errno.ENFILE;
        created->Inode = inode;
        created->Flags = flags & OpenFlags.Kept;
        created->Kind = kind;
        created->Header.References = 1;
        Hold(inode);
        TrackerOf(&inode->Header).Register(&created->Header, ObjectKind.OpenFile);
        FileOperations? operations = OperationsOf(created);
        Errno error = operations is null ? Errno.ENXIO : operations.Open(created, in caller);
        if (error != Errno.Ok)
        {
            created->Kind = FileKind.PathOnly;
            Release(created);
            return error;
        }
        CountOpening(created, 1);
        file = created;
        return Errno.Ok;
    }

    // A memory file is outside the tree: running it while it is open for writing is what it is for.
    internal static void CountOpening(OpenFile* file, int change)
    {
        if (file->Kind != FileKind.Regular)
            return;
        if (!file->IsWritable)
            file->Inode->Readers += change;
        else if (!file->Inode->IsMemoryFile)
            file->Inode->Writers += change;
    }

    public void Hold(OpenFile* file) => file->Header.References++;

    /// <summary>Drops a reference; the last one closes the file.</summary>
    public void Release(OpenFile* file)
    {
        int left = ProcessLife.UnitsPerStep;
        Release(file, ref left);
    }

    // Once nothing is left, a file that may have locks is closed later.
    private void Release(OpenFile* file, ref int left)
    {
        if (--file->Header.References == 0)
            CloseOrPutOff(file, ref left);
    }

    /// <summary>What carries out operations on a file; null when nothing does (an unknown device).</summary>
    public FileOperations? OperationsOf(OpenFile* file) => file->Kind switch
    {
        FileKind.Regular => RegularFiles,
        FileKind.Directory or FileKind.PathOnly => Directories,
        FileKind.Pipe => Pipes,
        FileKind.Device => Devices.Find(file->Inode->Device),
        FileKind.Proc => ProcFiles,
        _ => null,
    };

    internal static FileKind KindOf(Inode* inode) => inode->Type switch
    {
        InodeMode.Directory => FileKind.Directory,
        InodeMode.Regular => inode->IsProc ? FileKind.Proc : FileKind.Regular,
        InodeMode.Fifo => FileKind.Pipe,
        InodeMode.CharacterDevice => FileKind.Device,
        _ => FileKind.None,
    };
}
