// eventfd and eventfd2, and what the calls that make anonymous files have in common.
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class EventCalls
{
    private const uint Semaphore = 1;

    public static void Register(SystemCallTable table)
    {
        table.Register(284, &Event);
        table.Register(290, &Event2);
    }

    /// <summary>Gives a new file its descriptor; without one it ends.</summary>
    public static SystemCallResult Install(ref FileCall call, OpenFile* file, uint flags)
    {
        bool closes = (flags & OpenFlags.CloseOnExec) != 0;
        Errno error = call.Files.Descriptors.Install(call.Table, file, 0, call.DescriptorLimit, closes, out int descriptor);
        if (error == Errno.Ok)
            return SystemCallResult.Done(descriptor);
        call.Files.OpenFiles.Release(file);
        return error;
    }

    private static SystemCallResult Event(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Make(kernel, thread, a->UInt0, 0);

    private static SystemCallResult Event2(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt1 & ~(Semaphore | OpenFlags.NonBlocking | OpenFlags.CloseOnExec)) != 0
            ? Errno.EINVAL : Make(kernel, thread, a->UInt0, a->UInt1);

    private static SystemCallResult Make(LinuxKernel kernel, Thread* thread, uint count, uint flags)
    {
        var call = new FileCall(kernel, thread);
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.Anonymous.MakeCounter(in caller, count, (flags & Semaphore) != 0, flags, out OpenFile* file);
        return error == Errno.Ok ? Install(ref call, file, flags) : error;
    }
}
