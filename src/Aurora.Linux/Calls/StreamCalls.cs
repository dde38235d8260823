// The Aurora system calls about streams of volumes (guests/include/aurora.h): whoever has asked for one (sls_manage) reads it, or writes
// it. A copy of who asked did not ask, and after a start of the machine nobody did.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class StreamCalls
{
    private const byte Waiting = 1;

    public static void Register(SystemCallTable table)
    {
        table.Register(SystemCallTable.AuroraFirst + 24, &Read);
        table.Register(SystemCallTable.AuroraFirst + 25, &Write);
    }

    private static Errno Check(LinuxKernel kernel, Thread* thread)
    {
        if (!kernel.Groups.IsHost(kernel.GroupOf(thread)))
            return thread->Call.Phase == Waiting ? Errno.ECANCELED : Errno.EPERM;
        return SlsCalls.MayAdminister(thread) ? Errno.Ok : Errno.EPERM;
    }

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, ulong number)
    {
        thread->Call.Phase = Waiting;
        kernel.Streams.Await(thread, number, thread->Process->Header.Id);
        return SystemCallResult.Blocked;
    }

    // sls_stream_read(number, bytes, size): some of what comes next; none at the end.
    private static SystemCallResult Read(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Errno error = Check(kernel, thread);
        if (error == Errno.Ok && arguments->Arg2 == 0)
            error = Errno.EINVAL;
        if (error != Errno.Ok)
            return error;
        ObjectId asker = thread->Process->Header.Id;
        error = kernel.Streams.Look(arguments->Arg0, asker, out ReadOnlySpan<byte> bytes);
        if (error == Errno.EAGAIN)
            return Wait(kernel, thread, arguments->Arg0);
        if (error != Errno.Ok || bytes.IsEmpty)
            return error;
        bytes = bytes[..(int)Math.Min((ulong)bytes.Length, arguments->Arg2)];
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), bytes);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        kernel.Streams.Taken(arguments->Arg0, asker, bytes.Length);
        return bytes.Length;
    }

    // sls_stream_write(number, bytes, count): how many were taken; without bytes what has been made of all of them.
    private static SystemCallResult Write(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Errno error = Check(kernel, thread);
        if (error != Errno.Ok)
            return error;
        ObjectId asker = thread->Process->Header.Id;
        if (arguments->Arg2 == 0)
        {
            error = kernel.Streams.End(arguments->Arg0, asker, out ulong made);
            return error == Errno.EAGAIN ? Wait(kernel, thread, arguments->Arg0) : error == Errno.Ok ? (long)made : error;
        }
        error = kernel.Streams.Room(arguments->Arg0, asker, out Span<byte> room);
        if (error == Errno.EAGAIN)
            return Wait(kernel, thread, arguments->Arg0);
        if (error != Errno.Ok)
            return error;
        room = room[..(int)Math.Min((ulong)room.Length, arguments->Arg2)];
        AccessResult access = kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), room);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        kernel.Streams.Put(arguments->Arg0, asker, room.Length);
        return room.Length;
    }
}
