// The calls on extended attributes, as Linux answers them on a file system that keeps none: what is named must exist, a list is empty, and
// everything else is EOPNOTSUPP, by which programs know that they can do without (xattr(7)).
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class ExtendedAttributeCalls
{
    // XATTR_NAME_MAX and its end.
    private const int NameBytes = 256;
    private const uint KnownFlags = 3; // XATTR_CREATE, XATTR_REPLACE
    private const ulong MaxValueBytes = 65536; // XATTR_SIZE_MAX

    public static void Register(SystemCallTable table)
    {
        table.Register(188, &Set);
        table.Register(189, &SetOfLink);
        table.Register(190, &SetOfOpen);
        table.Register(191, &Name);
        table.Register(192, &NameOfLink);
        table.Register(193, &NameOfOpen);
        table.Register(194, &List);
        table.Register(195, &ListOfLink);
        table.Register(196, &ListOfOpen);
        table.Register(197, &Name);
        table.Register(198, &NameOfLink);
        table.Register(199, &NameOfOpen);
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Exists(kernel, thread, a->Arg0, true, out SystemCallResult failure) ? CheckSet(kernel, thread, a) : failure;

    private static SystemCallResult SetOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Exists(kernel, thread, a->Arg0, false, out SystemCallResult failure) ? CheckSet(kernel, thread, a) : failure;

    private static SystemCallResult SetOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => IsOpen(kernel, thread, a->Int0, out SystemCallResult failure) ? CheckSet(kernel, thread, a) : failure;

    private static SystemCallResult Name(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Exists(kernel, thread, a->Arg0, true, out SystemCallResult failure) ? CheckName(kernel, thread, a->Arg1) : failure;

    private static SystemCallResult NameOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Exists(kernel, thread, a->Arg0, false, out SystemCallResult failure) ? CheckName(kernel, thread, a->Arg1) : failure;

    private static SystemCallResult NameOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => IsOpen(kernel, thread, a->Int0, out SystemCallResult failure) ? CheckName(kernel, thread, a->Arg1) : failure;

    private static SystemCallResult List(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Exists(kernel, thread, a->Arg0, true, out SystemCallResult failure) ? 0 : failure;

    private static SystemCallResult ListOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Exists(kernel, thread, a->Arg0, false, out SystemCallResult failure) ? 0 : failure;

    private static SystemCallResult ListOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => IsOpen(kernel, thread, a->Int0, out SystemCallResult failure) ? 0 : failure;

    private static bool Exists(LinuxKernel kernel, Thread* thread, ulong path, bool follows, out SystemCallResult failure)
    {
        var call = new FileCall(kernel, thread);
        bool exists = call.Resolve(FileCall.CurrentDirectory, path, 0, follows, out Inode* inode);
        failure = call.Failure;
        if (exists)
            kernel.Files.Release(inode);
        return exists;
    }

    private static bool IsOpen(LinuxKernel kernel, Thread* thread, int descriptor, out SystemCallResult failure)
    {
        var call = new FileCall(kernel, thread);
        bool isOpen = call.File(descriptor, out OpenFile* _);
        failure = call.Failure;
        return isOpen;
    }

    private static SystemCallResult CheckSet(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        if ((a->UInt4 & ~KnownFlags) != 0)
            return Errno.EINVAL;
        SystemCallResult result = CheckName(kernel, thread, a->Arg1);
        return result.Value == -(long)Errno.EOPNOTSUPP && a->Arg3 > MaxValueBytes ? Errno.E2BIG : result;
    }

    private static SystemCallResult CheckName(LinuxKernel kernel, Thread* thread, ulong address)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        AccessResult access = kernel.User.ReadString(thread->Process->AddressSpace, new VirtualAddress(address), name);
        if (access.Status == MemoryStatus.TooLong || (access.IsOk && (access.Bytes == 0 || access.Bytes >= NameBytes)))
            return Errno.ERANGE;
        return access.IsOk ? Errno.EOPNOTSUPP : kernel.Stop(thread, in access);
    }
}
