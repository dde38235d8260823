// The Aurora system calls about programs that are run in a group from outside (guests/include/aurora.h): their streams and their end.
// Whoever has asked for one (sls_manage) makes them. A copy of who asked did not ask, and after a start of the machine nobody did.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class FurtherProgramCalls
{
    private const uint WaitFlag = 1;
    private const byte Waiting = 1;
    private const ulong MostBytes = FileTransfer.StepBytes;

    public static void Register(SystemCallTable table)
    {
        table.Register(SystemCallTable.AuroraFirst + 15, &Input);
        table.Register(SystemCallTable.AuroraFirst + 16, &Output);
    }

    private static Errno Check(LinuxKernel kernel, Thread* thread)
    {
        if (!kernel.Groups.IsHost(kernel.GroupOf(thread)))
            return thread->Call.Phase == Waiting ? Errno.ECANCELED : Errno.EPERM;
        return SlsCalls.MayAdminister(thread) ? Errno.Ok : Errno.EPERM;
    }

    // sls_exec_input(number, bytes, count): what there is room for.
    private static SystemCallResult Input(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Errno error = Check(kernel, thread);
        if (error != Errno.Ok)
            return error;
        ObjectId asker = thread->Process->Header.Id;
        if (arguments->Arg2 == 0)
            return kernel.Execs.EndInput(arguments->Arg0, asker);
        ulong count = Math.Min(arguments->Arg2, MostBytes);
        var transfer = new FileTransfer(kernel.Files.Transfers, thread, arguments->Arg1, count, thread->Call.Progress);
        return kernel.Execs.Put(arguments->Arg0, asker, ref transfer);
    }

    // sls_exec_output(number, bytes, size, about, flags). What it is about is told before anything is taken.
    private static SystemCallResult Output(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Errno error = Check(kernel, thread);
        if (error == Errno.Ok && (arguments->UInt4 & ~WaitFlag) != 0)
            error = Errno.EINVAL;
        if (error != Errno.Ok)
            return error;
        ulong number = arguments->Arg0;
        ObjectId asker = thread->Process->Header.Id;
        error = kernel.Execs.Look(number, asker, out SlsOutput news);
        if (error == Errno.EAGAIN && (arguments->UInt4 & WaitFlag) != 0)
        {
            thread->Call.Phase = Waiting;
            kernel.Execs.Await(thread, number, asker);
            return SystemCallResult.Blocked;
        }
        if (error != Errno.Ok)
            return error;
        if (!kernel.Write(thread, arguments->Arg3, in news, out SystemCallResult failure))
            return failure;
        if (news.Stream != 0)
            return Give(kernel, thread, arguments, news.Stream);
        kernel.Execs.Forget(number, asker);
        return 0;
    }

    private static SystemCallResult Give(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, int stream)
    {
        ulong number = arguments->Arg0;
        ObjectId asker = thread->Process->Header.Id;
        if (arguments->Arg2 == 0)
            return Errno.EINVAL;
        PageAccess page = kernel.Execs.Bytes(number, asker, stream, out ReadOnlySpan<byte> bytes);
        if (!page.IsOk)
            return kernel.Stop(thread, new AccessResult { Status = page.Status, Wait = page.Wait });
        bytes = bytes[..(int)Math.Min((ulong)bytes.Length, arguments->Arg2)];
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), bytes);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        kernel.Execs.Taken(number, asker, stream, bytes.Length);
        return bytes.Length;
    }
}
