// The calls on extended attributes (xattr(7)). user.* is for whoever may read or write the file, and of files and directories only;
// trusted.* for the privileged; security.* is read by everybody and written by the privileged. ACLs, which would be system.*, there are
// none: EOPNOTSUPP.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class ExtendedAttributeCalls
{
    private const uint KnownFlags = 3;
    private const ulong MaxValueBytes = 65536; // XATTR_SIZE_MAX
    private const ulong MaxListBytes = 65536; // XATTR_LIST_MAX

    public static void Register(SystemCallTable table)
    {
        table.Register(188, &Set);
        table.Register(189, &SetOfLink);
        table.Register(190, &SetOfOpen);
        table.Register(191, &Get);
        table.Register(192, &GetOfLink);
        table.Register(193, &GetOfOpen);
        table.Register(194, &List);
        table.Register(195, &ListOfLink);
        table.Register(196, &ListOfOpen);
        table.Register(197, &Remove);
        table.Register(198, &RemoveOfLink);
        table.Register(199, &RemoveOfOpen);
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Run(kernel, thread, a, &SetOf, true);

    private static SystemCallResult SetOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Run(kernel, thread, a, &SetOf, false);

    private static SystemCallResult SetOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => RunOpen(kernel, thread, a, &SetOf);

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Run(kernel, thread, a, &GetOf, true);

    private static SystemCallResult GetOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Run(kernel, thread, a, &GetOf, false);

    private static SystemCallResult GetOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => RunOpen(kernel, thread, a, &GetOf);

    private static SystemCallResult List(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Run(kernel, thread, a, &ListOf, true);

    private static SystemCallResult ListOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Run(kernel, thread, a, &ListOf, false);

    private static SystemCallResult ListOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => RunOpen(kernel, thread, a, &ListOf);

    private static SystemCallResult Remove(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Run(kernel, thread, a, &RemoveOf, true);

    private static SystemCallResult RemoveOfLink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => Run(kernel, thread, a, &RemoveOf, false);

    private static SystemCallResult RemoveOfOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => RunOpen(kernel, thread, a, &RemoveOf);

    private static SystemCallResult Run(
        LinuxKernel kernel, Thread* thread, SystemCallArguments* a,
        delegate*<ref FileCall, Inode*, SystemCallArguments*, SystemCallResult> what, bool follows)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg0, 0, follows, out Inode* inode))
            return call.Failure;
        SystemCallResult result = what(ref call, inode, a);
        kernel.Files.Inodes.Release(inode);
        return result;
    }

    private static SystemCallResult RunOpen(
        LinuxKernel kernel, Thread* thread, SystemCallArguments* a,
        delegate*<ref FileCall, Inode*, SystemCallArguments*, SystemCallResult> what)
    {
        var call = new FileCall(kernel, thread);
        return call.File(a->Int0, out OpenFile* file) ? what(ref call, file->Inode, a) : call.Failure;
    }

    private static SystemCallResult SetOf(ref FileCall call, Inode* inode, SystemCallArguments* a)
    {
        Span<byte> buffer = stackalloc byte[ExtendedAttributes.MaxNameBytes + 1];
        if ((a->UInt4 & ~KnownFlags) != 0)
            return Errno.EINVAL;
        if (!ReadName(ref call, a->Arg1, buffer, out int length))
            return call.Failure;
        ReadOnlySpan<byte> name = buffer[..length];
        if (a->Arg3 > MaxValueBytes)
            return Errno.E2BIG;
        // What is too long is refused below, but not before the program's memory and rights have been looked at.
        Span<byte> value = stackalloc byte[(int)Math.Min(a->Arg3, ExtendedAttributes.MaxBytes)];
        if (!call.Probe(a->Arg2, a->Arg3, willWrite: false) || !call.ReadBytes(a->Arg2, value))
            return call.Failure;
        Errno error = Check(ref call, inode, name, FileAccess.Write);
        if (error != Errno.Ok)
            return error;
        if (a->Arg3 > ExtendedAttributes.MaxBytes)
            return Errno.ENOSPC;
        return Told(ref call, inode, call.Files.Attributes.Set(inode, name, value, (AttributeChange)a->UInt4));
    }

    private static SystemCallResult GetOf(ref FileCall call, Inode* inode, SystemCallArguments* a)
    {
        Span<byte> buffer = stackalloc byte[ExtendedAttributes.MaxNameBytes + 1];
        if (!ReadName(ref call, a->Arg1, buffer, out int length))
            return call.Failure;
        ReadOnlySpan<byte> name = buffer[..length];
        Errno error = Check(ref call, inode, name, FileAccess.Read);
        if (error != Errno.Ok)
            return error;
        AttributeWalk attributes = ExtendedAttributes.WalkOf(inode);
        if (!attributes.MoveTo(name))
            return Errno.ENODATA;
        ReadOnlySpan<byte> value = attributes.Value;
        if (a->Arg3 == 0)
            return SystemCallResult.Done(value.Length);
        if (a->Arg3 < (ulong)value.Length)
            return Errno.ERANGE;
        return call.WriteBytes(a->Arg2, value) ? SystemCallResult.Done(value.Length) : call.Failure;
    }

    // Who may not have trusted attributes does not learn of them.
    private static SystemCallResult ListOf(ref FileCall call, Inode* inode, SystemCallArguments* a)
    {
        bool isPrivileged = call.Caller.Has(Capability.SysAdmin);
        ulong size = Math.Min(a->Arg2, MaxListBytes);
        ulong total = 0;
        AttributeWalk attributes = ExtendedAttributes.WalkOf(inode);
        while (attributes.MoveNext())
        {
            ReadOnlySpan<byte> name = attributes.Name;
            if (!isPrivileged && name.StartsWith("trusted."u8))
                continue;
            ulong end = total + (ulong)name.Length + 1;
            if (size != 0 && end > size)
                return Errno.ERANGE;
            if (size != 0 && (!call.WriteBytes(a->Arg1 + total, name) || !call.WriteBytes(a->Arg1 + end - 1, "\0"u8)))
                return call.Failure;
            total = end;
        }
        return SystemCallResult.Done((long)total);
    }

    private static SystemCallResult RemoveOf(ref FileCall call, Inode* inode, SystemCallArguments* a)
    {
        Span<byte> buffer = stackalloc byte[ExtendedAttributes.MaxNameBytes + 1];
        if (!ReadName(ref call, a->Arg1, buffer, out int length))
            return call.Failure;
        ReadOnlySpan<byte> name = buffer[..length];
        Errno error = Check(ref call, inode, name, FileAccess.Write);
        return error != Errno.Ok ? error : Told(ref call, inode, call.Files.Attributes.Remove(inode, name));
    }

    private static Errno Told(ref FileCall call, Inode* inode, Errno error)
    {
        if (error == Errno.Ok)
            call.Tell(inode, InotifyMask.Attributes);
        return error;
    }

    private static bool ReadName(ref FileCall call, ulong address, scoped Span<byte> buffer, out int length)
    {
        AccessResult access = call.Files.User.ReadString(call.Process->AddressSpace, new VirtualAddress(address), buffer);
        length = (int)Math.Min(access.Bytes, (ulong)buffer.Length);
        if (access.IsOk && length > 0 && length < buffer.Length)
            return true;
        call.Failure = access.IsOk || access.Status == MemoryStatus.TooLong ? Errno.ERANGE : call.Kernel.Stop(call.Thread, in access);
        return false;
    }

    // Linux's xattr_permission, and then what the file system has.
    private static Errno Check(ref FileCall call, Inode* inode, scoped ReadOnlySpan<byte> name, FileAccess wanted)
    {
        FileCaller caller = call.Caller;
        bool writes = wanted == FileAccess.Write;
        Errno denied = writes ? Errno.EPERM : Errno.ENODATA;
        if (name.StartsWith("security."u8))
            return Suffix(inode, name, "security."u8, writes && !caller.Has(NeededFor(name)) ? Errno.EPERM : Errno.Ok);
        if (name.StartsWith("system."u8))
            return Errno.EOPNOTSUPP;
        if (name.StartsWith("trusted."u8))
            return Suffix(inode, name, "trusted."u8, caller.Has(Capability.SysAdmin) ? Errno.Ok : denied);
        bool isUser = name.StartsWith("user."u8);
        if (isUser && !inode->IsRegular && !inode->IsDirectory)
            return denied;
        if (isUser && writes && inode->IsDirectory && (inode->Mode & InodeMode.Sticky) != 0
            && Permissions.CheckOwner(inode, in caller) != Errno.Ok)
            return Errno.EPERM;
        Errno error = Permissions.Check(inode, in caller, wanted);
        return error != Errno.Ok || !isUser ? (error != Errno.Ok ? error : Errno.EOPNOTSUPP) : Suffix(inode, name, "user."u8, Errno.Ok);
    }

    private static Capability NeededFor(scoped ReadOnlySpan<byte> securityName)
        => securityName.SequenceEqual("security.capability"u8) ? Capability.SetFileCapabilities : Capability.SysAdmin;

    private static Errno Suffix(Inode* inode, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> prefix, Errno error)
        => error != Errno.Ok ? error
            : inode->IsProc || inode->IsAnonymousFile || inode->IsTerminal || inode->IsQueue ? Errno.EOPNOTSUPP
            : name.Length == prefix.Length ? Errno.EINVAL : Errno.Ok;
}
