// Telling the owner of an open file what happens to it, as Linux does: by SIGIO without details, or by the signal of F_SETSIG with the
// descriptor and the events. The signal is sent as by the user who made the owner the owner, and as by another process: it does not end
// init. A large group is told some members at a time: the call notes of which file and how far it came. What has been posted to the
// watchers of files (FileWatching) is told before the call that brought it about goes on, or by the main loop before anything is
// captured; when that is much, the rest is in the records of the files, and a group of which some have been told is told again
// after a restore.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>Sends the signals of files to their owners.</summary>
public static unsafe class OwnerSignals
{
    // POLLIN, POLLRDNORM and POLLMSG.
    private const ulong MessageBand = 0x441;

    // POLLIN and POLLRDNORM; POLLOUT, POLLWRNORM and POLLWRBAND.
    private const ulong InBand = 0x41;
    private const ulong OutBand = 0x304;

    private static SignalSet WithOwnCodes => SignalSet.Of(Signal.SIGILL).With(Signal.SIGFPE).With(Signal.SIGSEGV).With(Signal.SIGBUS)
        .With(Signal.SIGTRAP).With(Signal.SIGCHLD).With(Signal.SIGSYS);

    /// <summary>
    /// Tells the owner of a file that something is to be done about it (POLL_MSG), for a call of <paramref name="thread"/>; each process is
    /// one of
    /// <paramref name="left"/>. False when there are more: the call comes again.
    /// </summary>
    internal static bool Tell(LinuxKernel kernel, Thread* thread, OpenFile* file, int descriptor, ref int left)
    {
        ObjectHeader* owner = kernel.GroupOf(thread).Find(file->Owner.Object, file->Owner.Kind);
        if (owner == null)
            return true;
        if (owner->Kind == ObjectKind.ProcessGroup)
            return TellGroup(kernel, thread, file, (ProcessGroup*)owner, descriptor, ref left);
        if (left-- <= 0)
            return false;
        if (owner->Kind == ObjectKind.Thread)
            Send(kernel, file, ((Thread*)owner)->Process, (Thread*)owner, descriptor, SignalCode.FileMessage, MessageBand);
        else
            Send(kernel, file, (Process*)owner, null, descriptor, SignalCode.FileMessage, MessageBand);
        return true;
    }

    private static bool TellGroup(
        LinuxKernel kernel, Thread* thread, OpenFile* file, ProcessGroup* group, int descriptor, ref int left)
    {
        ref CallContinuation call = ref thread->Call;
        if (call.Extra1 != file->Header.Id.Value && group->MemberCount <= left)
        {
            left -= group->MemberCount;
            for (Process* member = group->FirstMember; member != null; member = member->NextInProcessGroup)
                Send(kernel, file, member, null, descriptor, SignalCode.FileMessage, MessageBand);
            return true;
        }
        int next = call.Extra1 == file->Header.Id.Value ? (int)call.Extra0 : 1;
        call.Extra1 = file->Header.Id.Value;
        PidNamespace space = kernel.Processes.Of(thread);
        for (Process* each = space.NextProcess(next); each != null; each = space.NextProcess(each->Id + 1))
        {
            if (each->ProcessGroup != group)
                continue;
            call.Extra0 = (uint)each->Id;
            if (left-- <= 0)
                return false;
            Send(kernel, file, each, null, descriptor, SignalCode.FileMessage, MessageBand);
        }
        call.Extra0 = call.Extra1 = 0;
        return true;
    }

    /// <summary>Tells the owners of files what has been posted, as far as one step may; while no group is being restored.</summary>
    public static void Deliver(LinuxKernel kernel)
    {
        int left = ProcessLife.UnitsPerStep;
        while (kernel.Scheduler.FirstPosted != null && Deliver(kernel, kernel.Scheduler.FirstPosted, ref left))
        {
        }
    }

    /// <summary>As above, what a call of a thread has brought about in its group.</summary>
    public static void Deliver(LinuxKernel kernel, ushort group)
    {
        int left = ProcessLife.UnitsPerStep;
        Watcher* watcher = kernel.Scheduler.FirstPosted;
        while (watcher != null && watcher->Object->Group == group && Deliver(kernel, watcher, ref left))
            watcher = kernel.Scheduler.FirstPosted;
    }

    private static bool Deliver(LinuxKernel kernel, Watcher* watcher, ref int left)
    {
        bool isDone = Deliver(kernel, (OpenFile*)watcher->Object, ref left);
        if (isDone)
            kernel.Scheduler.EndPost(watcher);
        return isDone;
    }
    // False when there are more members, or files, than are told at once.
    private static bool Deliver(LinuxKernel kernel, OpenFile* file, ref int left)
    {
        if (left-- <= 0)
            return false;
        ObjectHeader* owner = file->Owner.Id == 0 ? null : kernel.Tracked.Of(&file->Header).Find(file->Owner.Object, file->Owner.Kind);
        if (owner == null)
            return true;
        if (owner->Kind == ObjectKind.Thread)
            Send(kernel, file, ((Thread*)owner)->Process, (Thread*)owner);
        else if (owner->Kind == ObjectKind.Process)
            Send(kernel, file, (Process*)owner, null);
        else
            return DeliverToGroup(kernel, file, (ProcessGroup*)owner, ref left);
        return true;
    }

    private static bool DeliverToGroup(LinuxKernel kernel, OpenFile* file, ProcessGroup* group, ref int left)
    {
        if (file->NextMember == 0 && group->MemberCount <= left)
        {
            left -= group->MemberCount;
            for (Process* member = group->FirstMember; member != null; member = member->NextInProcessGroup)
                Send(kernel, file, member, null);
            file->NextMember = 0;
            return true;
        }
        PidNamespace space = kernel.Processes.Of(&file->Header);
        for (Process* each = space.NextProcess(file->NextMember); each != null; each = space.NextProcess(each->Id + 1))
        {
            file->NextMember = each->Id;
            if (each->ProcessGroup != group)
                continue;
            if (left-- <= 0)
                return false;
            Send(kernel, file, each, null);
        }
        file->NextMember = 0;
        return true;
    }

    private static void Send(LinuxKernel kernel, OpenFile* file, Process* process, Thread* thread)
    {
        int descriptor = (int)(file->AsyncPlace - 1);
        if ((file->Watcher.Posted & OpenFile.PostedIn) != 0 && IsReadable(kernel, file))
            Send(kernel, file, process, thread, descriptor, SignalCode.FileIn, InBand);
        if ((file->Watcher.Posted & OpenFile.PostedOut) != 0)
            Send(kernel, file, process, thread, descriptor, SignalCode.FileOut, OutBand);
    }

    // A queue is woken for other reasons too (a terminal's settings have changed).
    private static bool IsReadable(LinuxKernel kernel, OpenFile* file)
        => (kernel.Files.OpenFiles.OperationsOf(file)!.Poll(file, PollEvents.Readable, null)
            & (PollEvents.Readable | PollEvents.HangUp | PollEvents.Error)) != 0;

    private static void Send(
        LinuxKernel kernel, OpenFile* file, Process* process, Thread* thread, int descriptor, int code, ulong band)
    {
        ref readonly FileOwner owner = ref file->Owner;
        if (!MaySend(in owner, in process->Credentials))
            return;
        var info = new SignalInfo { Number = owner.Signal, Origin = SignalOrigin.Another, Band = band, Descriptor = descriptor };
        info.Code = owner.Signal != 0 && WithOwnCodes.Contains(info.Signal) ? SignalCode.File : code;
        if (owner.Signal != 0 && Send(kernel, process, thread, in info) == Errno.Ok)
            return;
        // Also what cannot be queued is told by SIGIO.
        Send(kernel, process, thread,
            new SignalInfo { Number = (int)Signal.SIGIO, Code = SignalCode.Kernel, Origin = SignalOrigin.Another });
    }

    private static Errno Send(LinuxKernel kernel, Process* process, Thread* thread, in SignalInfo info)
        => thread != null ? kernel.Signals.Send(thread, in info) : kernel.Signals.Send(process, in info);

    private static bool MaySend(in FileOwner owner, in Credentials target)
        => owner.EffectiveUid == 0 || owner.EffectiveUid == target.SavedUid || owner.EffectiveUid == target.RealUid
            || owner.Uid == target.SavedUid || owner.Uid == target.RealUid;
}
