// Telling the owner of an open file what happens to it, as Linux does: by SIGIO without details, or by the signal of F_SETSIG with the
// descriptor and the events. The signal is sent as by the user who made the owner the owner, and as by another process: it does not end
// init. A large group is told some members at a time: the call notes of which file and how far it came.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class OwnerSignals
{
    // POLLIN, POLLRDNORM and POLLMSG.
    private const ulong MessageBand = 0x441;

    private static SignalSet WithOwnCodes => SignalSet.Of(Signal.SIGILL).With(Signal.SIGFPE).With(Signal.SIGSEGV).With(Signal.SIGBUS)
        .With(Signal.SIGTRAP).With(Signal.SIGCHLD).With(Signal.SIGSYS);

    /// <summary>
    /// Tells the owner of a file that something is to be done about it (POLL_MSG), for a call of <paramref name="thread"/>; each process is
    /// one of
    /// <paramref name="left"/>. False when there are more: the call comes again.
    /// </summary>
    public static bool Tell(LinuxKernel kernel, Thread* thread, OpenFile* file, int descriptor, ref int left)
    {
        ObjectHeader* owner = kernel.GroupOf(thread).Find(file->Owner.Object, file->Owner.Kind);
        if (owner == null)
            return true;
        if (owner->Kind == ObjectKind.ProcessGroup)
            return TellGroup(kernel, thread, file, (ProcessGroup*)owner, descriptor, ref left);
        if (left-- <= 0)
            return false;
        if (owner->Kind == ObjectKind.Thread)
            Send(kernel, file, ((Thread*)owner)->Process, (Thread*)owner, descriptor);
        else
            Send(kernel, file, (Process*)owner, null, descriptor);
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
                Send(kernel, file, member, null, descriptor);
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
            Send(kernel, file, each, null, descriptor);
        }
        call.Extra0 = call.Extra1 = 0;
        return true;
    }

    private static void Send(LinuxKernel kernel, OpenFile* file, Process* process, Thread* thread, int descriptor)
    {
        ref readonly FileOwner owner = ref file->Owner;
        if (!MaySend(in owner, in process->Credentials))
            return;
        var info = new SignalInfo { Number = owner.Signal, Origin = SignalOrigin.Another, Band = MessageBand, Descriptor = descriptor };
        info.Code = owner.Signal != 0 && WithOwnCodes.Contains(info.Signal) ? SignalCode.File : SignalCode.FileMessage;
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
