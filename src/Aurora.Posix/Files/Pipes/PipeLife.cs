using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>Makes and ends the pipes of inodes.</summary>
public sealed unsafe class PipeLife(FileState state, MemoryManager memory, ThreadWaker waker)
{
    /// <summary>Gives an inode its pipe, if it has none; false when memory is exhausted.</summary>
    public bool Ensure(Inode* inode)
    {
        if (inode->Pipe != null)
            return true;
        Pipe* pipe = state.Pipes.Allocate();
        if (pipe == null)
            return false;
        pipe->Inode = inode;
        pipe->Capacity = Pipe.DefaultCapacity;
        inode->Pipe = pipe;
        ObjectTracker tracker = state.TrackerOf(&inode->Header);
        tracker.Register(&pipe->Header, ObjectKind.Pipe);
        tracker.MarkChanged(&inode->Header);
        return true;
    }

    /// <summary>The pipe of a FIFO that nobody has open, or of an inode that ends.</summary>
    public void End(Inode* inode)
    {
        Pipe* pipe = inode->Pipe;
        inode->Pipe = null;
        waker.WakeAll(&pipe->Readable);
        waker.WakeAll(&pipe->Writable);
        waker.WakeAll(&pipe->OpeningReaders);
        waker.WakeAll(&pipe->OpeningWriters);
        if (pipe->Data != null)
            memory.Objects.Release(pipe->Data);
        if (pipe->Rest != null)
            memory.Objects.Release(pipe->Rest);
        ObjectTracker tracker = state.TrackerOf(&pipe->Header);
        tracker.Remove(&pipe->Header);
        tracker.MarkChanged(&inode->Header);
        state.Pipes.Free(pipe);
    }
}
