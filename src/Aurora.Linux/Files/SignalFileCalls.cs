// signalfd and signalfd4.
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SignalFileCalls
{
    private const int NewFile = -1;

    public static void Register(SystemCallTable table)
    {
        table.Register(282, &Signals);
        table.Register(289, &Signals4);
    }

    private static SystemCallResult Signals(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Make(kernel, thread, a, 0);

    private static SystemCallResult Signals4(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Make(kernel, thread, a, a->UInt3);

    // Of a file that there is only the mask changes.
    private static SystemCallResult Make(LinuxKernel kernel, Thread* thread, SystemCallArguments* a, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (a->Arg2 != sizeof(ulong))
            return Errno.EINVAL;
        if (!call.Read(a->Arg1, out SignalSet mask))
            return call.Failure;
        if ((flags & ~(OpenFlags.NonBlocking | OpenFlags.CloseOnExec)) != 0)
            return Errno.EINVAL;
        mask = mask.Except(SignalSet.Unstoppable);
        OpenFile* file;
        if (a->Int0 != NewFile)
        {
            if (!call.File(a->Int0, out file))
                return call.Failure;
            if (file->Kind != FileKind.Signals)
                return Errno.EINVAL;
            kernel.Files.Signals.SetMask(file, thread, mask);
            return SystemCallResult.Done(a->Int0);
        }
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.Anonymous.MakeSignals(in caller, mask, flags, out file);
        return error == Errno.Ok ? EventCalls.Install(ref call, file, flags) : error;
    }
}
