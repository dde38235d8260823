// User and group ids. They belong to the process: the C libraries apply a change to every thread anyway, and here that costs nothing.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class CredentialCalls
{
    private const uint Unchanged = uint.MaxValue;

    public static void Register(SystemCallTable table)
    {
        table.Register(102, &Getuid);
        table.Register(104, &Getgid);
        table.Register(105, &Setuid);
        table.Register(106, &Setgid);
        table.Register(107, &Geteuid);
        table.Register(108, &Getegid);
        table.Register(113, &Setreuid);
        table.Register(114, &Setregid);
        table.Register(115, &Getgroups);
        table.Register(116, &Setgroups);
        table.Register(117, &Setresuid);
        table.Register(118, &Getresuid);
        table.Register(119, &Setresgid);
        table.Register(120, &Getresgid);
        table.Register(122, &Setfsuid);
        table.Register(123, &Setfsgid);
    }

    private static SystemCallResult Getuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => (long)thread->Process->Credentials.RealUid;

    private static SystemCallResult Geteuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => (long)thread->Process->Credentials.EffectiveUid;

    private static SystemCallResult Getgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => (long)thread->Process->Credentials.RealGid;

    private static SystemCallResult Getegid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => (long)thread->Process->Credentials.EffectiveGid;

    private static SystemCallResult Setuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint id = arguments->UInt0;
        Credentials c = thread->Process->Credentials;
        if (id == Unchanged)
            return Errno.EINVAL;
        if (c.Has(Capability.SetUid))
            c.RealUid = c.SavedUid = id;
        else if (id != c.RealUid && id != c.SavedUid)
            return Errno.EPERM;
        c.EffectiveUid = c.FileUid = id;
        return CommitUids(kernel, thread, ref c);
    }

    private static SystemCallResult Setgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint id = arguments->UInt0;
        Credentials c = thread->Process->Credentials;
        if (id == Unchanged)
            return Errno.EINVAL;
        if (c.Has(Capability.SetGid))
            c.RealGid = c.SavedGid = id;
        else if (id != c.RealGid && id != c.SavedGid)
            return Errno.EPERM;
        c.EffectiveGid = c.FileGid = id;
        return Commit(kernel, thread, in c);
    }

    private static SystemCallResult Setreuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint real = arguments->UInt0;
        uint effective = arguments->UInt1;
        Credentials c = thread->Process->Credentials;
        if (!c.Has(Capability.SetUid) && (!IsOneOf(real, c.RealUid, c.EffectiveUid, c.RealUid)
            || !IsOneOf(effective, c.RealUid, c.EffectiveUid, c.SavedUid)))
            return Errno.EPERM;
        bool replacesSaved = real != Unchanged || (effective != Unchanged && effective != c.RealUid);
        if (real != Unchanged)
            c.RealUid = real;
        if (effective != Unchanged)
            c.EffectiveUid = effective;
        if (replacesSaved)
            c.SavedUid = c.EffectiveUid;
        c.FileUid = c.EffectiveUid;
        return CommitUids(kernel, thread, ref c);
    }

    private static SystemCallResult Setregid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint real = arguments->UInt0;
        uint effective = arguments->UInt1;
        Credentials c = thread->Process->Credentials;
        if (!c.Has(Capability.SetGid) && (!IsOneOf(real, c.RealGid, c.EffectiveGid, c.RealGid)
            || !IsOneOf(effective, c.RealGid, c.EffectiveGid, c.SavedGid)))
            return Errno.EPERM;
        bool replacesSaved = real != Unchanged || (effective != Unchanged && effective != c.RealGid);
        if (real != Unchanged)
            c.RealGid = real;
        if (effective != Unchanged)
            c.EffectiveGid = effective;
        if (replacesSaved)
            c.SavedGid = c.EffectiveGid;
        c.FileGid = c.EffectiveGid;
        return Commit(kernel, thread, in c);
    }

    private static SystemCallResult Setresuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Credentials c = thread->Process->Credentials;
        if (!c.Has(Capability.SetUid) && !(IsOneOf(arguments->UInt0, c.RealUid, c.EffectiveUid, c.SavedUid)
            && IsOneOf(arguments->UInt1, c.RealUid, c.EffectiveUid, c.SavedUid)
            && IsOneOf(arguments->UInt2, c.RealUid, c.EffectiveUid, c.SavedUid)))
            return Errno.EPERM;
        if (arguments->UInt0 != Unchanged)
            c.RealUid = arguments->UInt0;
        if (arguments->UInt1 != Unchanged)
            c.EffectiveUid = arguments->UInt1;
        if (arguments->UInt2 != Unchanged)
            c.SavedUid = arguments->UInt2;
        c.FileUid = c.EffectiveUid;
        return CommitUids(kernel, thread, ref c);
    }

    private static SystemCallResult Setresgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Credentials c = thread->Process->Credentials;
        if (!c.Has(Capability.SetGid) && !(IsOneOf(arguments->UInt0, c.RealGid, c.EffectiveGid, c.SavedGid)
            && IsOneOf(arguments->UInt1, c.RealGid, c.EffectiveGid, c.SavedGid)
            && IsOneOf(arguments->UInt2, c.RealGid, c.EffectiveGid, c.SavedGid)))
            return Errno.EPERM;
        if (arguments->UInt0 != Unchanged)
            c.RealGid = arguments->UInt0;
        if (arguments->UInt1 != Unchanged)
            c.EffectiveGid = arguments->UInt1;
        if (arguments->UInt2 != Unchanged)
            c.SavedGid = arguments->UInt2;
        c.FileGid = c.EffectiveGid;
        return Commit(kernel, thread, in c);
    }

    private static SystemCallResult Getresuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Credentials c = thread->Process->Credentials;
        return WriteThree(kernel, thread, arguments, c.RealUid, c.EffectiveUid, c.SavedUid);
    }

    private static SystemCallResult Getresgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Credentials c = thread->Process->Credentials;
        return WriteThree(kernel, thread, arguments, c.RealGid, c.EffectiveGid, c.SavedGid);
    }

    private static SystemCallResult WriteThree(
        LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, uint real, uint effective, uint saved)
    {
        return kernel.Write(thread, arguments->Arg0, in real, out SystemCallResult failure)
            && kernel.Write(thread, arguments->Arg1, in effective, out failure)
            && kernel.Write(thread, arguments->Arg2, in saved, out failure) ? 0 : failure;
    }

    // These two always return the old value; a refusal shows only in that nothing changed.
    private static SystemCallResult Setfsuid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Credentials c = thread->Process->Credentials;
        uint old = c.FileUid;
        uint id = arguments->UInt0;
        if (id != Unchanged && (c.Has(Capability.SetUid) || id == c.RealUid || id == c.EffectiveUid || id == c.SavedUid || id == old))
            c.FileUid = id;
        c.Capabilities.FileUidChanged(old, c.FileUid);
        Commit(kernel, thread, in c);
        return (long)old;
    }

    private static SystemCallResult Setfsgid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Credentials c = thread->Process->Credentials;
        uint old = c.FileGid;
        uint id = arguments->UInt0;
        if (id != Unchanged && (c.Has(Capability.SetGid) || id == c.RealGid || id == c.EffectiveGid || id == c.SavedGid || id == old))
            c.FileGid = id;
        Commit(kernel, thread, in c);
        return (long)old;
    }

    private static SystemCallResult Getgroups(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ref Credentials c = ref thread->Process->Credentials;
        int size = arguments->Int0;
        if (size < 0 || (size > 0 && size < c.GroupCount))
            return Errno.EINVAL;
        if (size == 0 || c.GroupCount == 0)
            return (long)c.GroupCount;
        var groups = new ReadOnlySpan<byte>(Groups(thread->Process), c.GroupCount * sizeof(uint));
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), groups);
        return access.IsOk ? c.GroupCount : kernel.Stop(thread, in access);
    }

    private static SystemCallResult Setgroups(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ref Credentials c = ref thread->Process->Credentials;
        if (!c.Has(Capability.SetGid))
            return Errno.EPERM;
        if (arguments->UInt0 > Credentials.MaxGroups)
            return Errno.EINVAL;
        int count = arguments->Int0;
        Span<uint> groups = stackalloc uint[Credentials.MaxGroups];
        fixed (uint* start = groups)
        {
            AccessResult access = kernel.User.Read(
                thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), new Span<byte>(start, count * sizeof(uint)));
            if (!access.IsOk)
                return kernel.Stop(thread, in access);
        }
        groups[..count].CopyTo(new Span<uint>(Groups(thread->Process), count));
        c.GroupCount = count;
        kernel.Tracked.MarkChanged(&thread->Process->Header);
        return 0;
    }

    private static uint* Groups(Process* process) => process->Credentials.Groups;

    private static bool IsOneOf(uint id, uint first, uint second, uint third)
        => id == Unchanged || id == first || id == second || id == third;

    private static SystemCallResult CommitUids(LinuxKernel kernel, Thread* thread, ref Credentials changed)
    {
        changed.Capabilities.UidsChanged(in thread->Process->Credentials, in changed);
        return Commit(kernel, thread, in changed);
    }

    private static SystemCallResult Commit(LinuxKernel kernel, Thread* thread, in Credentials changed)
    {
        if (!kernel.Signals.ChangeUser(thread->Process, changed.RealUid))
            return Errno.EAGAIN;
        ProcessAccess.Commit(thread, in changed);
        kernel.Tracked.MarkChanged(&thread->Process->Header);
        return 0;
    }
}
