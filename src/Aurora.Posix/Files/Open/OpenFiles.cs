using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Opening and closing of files.</summary>
public sealed unsafe class OpenFiles(
    FileState state, Inodes inodes, FileLocks locks, FileLeases leases, FileDrivers drivers, FileWatching watching, EventPolls polls,
    InotifyWatches inotify, FileNotices notices, SocketClosing sockets, SocketFlights flights)
{
    // Read and write for root, to whom they all belong.
    private const uint AnonymousMode = 0x180;

    // Everything for everybody: what of it the umask leaves is the mode of the node it is bound to.
    private const uint SocketMode = 0x1FF;

    /// <summary>
    /// Opens an inode: the new file has one reference, the caller's, and holds the inode. Permissions have been checked, O_TRUNC and
    /// O_CREAT dealt with; the other end of a FIFO is awaited afterwards.
    /// </summary>
    public Errno Open(in FileCaller caller, Inode* inode, uint flags, out OpenFile* file)
    {
        file = null;
        FileKind kind = (flags & OpenFlags.Path) != 0 ? FileKind.PathOnly : KindOf(inode);
        if (kind == FileKind.None)
            return inode->IsSymbolicLink ? Errno.ELOOP : Errno.ENXIO;
        OpenFile* created = state.OpenFiles.Allocate();
        if (created == null)
            return Errno.ENFILE;
        created->Inode = inode;
        created->Flags = flags & (OpenFlags.Kept | OpenFlags.NoControllingTerminal);
        created->Kind = kind;
        created->Header.References = 1;
        inodes.Hold(inode);
        state.TrackerOf(&inode->Header).Register(&created->Header, ObjectKind.OpenFile);
        FileOperations? operations = OperationsOf(created);
        Errno error = operations is null ? Errno.ENXIO : operations.Open(created, in caller);
        if (error != Errno.Ok)
        {
            created->Flags &= OpenFlags.Kept;
            created->Kind = FileKind.PathOnly;
            Release(created);
            return error;
        }
        created->Flags &= OpenFlags.Kept;
        CountOpening(created, 1);
        file = created;
        return Errno.Ok;
    }

    /// <summary>Makes an anonymous pipe: two open files with one reference each.</summary>
    public Errno CreatePipe(in FileCaller caller, uint flags, out OpenFile* reader, out OpenFile* writer)
    {
        reader = writer = null;
        ObjectTracker tracker = state.TrackerOf(&caller.Context->Header);
        Inode* inode = inodes.Create(tracker, InodeMode.Fifo | 0x180, caller.Uid, caller.Gid);
        if (inode == null)
            return Errno.ENFILE;
        inode->Flags |= InodeFlags.Anonymous;
        Errno error = Open(in caller, inode, (flags & OpenFlags.Changeable) | OpenFlags.ReadOnly, out reader);
        if (error == Errno.Ok)
            error = Open(in caller, inode, (flags & OpenFlags.Changeable) | OpenFlags.WriteOnly, out writer);
        if (error != Errno.Ok && reader != null)
            Release(reader);
        inodes.Release(inode);
        return error;
    }

    /// <summary>
    /// Makes an anonymous file, for reading and writing, with one reference; the caller attaches what it is for at once.
    /// </summary>
    internal Errno MakeAnonymous(in FileCaller caller, FileKind kind, ReadOnlySpan<byte> name, uint flags, out OpenFile* file)
    {
        ObjectTracker tracker = state.TrackerOf(&caller.Context->Header);
        file = state.OpenFiles.Allocate();
        Inode* inode = file == null ? null : inodes.Create(tracker, AnonymousMode, 0, 0);
        if (inode == null)
        {
            if (file != null)
                state.OpenFiles.Free(file);
            file = null;
            return Errno.ENFILE;
        }
        inode->Flags |= InodeFlags.AnonymousFile;
        bool isNamed = name.Length <= Inode.InlineTargetBytes && inodes.SetTarget(tracker, inode, name);
        Panic.Unless(isNamed, "files: a long name of an anonymous file"u8);
        file->Inode = inode;
        file->Flags = (flags & OpenFlags.NonBlocking) | OpenFlags.ReadWrite;
        file->Kind = kind;
        file->Header.References = 1;
        tracker.Register(&file->Header, ObjectKind.OpenFile);
        return Errno.Ok;
    }

    /// <summary>Makes an open file for a socket, with one reference; the caller attaches the socket at once.</summary>
    internal Errno MakeSocket(in FileCaller caller, uint flags, out OpenFile* file)
    {
        ObjectTracker tracker = state.TrackerOf(&caller.Context->Header);
        file = state.OpenFiles.Allocate();
        Inode* inode = file == null ? null : inodes.Create(tracker, InodeMode.Socket | SocketMode, caller.Uid, caller.Gid);
        if (inode == null)
        {
            if (file != null)
                state.OpenFiles.Free(file);
            file = null;
            return Errno.ENFILE;
        }
        inode->Flags |= InodeFlags.Anonymous;
        file->Inode = inode;
        file->Flags = (flags & OpenFlags.NonBlocking) | OpenFlags.ReadWrite;
        file->Kind = FileKind.Socket;
        file->Header.References = 1;
        tracker.Register(&file->Header, ObjectKind.OpenFile);
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
    internal void Release(OpenFile* file, ref int left)
    {
        if (--file->Header.References == 0)
            CloseOrPutOff(file, ref left);
        else if (file->Kind == FileKind.Socket)
            flights.NoteRelease(file);
    }

    /// <summary>What carries out operations on a file; null when nothing does (an unknown device).</summary>
    public FileOperations? OperationsOf(OpenFile* file) => drivers.Of(file);

    internal static FileKind KindOf(Inode* inode) => inode->Type switch
    {
        InodeMode.Directory => FileKind.Directory,
        InodeMode.Regular => inode->IsProc ? FileKind.Proc : inode->IsQueue ? FileKind.NamedQueue : FileKind.Regular,
        InodeMode.Fifo => FileKind.Pipe,
        InodeMode.CharacterDevice => FileKind.Device,
        InodeMode.Socket when inode->IsAnonymousSocket => FileKind.Socket,
        _ => FileKind.None,
    };

    /// <summary>Closes an open file without references; later, if it has too many locks or watches.</summary>
    internal void CloseOrPutOff(OpenFile* file, ref int left)
    {
        leases.Remove(file);
        bool hasNoLocks = file->Inode->FirstLock == null || (left > 0 && locks.ReleaseSome(file->Inode, file->Header.Id, ref left));
        if (hasNoLocks && polls.ReleaseSome(file, ref left) && inotify.ReleaseSome(file, ref left)
            && sockets.ReleaseSome(file, ref left))
        {
            Close(file, ref left);
        }
        else
            PutOff(file);
    }

    internal void PutOff(OpenFile* file) => state.PutOff(file);

    /// <summary>True while open files wait to be closed.</summary>
    internal bool HasPutOff => state.FirstClosing != null;

    /// <summary>Goes on with one of them.</summary>
    internal void CloseNext()
    {
        OpenFile* file = state.FirstClosing;
        state.FirstClosing = file->NextClosing;
        file->IsClosing = false;
        int left = ProcessLife.UnitsPerStep;
        CloseOrPutOff(file, ref left);
    }

    private void Close(OpenFile* file, ref int left)
    {
        if ((file->Flags & OpenFlags.Opening) == 0)
            notices.Tell(file, file->IsWritable ? InotifyMask.CloseWrite : InotifyMask.CloseNoWrite);
        watching.Forget(file);
        OperationsOf(file)?.Close(file);
        CountOpening(file, -1);
        if (file->Text != null)
            state.Pages.FreeFor(file, file->Text, file->TextPages);
        state.TrackerOf(&file->Header).Remove(&file->Header);
        Inode* inode = file->Inode;
        state.OpenFiles.Free(file);
        inodes.Release(inode, ref left);
    }
}
