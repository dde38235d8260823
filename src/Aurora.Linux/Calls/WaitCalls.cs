// wait4 and waitid. The child is looked for anew at every dispatch; what is reported is written to the program first, and only then is the child
// freed or its report taken, so that a bad address or a page-in never loses a child.
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Linux.Signals;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class WaitCalls
{
    private const uint NoHang = 1;
    private const uint Stopped = 2;
    private const uint Exited = 4;
    private const uint Continued = 8;
    private const uint NoWait = 0x1000000;
    private const uint NoThread = 0x20000000;
    private const uint All = 0x40000000;
    private const uint CloneOnly = 0x80000000;

    private enum Scope
    {
        All = 0,
        Process = 1,
        Group = 2,

        /// <summary>The one that a pidfd leads to.</summary>
        Pidfd = 3,
    }

    private struct Request
    {
        public Scope Scope;
        public int Id;
        public Process* Process;
        public uint Options;

        /// <summary>A pidfd that does not wait: EAGAIN.</summary>
        public bool IsNonBlocking;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(61, &Wait4);
        table.Register(247, &Waitid);
    }

    private static SystemCallResult Wait4(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint options = arguments->UInt2;
        int id = arguments->Int0;
        if ((options & ~(NoHang | Stopped | Continued | NoThread | All | CloneOnly)) != 0)
            return Errno.EINVAL;
        if (id == int.MinValue)
            return Errno.ESRCH;
        var request = new Request
        {
            Scope = id > 0 ? Scope.Process : id == -1 ? Scope.All : Scope.Group,
            Id = id > 0 ? id : id == 0 ? thread->Process->ProcessGroup->Id : -id,
            Options = options | Exited,
        };
        Process* child = Find(thread->Process, in request, out bool hasChildren);
        if (child == null)
            return Wait(kernel, thread, options, hasChildren);
        int status = child->State == ProcessState.Zombie ? child->ExitStatus
            : child->StopReport != 0 ? WaitStatus.Stopped(child->StopReport) : WaitStatus.Continued;
        if (!kernel.WriteIfWanted(thread, arguments->Arg1, in status, out SystemCallResult failure)
            || !LimitCalls.WriteChildUsage(kernel, thread, arguments->Arg3, child, out failure))
            return failure;
        int reported = child->Id;
        Take(kernel, child);
        return reported;
    }

    private static SystemCallResult Waitid(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint options = arguments->UInt3;
        bool isKnown = (options & ~(NoHang | NoWait | Exited | Stopped | Continued | NoThread | All | CloneOnly)) == 0;
        if (!isKnown || (options & (Exited | Stopped | Continued)) == 0 || arguments->UInt0 > (uint)Scope.Pidfd)
            return Errno.EINVAL;
        var request = new Request { Scope = (Scope)arguments->Int0, Id = arguments->Int1, Options = options };
        if (request.Scope != Scope.All && request.Id < (request.Scope == Scope.Process ? 1 : 0))
            return Errno.EINVAL;
        if (request.Scope == Scope.Group && request.Id == 0)
            request.Id = thread->Process->ProcessGroup->Id;
        if (request.Scope == Scope.Pidfd && !ReadPidfd(kernel, thread, ref request, out SystemCallResult refusal))
            return refusal;
        Process* child = Find(thread->Process, in request, out bool hasChildren);
        if (child == null)
        {
            UserSignalInfo nothing = default;
            bool isPoll = hasChildren && (options & NoHang) != 0;
            if (isPoll && !kernel.WriteIfWanted(thread, arguments->Arg2, in nothing, out SystemCallResult error))
                return error;
            return hasChildren && !isPoll && request.IsNonBlocking ? Errno.EAGAIN : Wait(kernel, thread, options, hasChildren);
        }
        SignalInfo info = Describe(child);
        UserSignalInfo user = SignalInfoFormat.ToUser(in info);
        if (!kernel.WriteIfWanted(thread, arguments->Arg2, in user, out SystemCallResult failure)
            || !LimitCalls.WriteChildUsage(kernel, thread, arguments->Arg4, child, out failure))
            return failure;
        if ((options & NoWait) == 0)
            Take(kernel, child);
        return 0;
    }

    private static bool ReadPidfd(LinuxKernel kernel, Thread* thread, ref Request request, out SystemCallResult refusal)
    {
        var call = new FileCall(kernel, thread);
        bool isFound = PidfdCalls.Find(ref call, request.Id, out OpenFile* file, out ProcessHandle* handle);
        refusal = call.Failure;
        if (!isFound)
            return false;
        request.Process = handle->Process;
        request.IsNonBlocking = file->IsNonBlocking;
        return true;
    }

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, uint options, bool hasChildren)
    {
        if (!hasChildren)
            return Errno.ECHILD;
        if ((options & NoHang) != 0)
            return 0;
        kernel.Scheduler.BlockOn(thread, &thread->Process->ChildChanged);
        return SystemCallResult.Blocked;
    }

    // The oldest child with something to report; the list has the youngest first.
    private static Process* Find(Process* parent, in Request request, out bool hasChildren)
    {
        Process* found = null;
        hasChildren = false;
        for (Process* child = parent->FirstChild; child != null; child = child->NextSibling)
        {
            if (!IsMeant(child, in request))
                continue;
            hasChildren = true;
            bool reports = child->State == ProcessState.Zombie ? (request.Options & Exited) != 0
                : child->StopReport != 0 ? (request.Options & Stopped) != 0
                : child->ContinueReport && (request.Options & Continued) != 0;
            if (reports)
                found = child;
        }
        return found;
    }

    private static bool IsMeant(Process* child, in Request request)
    {
        if (request.Scope == Scope.Process && child->Id != request.Id)
            return false;
        if (request.Scope == Scope.Pidfd && child != request.Process)
            return false;
        if (request.Scope == Scope.Group && (child->ProcessGroup == null || child->ProcessGroup->Id != request.Id))
            return false;
        if ((request.Options & All) != 0)
            return true;
        bool isClone = child->ExitSignal != (int)Signal.SIGCHLD;
        return isClone == ((request.Options & CloneOnly) != 0);
    }

    private static SignalInfo Describe(Process* child)
    {
        var info = new SignalInfo { Number = (int)Signal.SIGCHLD, Pid = child->Id, Uid = child->Credentials.RealUid };
        if (child->State != ProcessState.Zombie)
        {
            info.Code = child->StopReport != 0 ? SignalCode.ChildStopped : SignalCode.ChildContinued;
            info.Status = child->StopReport != 0 ? child->StopReport : (int)Signal.SIGCONT;
            return info;
        }
        int status = child->ExitStatus;
        info.Code = WaitStatus.IsExit(status) ? SignalCode.ChildExited : SignalCode.ChildKilled;
        info.Status = WaitStatus.IsExit(status) ? WaitStatus.ExitCode(status) : WaitStatus.SignalOf(status);
        return info;
    }

    private static void Take(LinuxKernel kernel, Process* child)
    {
        if (child->State == ProcessState.Zombie)
        {
            kernel.Life.Reap(child);
            return;
        }
        if (child->StopReport != 0)
            child->StopReport = 0;
        else
            child->ContinueReport = false;
        kernel.Tracked.MarkChanged(&child->Header);
    }
}
