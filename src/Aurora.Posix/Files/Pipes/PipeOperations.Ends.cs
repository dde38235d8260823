using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

public sealed unsafe partial class PipeOperations
{
    /// <summary>The phase of an open(2) that waits for the other end of a FIFO, which the call holds open.</summary>
    public const byte OpeningPhase = CallContinuation.WaitPhase;

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
        waker.BlockOn(thread, file->IsReadable ? &pipe->OpeningReaders : &pipe->OpeningWriters);
        return true;
    }

    /// <inheritdoc/>
    public override Errno Open(OpenFile* file, in FileCaller caller)
    {
        if (!life.Ensure(file->Inode))
            return Errno.ENFILE;
        Pipe* pipe = file->Inode->Pipe;
        file->WriterOpens = pipe->HasWriter || file->Inode->IsAnonymousPipe ? pipe->WriterOpens - 1 : pipe->WriterOpens;
        Count(file);
        // The first at an end ends a hang-up or an error, which those see who watch.
        if ((file->IsReadable && pipe->Readers == 1) || (file->IsWritable && pipe->Writers == 1))
            waker.WakeAll(&pipe->Readable);
        if (file->IsReadable)
        {
            pipe->ReaderOpens++;
            waker.WakeAll(&pipe->OpeningWriters);
        }
        if (file->IsWritable)
        {
            pipe->WriterOpens++;
            waker.WakeAll(&pipe->OpeningReaders);
        }
        state.MarkChanged(&pipe->Header);
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
        // While there are others at this end, nobody at the other one sees a difference.
        if (pipe->HasReader != pipe->HasWriter)
        {
            waker.WakeAll(&pipe->Readable);
            waker.WakeAll(&pipe->Writable);
        }
        EndIfIdle(pipe);
    }

    /// <inheritdoc/>
    public override bool IsSound(OpenFile* file) => file->Inode->Pipe != null;

    /// <inheritdoc/>
    public override void Restored(OpenFile* file) => Count(file);

    private void EndIfIdle(Pipe* pipe)
    {
        if (!pipe->HasReader && !pipe->HasWriter)
            life.End(pipe->Inode);
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
