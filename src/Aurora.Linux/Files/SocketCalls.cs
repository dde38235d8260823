// There are no sockets: every family is one that this kernel does not have, which programs that only try (C libraries that ask a name
// service, su) take for an answer, while a call that does not exist is none (socket(2)).
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SocketCalls
{
    private const uint Families = 46; // AF_MAX
    private const uint Types = 11; // SOCK_MAX
    private const uint TypeMask = 0xF;
    private const uint KnownFlags = 0x80800; // SOCK_CLOEXEC, SOCK_NONBLOCK

    public static void Register(SystemCallTable table)
    {
        table.Register(41, &Create);
        table.Register(53, &Create);
        foreach (uint call in (ReadOnlySpan<uint>)[42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 54, 55, 288, 299, 307])
            table.Register(call, &OfFile);
    }

    // connect, accept, the sends and receives, bind, getpeername and so on: no file is a socket.
    private static SystemCallResult OfFile(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return call.File(a->Int0, out OpenFile* _) ? Errno.ENOTSOCK : call.Failure;
    }

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if ((a->UInt1 & ~TypeMask & ~KnownFlags) != 0)
            return Errno.EINVAL;
        return a->UInt0 < Families && (a->UInt1 & TypeMask) >= Types ? Errno.EINVAL : Errno.EAFNOSUPPORT;
    }
}
