// The Aurora system calls about groups (guests/include/aurora.h): which there are, their logs and consoles, what is done with them,
// how often the caller's has become another, and the calls about checkpoints for a group that is named. The host's root makes them;
// what takes the disk is waited for with a ticket.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class GroupCalls
{
    private const uint Follow = 1;
    private const uint Wait = 1;
    private const int PieceBytes = 2048;

    public static void Register(SystemCallTable table)
    {
        table.Register(SystemCallTable.AuroraFirst + 5, &Group);
        table.Register(SystemCallTable.AuroraFirst + 11, &Manage);
        table.Register(SystemCallTable.AuroraFirst + 12, &Log);
        table.Register(SystemCallTable.AuroraFirst + 13, &Input);
        table.Register(SystemCallTable.AuroraFirst + 14, &Of);
        table.Register(SystemCallTable.AuroraFirst + 17, &Generation);
    }

    private static SystemCallResult Group(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        // Who is not the host sees himself.
        if (arguments->Int0 < 0 || !kernel.Groups.Read(kernel.GroupOf(thread), arguments->Int0, out SlsGroup group))
            return Errno.ENOENT;
        return kernel.Write(thread, arguments->Arg1, in group, out SystemCallResult failure) ? 0 : failure;
    }

    // Nothing wakes who waits: the threads of a copy, and of a group that has gone back, make their calls again.
    private static SystemCallResult Generation(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if ((arguments->UInt1 & ~Wait) != 0)
            return Errno.EINVAL;
        ulong generation = kernel.Groups.GenerationOf(kernel.GroupOf(thread));
        if ((arguments->UInt1 & Wait) == 0 || generation != arguments->Arg0)
            return (long)generation;
        return SystemCallResult.Blocked;
    }

    // Phase 1: Progress is the ticket.
    private static SystemCallResult Manage(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        bool isHost = kernel.Groups.IsHost(kernel.GroupOf(thread));
        // A copy of who asked did not ask.
        if (thread->Call.Phase != 0)
            return isHost ? Await(kernel, thread) : Errno.ECANCELED;
        if (!isHost || !SlsCalls.MayAdminister(thread))
            return Errno.EPERM;
        if (arguments->Arg1 != GroupRequest.Size)
            return Errno.EINVAL;
        if (!kernel.Read(thread, arguments->Arg0, out GroupRequest request, out SystemCallResult failure))
            return failure;
        if ((request.Flags & ~AllowedWith(request.Verb)) != 0 || request.Reserved2 != 0 || request.Reserved3 != 0 || !request.IsWhole)
            return Errno.EINVAL;
        ArgumentBlock strings = kernel.Programs.Arguments;
        strings.Clear();
        if (request.Verb is GroupVerb.Run or GroupVerb.Exec && (!ExecCalls.Collect(kernel, thread, request.Arguments, false, out failure)
            || !ExecCalls.Collect(kernel, thread, request.Environment, true, out failure)))
            return failure;
        return Ask(kernel, thread, in request);
    }

    private static uint AllowedWith(GroupVerb verb) => verb switch
    {
        GroupVerb.Exec => GroupRequest.IsDetached,
        GroupVerb.Run => GroupRequest.HasTerminal | GroupRequest.IsEphemeral,
        GroupVerb.Fork or GroupVerb.Restore => GroupRequest.IsEphemeral,
        _ => 0,
    };

    private static SystemCallResult Ask(LinuxKernel kernel, Thread* thread, in GroupRequest request)
    {
        ArgumentBlock strings = kernel.Programs.Arguments;
        var program = new ProgramStrings(strings.Text, strings.ArgumentCount, strings.EnvironmentCount);
        Errno error = kernel.Groups.Ask(kernel.GroupOf(thread), thread->Process->Header.Id, in request, in program, out ulong ticket);
        if (error == Errno.EAGAIN)
        {
            kernel.Scheduler.BlockOn(thread, kernel.Groups.Changed);
            return SystemCallResult.Blocked;
        }
        if (error != Errno.Ok)
            return error;
        thread->Call.Progress = ticket;
        thread->Call.Phase = 1;
        return Await(kernel, thread);
    }

    private static SystemCallResult Await(LinuxKernel kernel, Thread* thread)
    {
        if (kernel.Groups.IsDone(thread->Call.Progress, out long result))
            return result;
        kernel.Scheduler.BlockOn(thread, kernel.Groups.Changed);
        return SystemCallResult.BlockedUninterruptible;
    }

    // What is done to the caller's group ends the caller: who sees that it was done is a copy, and did not ask.
    private static SystemCallResult AwaitOwn(LinuxKernel kernel, Thread* thread)
    {
        SystemCallResult result = Await(kernel, thread);
        return result.Outcome == SystemCallOutcome.Done && !result.IsError ? Errno.ECANCELED : result;
    }

    /// <summary>sls_rollback in a group that is not the host: who asks is not there any more when it has been done.</summary>
    internal static SystemCallResult RewindOwn(LinuxKernel kernel, Thread* thread, ObjectTracker group, ulong target)
    {
        if (thread->Call.Phase != 0)
            return AwaitOwn(kernel, thread);
        var request = new GroupRequest { Verb = GroupVerb.Rewind };
        Span<byte> checkpoint = new(request.Checkpoint, GroupRequest.NameBytes);
        if (!SlsCalls.ReadName(kernel, thread, target, ref checkpoint, out SystemCallResult failure))
            return failure;
        if (checkpoint.Length >= GroupRequest.NameBytes)
            return Errno.ENAMETOOLONG;
        kernel.Groups.NameOf(group).CopyTo(new Span<byte>(request.Group, GroupRequest.NameBytes - 1));
        kernel.Programs.Arguments.Clear();
        return Ask(kernel, thread, in request);
    }

    /// <summary>Ends the caller's group, and with it the caller.</summary>
    internal static SystemCallResult KillOwn(LinuxKernel kernel, Thread* thread)
    {
        if (thread->Call.Phase != 0)
            return AwaitOwn(kernel, thread);
        var request = new GroupRequest { Verb = GroupVerb.Kill };
        kernel.Groups.NameOf(kernel.GroupOf(thread)).CopyTo(new Span<byte>(request.Group, GroupRequest.NameBytes - 1));
        kernel.Programs.Arguments.Clear();
        return Ask(kernel, thread, in request);
    }

    // False with the result when the group is not there, or the caller may not ask.
    private static bool FindGroup(
        LinuxKernel kernel, Thread* thread, ulong nameAddress, out ObjectTracker group, out SystemCallResult failure)
    {
        group = default;
        failure = Errno.EPERM;
        if (!kernel.Groups.IsHost(kernel.GroupOf(thread)) || !SlsCalls.MayAdminister(thread))
            return false;
        Span<byte> name = stackalloc byte[GroupRequest.NameBytes];
        if (!SlsCalls.ReadName(kernel, thread, nameAddress, ref name, out failure))
            return false;
        Errno error = kernel.Groups.Find(name, out group);
        failure = error;
        if (error != Errno.EAGAIN)
            return error == Errno.Ok;
        kernel.Scheduler.BlockOn(thread, kernel.Groups.Changed);
        failure = SystemCallResult.Blocked;
        return false;
    }

    // The position is read and written: a stream goes on where the last call ended.
    private static SystemCallResult Log(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!FindGroup(kernel, thread, arguments->Arg0, out ObjectTracker group, out SystemCallResult failure)
            || !kernel.Read(thread, arguments->Arg1, out ulong position, out failure))
            return failure;
        if ((arguments->UInt4 & ~Follow) != 0)
            return Errno.EINVAL;
        Span<byte> piece = stackalloc byte[PieceBytes];
        piece = piece[..(int)Math.Min((ulong)PieceBytes, arguments->Arg3)];
        int bytes = kernel.Groups.ReadLog(group, ref position, piece);
        bool mayCome = (arguments->UInt4 & Follow) != 0 && !piece.IsEmpty && !kernel.Groups.HasEnded(group);
        if (bytes == 0 && mayCome)
        {
            kernel.Scheduler.BlockOn(thread, kernel.Groups.LogOf(group));
            kernel.Scheduler.BlockOn(thread, kernel.Groups.Changed);
            return SystemCallResult.Blocked;
        }
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg2), piece[..bytes]);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        ulong next = position + (ulong)bytes;
        return kernel.Write(thread, arguments->Arg1, in next, out failure) ? bytes : failure;
    }

    private static SystemCallResult Input(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!FindGroup(kernel, thread, arguments->Arg0, out ObjectTracker group, out SystemCallResult failure))
            return failure;
        if (kernel.Groups.IsHost(group))
            return Errno.EINVAL;
        Span<byte> piece = stackalloc byte[PieceBytes];
        piece = piece[..(int)Math.Min((ulong)PieceBytes, arguments->Arg2)];
        AccessResult access = kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg1), piece);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        int taken = kernel.Groups.Type(group, piece);
        return taken == 0 && !piece.IsEmpty ? Errno.EAGAIN : taken;
    }

    // sls_of(group, number, …): the call with that number, as if somebody in the group had made it.
    private static SystemCallResult Of(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!FindGroup(kernel, thread, arguments->Arg0, out ObjectTracker group, out SystemCallResult failure))
            return failure;
        // A call that waits for a group which has gone back in time waits for nothing; so does one that has asked before the machine
        // started: its own group may have come further than the other one.
        bool isOfThisBoot = thread->Call.Extra0 == kernel.Groups.Boot;
        if (thread->Call.Phase != 0 && (thread->Call.Extra1 != group.Index || !isOfThisBoot))
            return Errno.ECANCELED;
        if (arguments->Arg1 != SystemCallTable.AuroraFirst + 2 && !kernel.Checkpoints.IsKept(group))
            return Errno.EOPNOTSUPP;
        thread->Call.Extra1 = group.Index;
        thread->Call.Extra0 = kernel.Groups.Boot;
        return arguments->Arg1 switch
        {
            SystemCallTable.AuroraFirst => SlsCalls.Checkpoint(kernel, thread, group, arguments->Arg2, (uint)arguments->Arg3),
            SystemCallTable.AuroraFirst + 2 => SlsCalls.Statistics(kernel, thread, group, arguments->Arg2, arguments->Arg3),
            SystemCallTable.AuroraFirst + 7 => SlsCalls.Period(kernel, thread, group, arguments->Arg2),
            SystemCallTable.AuroraFirst + 8 => SlsCalls.Drop(kernel, thread, group, arguments->Arg2),
            SystemCallTable.AuroraFirst + 10
                => SlsCalls.History(kernel, thread, group, (int)arguments->Arg2, arguments->Arg3, arguments->Arg4),
            AttachCalls.AttachNumber => AttachCalls.SetOf(kernel, group, (int)arguments->Arg2, isDetached: false),
            AttachCalls.DetachNumber => AttachCalls.SetOf(kernel, group, (int)arguments->Arg2, isDetached: true),
            _ => Errno.EINVAL,
        };
    }
}
