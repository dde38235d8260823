// pidfd_open, pidfd_send_signal and pidfd_getfd; clone makes pidfds too, and waitid waits for theirs. A pidfd is a process's, never a
// thread's.
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class PidfdCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(424, &SendSignal);
        table.Register(434, &Open);
        table.Register(438, &GetDescriptor);
    }

    /// <summary>The handle of a pidfd. EBADF for anything else.</summary>
    public static bool Find(ref FileCall call, int descriptor, out OpenFile* file, out ProcessHandle* handle)
    {
        handle = null;
        if (!call.File(descriptor, out file))
            return false;
        call.Failure = Errno.EBADF;
        if (file->Kind != FileKind.ProcessHandle)
            return false;
        handle = ProcessHandleOperations.Of(file);
        return true;
    }

    /// <summary>True while a process may have one more descriptor.</summary>
    public static bool HasRoom(LinuxKernel kernel, Thread* thread)
    {
        var call = new FileCall(kernel, thread);
        return Descriptors.FindFree(call.Table, 0, call.DescriptorLimit, out _);
    }

    /// <summary>
    /// Gives the maker of a process its pidfd and writes the number where it wants it; false, with nothing left behind, when that cannot
    /// be.
    /// </summary>
    public static bool Give(
        LinuxKernel kernel, Thread* maker, Process* child, ulong address, out int descriptor, out SystemCallResult failure)
    {
        var call = new FileCall(kernel, maker);
        failure = Make(ref call, child, 0, out descriptor);
        if (failure.IsError)
            return false;
        AccessResult written = kernel.User.Write(maker->Process->AddressSpace, new VirtualAddress(address), in descriptor);
        if (written.IsOk)
            return true;
        TakeBack(kernel, maker, descriptor);
        failure = written.Status == MemoryStatus.WouldBlock ? kernel.Stop(maker, in written) : Errno.ENOMEM;
        return false;
    }

    /// <summary>Closes what has just been given.</summary>
    public static void TakeBack(LinuxKernel kernel, Thread* maker, int descriptor)
    {
        var call = new FileCall(kernel, maker);
        Errno error = call.Files.Descriptors.Close(call.Table, descriptor);
        Panic.Unless(error == Errno.Ok, "pidfd: what was just opened is not open"u8);
    }

    private static SystemCallResult Open(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if ((a->UInt1 & ~OpenFlags.NonBlocking) != 0 || a->Int0 <= 0)
            return Errno.EINVAL;
        PidNamespace space = kernel.Processes.Of(thread);
        Process* process = space.FindProcess(a->Int0);
        if (process == null)
            return IsInUse(space, a->Int0) ? Errno.EINVAL : Errno.ESRCH;
        var call = new FileCall(kernel, thread);
        SystemCallResult made = Make(ref call, process, a->UInt1, out int descriptor);
        return made.IsError ? made : SystemCallResult.Done(descriptor);
    }

    // By something else than a process.
    private static bool IsInUse(PidNamespace space, int id)
        => space.FindThread(id) != null || space.FindGroup(id) != null || space.FindSession(id) != null;

    private static SystemCallResult Make(ref FileCall call, Process* process, uint flags, out int descriptor)
    {
        descriptor = 0;
        FileCaller caller = call.Caller;
        Errno error = call.Files.Anonymous.MakeProcessHandle(in caller, process, flags, out OpenFile* file);
        if (error != Errno.Ok)
            return error;
        SystemCallResult installed = EventCalls.Install(ref call, file, flags | OpenFlags.CloseOnExec);
        descriptor = (int)installed.Value;
        return installed;
    }

    private static SystemCallResult SendSignal(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (a->UInt3 != 0)
            return Errno.EINVAL;
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        // A directory /proc/N stands for its process too, in this call only.
        if (file->Kind != FileKind.ProcessHandle && file->Inode->ProcKey.Node != ProcNode.Process)
            return Errno.EBADF;
        Process* process = file->Kind == FileKind.ProcessHandle
            ? ProcessHandleOperations.Of(file)->Process : kernel.Files.Proc.ProcessOf(file->Inode);
        return KillCalls.SendThrough(kernel, thread, process, a->Int1, a->Arg2);
    }

    // The rules of looking into a process are those of a debugger; a zombie has nothing open.
    private static SystemCallResult GetDescriptor(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if (a->UInt2 != 0)
            return Errno.EINVAL;
        var call = new FileCall(kernel, thread);
        if (!Find(ref call, a->Int0, out _, out ProcessHandle* handle))
            return call.Failure;
        Process* target = handle->Process;
        if (target == null)
            return Errno.ESRCH;
        if (!ProcessAccess.MayInspect(thread->Process, ref thread->Process->Credentials, target, usesRealIds: true))
            return Errno.EPERM;
        OpenFile* file = target->Descriptors == null ? null : Descriptors.Find((DescriptorTable*)target->Descriptors, a->Int1);
        if (file == null)
            return Errno.EBADF;
        call.Files.OpenFiles.Hold(file);
        return EventCalls.Install(ref call, file, OpenFlags.CloseOnExec);
    }
}
