using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

public sealed unsafe partial class PipeOperations
{
    private const byte WaitingPhase = 1;

    /// <summary>Makes an anonymous pipe: two open files with one reference each.</summary>
    public Errno Create(in FileCaller caller, uint flags, out OpenFile* reader, out OpenFile* writer)
    {
        reader = writer = null;
        ObjectTracker tracker = _files.TrackerOf(&caller.Context->Header);
        Inode* inode = _files.CreateInode(tracker, InodeMode.Fifo | 0x180, caller.Uid, caller.Gid);
        if (inode == null)
            return Errno.ENFILE;
        Errno error = _files.Open(in caller, inode, (flags & OpenFlags.Changeable) | OpenFlags.ReadOnly, out reader);
        if (error == Errno.Ok)
            error = _files.Open(in caller, inode, (flags & OpenFlags.Changeable) | OpenFlags.WriteOnly, out writer);
        if (error != Errno.Ok && reader != null)
            _files.Release(reader);
        _files.Release(inode);
        return error;
    }

    /// <summary>
    /// What open(2) of a FIFO does before the file is opened: waits for the other end. True: open it now. False: <paramref name="result"/>
    /// is the outcome of the call for now.
    /// </summary>
    public bool MayOpen(Thread* thread, Inode* inode, uint flags, out SystemCallResult result)
    {
        result = Errno.ENFILE;
        if (!EnsurePipe(inode))
            return false;
        Pipe* pipe = inode->Pipe;
        uint access = flags & OpenFlags.AccessMask;
        bool isNonBlocking = (flags & OpenFlags.NonBlocking) != 0;
        bool isWaiting = thread->Call.Phase == WaitingPhase;
        if (access == OpenFlags.ReadWrite || (access == OpenFlags.ReadOnly && isNonBlocking))
            return true;
        if (access == OpenFlags.ReadOnly)
        {
            if (pipe->HasWriter || !pipe->OpeningWriters.IsEmpty || (isWaiting && (uint)thread->Call.Extra0 != pipe->WriterOpens))
                return true;
            return WaitToOpen(thread, pipe, &pipe->OpeningReaders, pipe->WriterOpens, out result);
        }
        if (pipe->HasReader || !pipe->OpeningReaders.IsEmpty || (isWaiting && (uint)thread->Call.Extra0 != pipe->ReaderOpens))
            return true;
        if (isNonBlocking)
        {
            result = Errno.ENXIO;
            return false;
        }
        return WaitToOpen(thread, pipe, &pipe->OpeningWriters, pipe->ReaderOpens, out result);
    }

    /// <inheritdoc/>
    public override Errno Open(OpenFile* file, in FileCaller caller)
    {
        if (!EnsurePipe(file->Inode))
            return Errno.ENFILE;
        Pipe* pipe = file->Inode->Pipe;
        file->WriterOpens = pipe->HasWriter ? pipe->WriterOpens - 1 : pipe->WriterOpens;
        Count(file);
        if (caller.Thread != null)
            caller.Thread->AwaitedPipe = default;
        if (file->IsReadable)
        {
            pipe->ReaderOpens++;
            pipe->ExpectsReader = false;
            pipe->ExpectsWriter |= !pipe->OpeningWriters.IsEmpty;
            _files.Waker.WakeAll(&pipe->OpeningWriters);
        }
        if (file->IsWritable)
        {
            pipe->WriterOpens++;
            pipe->ExpectsWriter = false;
            pipe->ExpectsReader |= !pipe->OpeningReaders.IsEmpty;
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

    /// <summary>A thread that waited to open a FIFO will not open it: it was killed, or the name is gone. Nobody may expect it any more.</summary>
    public void LeaveOpening(Thread* thread)
    {
        if (thread->AwaitedPipe.IsNone)
            return;
        Pipe* pipe = (Pipe*)_files.TrackerOf(&thread->Header).Find(thread->AwaitedPipe, ObjectKind.Pipe);
        thread->AwaitedPipe = default;
        if (pipe == null)
            return;
        // Others who were woken with it open all the same: they see that the other end has been there.
        pipe->ExpectsReader = pipe->ExpectsWriter = false;
        _files.MarkChanged(&pipe->Header);
        _files.Waker.WakeAll(&pipe->Readable);
        _files.Waker.WakeAll(&pipe->Writable);
        EndIfIdle(pipe);
    }

    /// <inheritdoc/>
    public override RestoreStatus Restored(OpenFile* file)
    {
        if (file->Inode->Pipe == null)
            return RestoreStatus.MissingReference;
        Count(file);
        return RestoreStatus.Ok;
    }

    /// <summary>F_SETPIPE_SZ. A pipe with bytes in it keeps them in place, so it changes size only if they lie below the new end.</summary>
    public SystemCallResult SetCapacity(Inode* inode, uint bytes)
    {
        Pipe* pipe = inode->Pipe;
        if (bytes > Pipe.MaxCapacity)
            return Errno.EPERM;
        uint capacity = PageSize.Bytes;
        while (capacity < bytes)
            capacity *= 2;
        bool isInPlace = pipe->Length == 0 || (pipe->Head + pipe->Length <= pipe->Capacity && pipe->Head + pipe->Length <= capacity);
        if (!isInPlace)
            return Errno.EBUSY;
        if (pipe->Data != null && _files.Memory.Resize(pipe->Data, capacity >> PageSize.Shift) != MemoryStatus.Ok)
            return Errno.ENOMEM;
        pipe->Capacity = capacity;
        _files.MarkChanged(&pipe->Header);
        _files.Waker.WakeAll(&pipe->Writable);
        return SystemCallResult.Done(capacity);
    }

    internal void End(Inode* inode)
    {
        Pipe* pipe = inode->Pipe;
        inode->Pipe = null;
        _files.Waker.WakeAll(&pipe->Readable);
        _files.Waker.WakeAll(&pipe->Writable);
        _files.Waker.WakeAll(&pipe->OpeningReaders);
        _files.Waker.WakeAll(&pipe->OpeningWriters);
        if (pipe->Data != null)
            _files.Memory.Release(pipe->Data);
        ObjectTracker tracker = _files.TrackerOf(&pipe->Header);
        tracker.Remove(&pipe->Header);
        tracker.MarkChanged(&inode->Header);
        _files.PipeSlab.Free(pipe);
    }

    private void EndIfIdle(Pipe* pipe)
    {
        bool isIdle = !pipe->HasReader && !pipe->HasWriter && pipe->OpeningReaders.IsEmpty && pipe->OpeningWriters.IsEmpty;
        if (isIdle)
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

    private bool WaitToOpen(Thread* thread, Pipe* pipe, WaitQueue* queue, uint opens, out SystemCallResult result)
    {
        thread->AwaitedPipe = pipe->Header.Id;
        if (thread->Call.Phase != WaitingPhase)
        {
            thread->Call.Phase = WaitingPhase;
            thread->Call.Extra0 = opens;
        }
        _files.Waker.BlockOn(thread, queue);
        result = SystemCallResult.Blocked;
        return false;
    }
}
