// pipe, pipe2, and the size of a pipe (F_SETPIPE_SZ). Who lacks CAP_SYS_RESOURCE gets at most what /proc/sys/fs/pipe-max-size says, of a
// new pipe too.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class PipeCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(22, &Plain);
        table.Register(293, &WithFlags);
    }

    /// <summary>F_SETPIPE_SZ: the size that the pipe has then; EINVAL, EPERM, EBUSY or ENOMEM.</summary>
    public static SystemCallResult Resize(ref FileCall call, Pipe* pipe, ulong bytes)
    {
        Errno error = PipeOperations.CheckCapacity(pipe, bytes, MostBytes(ref call), out uint capacity);
        if (error != Errno.Ok)
            return error;
        return call.Files.Pipes.SetCapacity(pipe, capacity) == MemoryStatus.Ok ? SystemCallResult.Done(capacity) : Errno.ENOMEM;
    }

    private static uint MostBytes(ref FileCall call)
        => call.Caller.Has(Capability.SysResource) ? Pipe.LargestCapacity : call.Kernel.Settings.MostPipeBytesOf(call.Group);

    private static SystemCallResult Plain(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Make(kernel, thread, a->Arg0, 0);

    private static SystemCallResult WithFlags(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt1 & ~(OpenFlags.CloseOnExec | OpenFlags.NonBlocking)) != 0 ? Errno.EINVAL : Make(kernel, thread, a->Arg0, a->UInt1);

    private static SystemCallResult Make(LinuxKernel kernel, Thread* thread, ulong address, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Probe(address, 2 * sizeof(int), willWrite: true))
            return call.Failure;
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.OpenFiles.CreatePipe(in caller, flags, out OpenFile* reader, out OpenFile* writer);
        if (error != Errno.Ok)
            return error;
        MemoryStatus sized = kernel.Files.Pipes.SetCapacity(reader->Inode->Pipe, Math.Min(Pipe.DefaultCapacity, MostBytes(ref call)));
        Panic.Unless(sized == MemoryStatus.Ok, "pipes: an empty one does not shrink"u8);
        return Install(ref call, address, flags, reader, writer);
    }

    private static SystemCallResult Install(ref FileCall call, ulong address, uint flags, OpenFile* reader, OpenFile* writer)
    {
        Descriptors descriptors = call.Files.Descriptors;
        bool closes = (flags & OpenFlags.CloseOnExec) != 0;
        Errno error = descriptors.Install(call.Table, reader, 0, call.DescriptorLimit, closes, out int first);
        if (error != Errno.Ok)
        {
            call.Files.OpenFiles.Release(reader);
            call.Files.OpenFiles.Release(writer);
            return error;
        }
        error = descriptors.Install(call.Table, writer, 0, call.DescriptorLimit, closes, out int second);
        if (error != Errno.Ok)
        {
            descriptors.Close(call.Table, first);
            call.Files.OpenFiles.Release(writer);
            return error;
        }
        if (call.Write(address, ((ulong)(uint)second << 32) | (uint)first))
            return Errno.Ok;
        descriptors.Close(call.Table, first);
        descriptors.Close(call.Table, second);
        return call.Failure;
    }
}
