// pidfds: nothing can be read from one, but it becomes readable when its process ends, and stays so. What is done with one has calls of its
// own. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Operations on pidfds, and the handles that they share.</summary>
public sealed unsafe class ProcessHandleOperations(FileState state, ThreadScheduler scheduler) : FileOperations
{
    public override void Close(OpenFile* file)
    {
        ProcessHandle* handle = Of(file);
        file->Attachment = null;
        Release(handle);
    }

    public override bool IsSound(OpenFile* file)
        => file->Attachment != null && file->Attachment->Kind == ObjectKind.ProcessHandle && Of(file)->Header.References > 0;

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        if (waiter != null)
            scheduler.BlockOn(waiter, &Of(file)->Ended);
        return Of(file)->HasEnded ? PollEvents.Readable : PollEvents.None;
    }

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
        => scheduler.Listen(watch, &Of(file)->Ended, (uint)PollEvents.Readable);

    /// <summary>The handle of a pidfd.</summary>
    public static ProcessHandle* Of(OpenFile* file) => (ProcessHandle*)file->Attachment;

    /// <summary>The handle of a process, with one more reference; null when there is no memory.</summary>
    internal ProcessHandle* Hold(Process* process)
    {
        ProcessHandle* handle = process->Handle;
        if (handle == null)
        {
            handle = state.ProcessHandles.Allocate();
            if (handle == null)
                return null;
            handle->Process = process;
            process->Handle = handle;
            state.TrackerOf(&process->Header).Register(&handle->Header, ObjectKind.ProcessHandle);
        }
        handle->Header.References++;
        return handle;
    }

    /// <summary>Drops a reference; with the last one the handle goes.</summary>
    internal void Release(ProcessHandle* handle)
    {
        if (--handle->Header.References > 0)
            return;
        if (handle->Process != null)
            handle->Process->Handle = null;
        state.TrackerOf(&handle->Header).Remove(&handle->Header);
        state.ProcessHandles.Free(handle);
    }

    /// <summary>Counts a restored file; false when what it leads to is something else.</summary>
    internal static bool Restore(OpenFile* file)
    {
        if (file->Attachment == null || file->Attachment->Kind != ObjectKind.ProcessHandle)
            return false;
        Of(file)->Header.References++;
        return true;
    }
}
