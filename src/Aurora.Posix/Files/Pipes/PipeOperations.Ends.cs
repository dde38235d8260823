using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

public sealed unsafe partial class PipeOperations
{
    /// <summary>The phase of an open(2) that waits for the other end of a FIFO, which the call holds open.</summary>
    public const byte OpeningPhase = CallContinuation.WaitPhase;

    /// <summary>Makes an anonymous pipe: two open files with one reference each.</summary>
    public Errno Create(in FileCaller caller, uint flags, out OpenFile* reader, out OpenFile* writer)
    {
        reader = writer = null;
        ObjectTracker tracker = _files.TrackerOf(&caller.Context->Header);
        Inode* inode = _files.CreateInode(tracker, InodeMode.Fifo | 0x180, caller.Uid, caller.Gid);
        if (inode == null)
            return Errno.ENFILE;
        inode->Flags |= InodeFlags.Anonymous;
        Errno error = _files.Open(in caller, inode, (flags & OpenFlags.Changeable) | OpenFlags.ReadOnly, out reader);
        if (error == Errno.Ok)
            error = _files.Open(in caller, inode, (flags & OpenFlags.Changeable) | OpenFlags.WriteOnly, out writer);
        if (error != Errno.Ok && reader != null)
            _files.Release(reader);
        _files.Release(inode);
        return error;
    }

    /// <summary>False (ENXIO): opening a FIFO for writing without waiting fails while nobody reads.</summary>
    public static bool MayOpen(Inode* inode, uint flags)
    {
        bool onlyWrites = (flags & OpenFlags.AccessMask) == OpenFlags.WriteOnly;
        bool needsReader = onlyWrites && (flags & OpenFlags.NonBlocking) != 0 && !inode->IsAnonymousPipe;
        return !needsReader || (inode->Pipe != null && inode->Pipe->HasReader);
    }

    /// <summary>
    /// What open(2) of a FIFO does after the file is open: true while it must wait for the other end, which puts the thread on its queue. An
    /// anonymous pipe opened through /proc never waits.
    /// </summary>
    public bool MustWait(Thread* thread, OpenFile* file)
    {
        if (file->Kind != FileKind.Pipe || file->Inode->IsAnonymousPipe || file->IsNonBlocking || file->IsReadable == file->IsWritable)
            return false;
        Pipe* pipe = file->Inode->Pipe;
        uint opens = file->IsReadable ? pipe->WriterOpens : pipe->ReaderOpens;
        if (thread->Call.Phase != OpeningPhase)
        {
            if (file->IsReadable ? pipe->HasWriter : pipe->HasReader)
                return false;
            thread->Call.Phase = OpeningPhase;
            thread->Call.Extra0 = opens;
        }
        if ((uint)thread->Call.Extra0 != opens)
            return false;
        _files.Waker.BlockOn(thread, file->IsReadable ? &pipe->OpeningReaders : &pipe->OpeningWriters);
        return true;
    }

    /// <inheritdoc/>
    public override Errno Open(OpenFile* file, in FileCaller caller)
    {
        if (!EnsurePipe(file->Inode))
            return Errno.ENFILE;
        Pipe* pipe = file->Inode->Pipe;
        file->WriterOpens = pipe->HasWriter || file->Inode->IsAnonymousPipe ? pipe->WriterOpens - 1 : pipe->WriterOpens;
        Count(file);
        if (file->IsReadable)
        {
            pipe->ReaderOpens++;
            _files.Waker.WakeAll(&pipe->OpeningWriters);
        }
        if (file->IsWritable)
        {
            pipe->WriterOpens++;
            _files.Waker.WakeAll(&pipe->OpeningReaders);
        }
        _files.MarkChanged(&pipe->Header);
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override void Close(OpenFile* file)
    {
        Pipe* pipe = file->Inode->Pipe;
        if (!file->IsCounted)
            return;
        file->IsCounted = false;
        if (file->IsReadable)
            pipe->Readers--;
        if (file->IsWritable)
            pipe->Writers--;
        _files.Waker.WakeAll(&pipe->Readable);
        _files.Waker.WakeAll(&pipe->Writable);
        EndIfIdle(pipe);
    }

    /// <inheritdoc/>
    public override bool IsSound(OpenFile* file) => file->Inode->Pipe != null;

    /// <inheritdoc/>
    public override void Restored(OpenFile* file) => Count(file);

    internal void End(Inode* inode)
    {
        Pipe* pipe = inode->Pipe;
        inode->Pipe = null;
        _files.Waker.WakeAll(&pipe->Readable);
        _files.Waker.WakeAll(&pipe->Writable);
        _files.Waker.WakeAll(&pipe->OpeningReaders);
        _files.Waker.WakeAll(&pipe->OpeningWriters);
        if (pipe->Data != null)
            _files.Memory.Objects.Release(pipe->Data);
        if (pipe->Rest != null)
            _files.Memory.Objects.Release(pipe->Rest);
        ObjectTracker tracker = _files.TrackerOf(&pipe->Header);
        tracker.Remove(&pipe->Header);
        tracker.MarkChanged(&inode->Header);
        _files.PipeSlab.Free(pipe);
    }

    private void EndIfIdle(Pipe* pipe)
    {
        if (!pipe->HasReader && !pipe->HasWriter)
            End(pipe->Inode);
    }

    private bool EnsurePipe(Inode* inode)
    {
        if (inode->Pipe != null)
            return true;
        Pipe* pipe = _files.PipeSlab.Allocate();
        if (pipe == null)
            return false;
        pipe->Inode = inode;
        pipe->Capacity = Pipe.DefaultCapacity;
        inode->Pipe = pipe;
        ObjectTracker tracker = _files.TrackerOf(&inode->Header);
        tracker.Register(&pipe->Header, ObjectKind.Pipe);
        tracker.MarkChanged(&inode->Header);
        return true;
    }

    private static void Count(OpenFile* file)
    {
        file->IsCounted = true;
        if (file->IsReadable)
            file->Inode->Pipe->Readers++;
        if (file->IsWritable)
            file->Inode->Pipe->Writers++;
    }
}
