using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>
/// What can be done with an open file of one kind: regular files, pipes, and each device driver. An instance is made at boot and serves
/// all its files. Access modes have been checked before Read and Write are called.
/// </summary>
public abstract unsafe class FileOperations
{
    /// <summary>Called for a new open file; an error fails open(2). A driver may set <see cref="OpenFile.Attachment"/>.</summary>
    public virtual Errno Open(OpenFile* file, in FileCaller caller) => Errno.Ok;

    /// <summary>Called when the last descriptor is gone.</summary>
    public virtual void Close(OpenFile* file)
    {
    }

    /// <summary>
    /// Called at a restore when a file that has an attachment is linked with it: all objects are made, none is finished. False: it cannot
    /// be its file.
    /// </summary>
    public virtual bool Linked(OpenFile* file) => true;

    /// <summary>True when an open file has what these operations take for granted: checked before a checkpoint and after a restore.</summary>
    public virtual bool IsSound(OpenFile* file) => true;

    /// <summary>Called after a restore once everything is linked, to attach what a checkpoint does not carry.</summary>
    public virtual void Restored(OpenFile* file)
    {
    }

    /// <summary>Moves bytes to the transfer's memory. Done(count), zero at the end of the file; or blocked through the transfer's Wait methods.</summary>
    public virtual SystemCallResult Read(OpenFile* file, ref FileTransfer transfer) => Errno.EINVAL;

    /// <summary>Takes bytes from the transfer's memory.</summary>
    public virtual SystemCallResult Write(OpenFile* file, ref FileTransfer transfer) => Errno.EINVAL;

    /// <summary>
    /// What the file is ready for now. When <paramref name="waiter"/> is not null, also registers it (ThreadWaker.BlockOn) on the queues
    /// that are woken when one of the <paramref name="interest"/> or an error or hang-up comes.
    /// </summary>
    public virtual PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter) => PollEvents.Readable | PollEvents.Writable;

    /// <summary>What the file is ready for now, to a thread that asks: with signalfds that depends on who does.</summary>
    public virtual PollEvents PollFor(OpenFile* file, PollEvents interest, Thread* asking) => Poll(file, interest, null);

    /// <summary>True for files that an epoll can watch; others are always ready, and have no queues.</summary>
    public virtual bool CanPoll(OpenFile* file) => false;

    /// <summary>
    /// Puts an epoll's watch (ThreadWaker.Listen) on the queues that are woken when the file becomes ready for something, whatever the
    /// watch is interested in now. After each change of what <see cref="Poll"/> says one of them must be woken: by Wake when just what it
    /// stands for has come, by WakeAll when errors and hang-ups may have come too.
    /// </summary>
    public virtual void Listen(OpenFile* file, ReadyWatch* watch)
    {
    }

    /// <summary>True when the owner of a file can be told by a signal that it is ready (O_ASYNC).</summary>
    public virtual bool CanWatch(OpenFile* file) => false;

    /// <summary>Puts the file's watcher on the queues that are woken when it becomes ready; false when there is no memory.</summary>
    public virtual bool Watch(OpenFile* file) => true;

    /// <summary>ioctl, for the commands of this kind of file alone.</summary>
    public virtual SystemCallResult Control(OpenFile* file, Thread* thread, uint command, ulong argument) => Errno.ENOTTY;

    /// <summary>True when the file has a position that lseek and pread may choose.</summary>
    public virtual bool IsSeekable(OpenFile* file) => false;

    /// <summary>True when the file has no position, and lseek says zero whatever it is asked.</summary>
    public virtual bool HasStillPosition(OpenFile* file) => false;

    /// <summary>Bytes that can be read at once (FIONREAD), or -1 when that means nothing here.</summary>
    public virtual long ReadableBytes(OpenFile* file) => -1;

    /// <summary>The object to map for mmap of this file, or null (ENODEV, or ENOMEM for a regular file).</summary>
    public virtual VmObject* Mappable(OpenFile* file) => null;
}
