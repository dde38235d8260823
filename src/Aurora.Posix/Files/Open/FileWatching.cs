// Signal-driven I/O: the owner of an open file (FileOwner) is told when the file is ready. F_SETFL and FIOASYNC set and clear O_ASYNC, and
// with it the file's watcher is on the queues that are woken when that may be so; open(2) keeps the flag and nobody is told, as on Linux.
//
// In the record are the descriptor by which it was asked for (AsyncPlace: from it a restore makes the watcher's places in queues again)
// and what has come about and not been told (Posted). Whoever sends the signals ends what is posted. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Which open files have owners who are told when they are ready.</summary>
public sealed unsafe class FileWatching(FileState state, FileDrivers drivers, ThreadWaker waker)
{
    /// <summary>True when the owner of a file can be told.</summary>
    public bool IsPossible(OpenFile* file) => drivers.Of(file) is { } operations && operations.CanWatch(file);

    /// <summary>From here on the owner is told, of events at this descriptor; ENOMEM when that cannot be.</summary>
    public Errno Begin(OpenFile* file, int descriptor)
    {
        if (!Watch(file))
            return Errno.ENOMEM;
        file->AsyncPlace = (uint)descriptor + 1;
        file->Flags |= OpenFlags.Async;
        state.MarkChanged(&file->Header);
        return Errno.Ok;
    }

    /// <summary>Nobody is told any more.</summary>
    public void End(OpenFile* file)
    {
        Forget(file);
        file->Flags &= ~OpenFlags.Async;
        state.MarkChanged(&file->Header);
    }

    /// <summary>The file is about to be closed.</summary>
    internal void Forget(OpenFile* file)
    {
        if (file->AsyncPlace == 0)
            return;
        waker.Unwatch(&file->Watcher);
        file->AsyncPlace = 0;
    }

    /// <summary>A file has been restored; false when there is no memory.</summary>
    internal bool Restore(OpenFile* file, uint posted)
    {
        if (file->AsyncPlace == 0)
            return true;
        if (!IsPossible(file) || !Watch(file))
            return false;
        if (posted != 0)
            waker.Post(&file->Watcher, posted);
        return true;
    }

    private bool Watch(OpenFile* file)
    {
        file->Watcher.Object = &file->Header;
        if (drivers.Of(file)!.Watch(file))
            return true;
        waker.Unwatch(&file->Watcher);
        return false;
    }
}
