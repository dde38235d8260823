// fork, vfork, clone, clone3. The child exists completely or not at all after one dispatch; only vfork's wait for the child is a second phase:
//   Phase 1: the child (Progress is its id) runs in our memory; wait until it has its own.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class CloneCalls
{
    private const ulong SharesSemaphoreUndo = 0x40000;
    private const ulong SignalMask = 0xFF;
    private const ulong SharesMemory = 0x100;
    private const ulong SharesFileContext = 0x200;
    private const ulong SharesDescriptors = 0x400;
    private const ulong SharesSignalActions = 0x800;
    private const ulong WantsPidDescriptor = 0x1000;
    private const ulong WaitsForMemory = 0x4000;
    private const ulong IsSibling = 0x8000;
    private const ulong IsThread = 0x10000;
    private const ulong SetsThreadPointer = 0x80000;
    private const ulong SetsParentTid = 0x100000;
    private const ulong ClearsChildTid = 0x200000;
    private const ulong IsDetached = 0x400000;
    private const ulong SetsChildTid = 0x1000000;
    private const ulong ClearsSignalActions = 0x1_0000_0000;
    private const ulong IntoGroup = 0x2_0000_0000;

    private const ulong NewTime = 0x80;
    private const ulong NewMounts = 0x20000;
    private const ulong NewUsers = 0x10000000;
    private const ulong NewProcesses = 0x20000000;

    // New namespaces: mount, cgroup, uts, ipc, user, pid, net, time.
    private const ulong Namespaces = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000 | NewTime;

    /// <summary>struct clone_args; also what the older calls are turned into.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CloneArguments
    {
        public const ulong FirstBytes = 64;
        public const ulong KnownBytes = 88;

        public ulong Flags, PidDescriptor, ChildTid, ParentTid, ExitSignal, Stack, StackBytes, ThreadPointer;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(56, &Clone);
        table.Register(57, &Fork);
        table.Register(58, &Vfork);
        table.Register(435, &Clone3);
    }

    private static SystemCallResult Fork(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Make(kernel, thread, new CloneArguments { ExitSignal = (ulong)Signal.SIGCHLD });

    private static SystemCallResult Vfork(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Make(kernel, thread, new CloneArguments { Flags = SharesMemory | WaitsForMemory, ExitSignal = (ulong)Signal.SIGCHLD });

    private static SystemCallResult Clone(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong flags = arguments->Arg0 & uint.MaxValue;
        return Make(kernel, thread, new CloneArguments
        {
            Flags = flags & ~SignalMask,
            ExitSignal = flags & SignalMask,
            Stack = arguments->Arg1,
            PidDescriptor = arguments->Arg2,
            ParentTid = arguments->Arg2,
            ChildTid = arguments->Arg3,
            ThreadPointer = arguments->Arg4,
        });
    }

    private static SystemCallResult Clone3(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg1 > PageSize.Bytes)
            return Errno.E2BIG;
        if (arguments->Arg1 < CloneArguments.FirstBytes)
            return Errno.EINVAL;
        if (!kernel.Read(thread, arguments->Arg0, out CloneArguments request, out SystemCallResult failure))
            return failure;
        // What is beyond is not known; chosen ids and control groups, the three words before it, are not offered.
        ulong end = arguments->Arg0 + arguments->Arg1;
        ulong known = arguments->Arg0 + CloneArguments.KnownBytes;
        if (!kernel.IsZero(thread, known, end, Errno.E2BIG, out failure)
            || !kernel.IsZero(thread, arguments->Arg0 + CloneArguments.FirstBytes, Math.Min(end, known), Errno.EINVAL, out failure))
            return failure;
        if (!IsValid(in request))
            return Errno.EINVAL;
        request.Stack += request.StackBytes;
        return Make(kernel, thread, in request);
    }

    // What clone forgives, clone3 refuses. The bits of clone's signal are free for flags, of which there is one.
    private static bool IsValid(in CloneArguments request)
    {
        const ulong known = uint.MaxValue | ClearsSignalActions | IntoGroup;
        const ulong refused = IsDetached | (SignalMask & ~NewTime);
        bool hasOddSignal = request.ExitSignal > (ulong)Signal.Last
            || ((request.Flags & (IsThread | IsSibling)) != 0 && request.ExitSignal != 0);
        return (request.Flags & ~known) == 0 && (request.Flags & refused) == 0 && !hasOddSignal
            && (request.Stack == 0) == (request.StackBytes == 0);
    }

    private static SystemCallResult Make(LinuxKernel kernel, Thread* thread, in CloneArguments request)
    {
        if (thread->Call.Phase == 1)
            return AwaitMemory(kernel, thread);
        Errno error = Check(thread, in request);
        if (error != Errno.Ok)
            return error;
        // Pages that must be read in are waited for before there is a child.
        if (!ProbeWord(kernel, thread, request.Flags, SetsParentTid, request.ParentTid, out SystemCallResult failure)
            || !ProbeWord(kernel, thread, request.Flags, SetsChildTid, request.ChildTid, out failure)
            || !ProbeWord(kernel, thread, request.Flags, WantsPidDescriptor, request.PidDescriptor, out failure))
            return failure;
        // A child gets no signal that came before it: the maker takes it first, as on Linux, and may not come to make the child.
        if (SignalService.HasDeliverable(thread))
            return Errno.ERESTARTNOINTR;
        error = Afford(kernel, thread, request.Flags);
        if (error != Errno.Ok)
            return error;
        error = kernel.Life.Clone(thread, Translate(in request), out Thread* child);
        if (error != Errno.Ok)
            return error;
        if ((request.Flags & SharesSemaphoreUndo) != 0)
            kernel.Ipc.Undos.Share(thread, child);
        int id = child->Id;
        if (!Hand(kernel, thread, child, in request, out failure))
        {
            kernel.Life.Abandon(child);
            return failure;
        }
        kernel.Life.Start(child);
        if ((request.Flags & SharesMemory) == 0)
            kernel.Scheduler.EndTurn();
        if ((request.Flags & WaitsForMemory) == 0)
            return id;
        thread->Call.Phase = 1;
        thread->Call.Progress = (ulong)id;
        return AwaitMemory(kernel, thread);
    }

    // What the maker needs for itself is there before there is a child.
    private static Errno Afford(LinuxKernel kernel, Thread* maker, ulong flags)
    {
        if ((flags & WantsPidDescriptor) != 0 && !PidfdCalls.HasRoom(kernel, maker))
            return Errno.EMFILE;
        return (flags & SharesSemaphoreUndo) != 0 && kernel.Ipc.Undos.Make(maker) == null ? Errno.ENOMEM : Errno.Ok;
    }

    // What both are to find. After a fork the pages must be copied to be written: without memory for that the child does not come to be.
    private static bool Hand(
        LinuxKernel kernel, Thread* maker, Thread* child, in CloneArguments request, out SystemCallResult failure)
    {
        bool wantsPidfd = (request.Flags & WantsPidDescriptor) != 0;
        int pidfd = 0;
        failure = default;
        if (wantsPidfd && !PidfdCalls.Give(kernel, maker, child->Process, request.PidDescriptor, out pidfd, out failure))
            return false;
        AccessResult written = WriteIds(kernel, maker, child, in request);
        if (written.IsOk)
            return true;
        if (wantsPidfd)
            PidfdCalls.TakeBack(kernel, maker, pidfd);
        failure = written.Status == MemoryStatus.WouldBlock ? kernel.Stop(maker, in written) : Errno.ENOMEM;
        return false;
    }

    private static AccessResult WriteIds(LinuxKernel kernel, Thread* maker, Thread* child, in CloneArguments request)
    {
        int id = child->Id;
        AccessResult result = default;
        if ((request.Flags & SetsChildTid) != 0)
            result = kernel.User.Write(child->Process->AddressSpace, new VirtualAddress(request.ChildTid), in id);
        return result.IsOk && (request.Flags & SetsParentTid) != 0
            ? kernel.User.Write(maker->Process->AddressSpace, new VirtualAddress(request.ParentTid), in id)
            : result;
    }

    private static SystemCallResult AwaitMemory(LinuxKernel kernel, Thread* thread)
    {
        int id = (int)thread->Call.Progress;
        Process* child = kernel.Processes.Of(thread).FindProcess(id);
        if (child == null || !child->BorrowsMemory || child->AddressSpace != thread->Process->AddressSpace)
            return id;
        kernel.Scheduler.BlockOn(thread, &child->MemoryReturned);
        return SystemCallResult.BlockedUninterruptible;
    }

    private static bool ProbeWord(LinuxKernel kernel, Thread* thread, ulong flags, ulong flag, ulong address, out SystemCallResult failure)
    {
        failure = default;
        if ((flags & flag) == 0)
            return true;
        AccessResult access = kernel.User.Probe(thread->Process->AddressSpace, new VirtualAddress(address), sizeof(int), true);
        if (!access.IsOk)
            failure = kernel.Stop(thread, in access);
        return access.IsOk;
    }

    private static Errno Check(Thread* thread, in CloneArguments request)
    {
        ulong flags = request.Flags;
        bool threadWithoutActions = (flags & IsThread) != 0 && (flags & SharesSignalActions) == 0;
        bool actionsWithoutMemory = (flags & SharesSignalActions) != 0 && (flags & SharesMemory) == 0;
        bool clearsShared = (flags & ClearsSignalActions) != 0 && (flags & SharesSignalActions) != 0;
        // Descriptors and file context belong to the process here: threads share them as every C library asks.
        bool isOddThread = (flags & IsThread) != 0 && (flags & (SharesDescriptors | SharesFileContext)) != (SharesDescriptors | SharesFileContext);
        bool siblingOfInit = (flags & IsSibling) != 0 && thread->Process->Id == 1;
        bool partsShared = (flags & SharesFileContext) != 0 && (flags & (NewMounts | NewUsers)) != 0;
        bool threadElsewhere = (flags & IsThread) != 0 && (flags & (NewUsers | NewProcesses)) != 0;
        bool hasOddPidfd = (flags & WantsPidDescriptor) != 0 && ((flags & (IsThread | IsDetached)) != 0
            || ((flags & SetsParentTid) != 0 && request.ParentTid == request.PidDescriptor));
        if (hasOddPidfd || threadWithoutActions || actionsWithoutMemory || clearsShared || siblingOfInit || partsShared || threadElsewhere)
            return Errno.EINVAL;
        // There are no namespaces; who may not have them is told so.
        bool wantsNamespace = (flags & Namespaces & ~NewUsers) != 0;
        if (wantsNamespace && (flags & NewUsers) == 0 && !thread->Process->Credentials.Has(Capability.SysAdmin))
            return Errno.EPERM;
        if (isOddThread || (flags & (Namespaces | IntoGroup)) != 0)
            return Errno.EINVAL;
        if ((flags & SetsThreadPointer) != 0 && request.ThreadPointer >= AddressSpace.UserEnd)
            return Errno.EPERM;
        return request.ExitSignal > (ulong)Signal.Last ? Errno.EINVAL : Errno.Ok;
    }

    private static CloneRequest Translate(in CloneArguments request)
    {
        ulong flags = request.Flags;
        return new CloneRequest
        {
            IsThread = (flags & IsThread) != 0,
            SharesMemory = (flags & SharesMemory) != 0,
            SharesDescriptors = (flags & SharesDescriptors) != 0,
            SharesFileContext = (flags & SharesFileContext) != 0,
            SharesSignalActions = (flags & SharesSignalActions) != 0,
            ClearsSignalActions = (flags & ClearsSignalActions) != 0,
            IsSibling = (flags & IsSibling) != 0,
            BorrowsMemory = (flags & WaitsForMemory) != 0 && (flags & SharesMemory) != 0,
            ExitSignal = (int)request.ExitSignal,
            StackPointer = request.Stack,
            SetsThreadPointer = (flags & SetsThreadPointer) != 0,
            ThreadPointer = request.ThreadPointer,
            ClearChildTid = (flags & ClearsChildTid) != 0 ? request.ChildTid : 0,
        };
    }
}
