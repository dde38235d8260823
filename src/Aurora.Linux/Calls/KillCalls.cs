// Sending signals, and who may send what to whom.
using System;
using Aurora.Linux.Executive;
using Aurora.Linux.Signals;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class KillCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(62, &Kill);
        table.Register(129, &Sigqueueinfo);
        table.Register(200, &Tkill);
        table.Register(234, &Tgkill);
        table.Register(297, &Tgsigqueueinfo);
    }

    private static SystemCallResult Kill(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        int target = arguments->Int0;
        int number = arguments->Int1;
        SignalInfo info = FromCaller(thread, number, SignalCode.User);
        if (target > 0)
        {
            Process* process = kernel.FindProcess(thread, target);
            return process == null ? Errno.ESRCH : SendChecked(kernel, thread, process, null, number, in info);
        }
        if (target == -1)
            return KillMany(kernel, thread, null, number, in info);
        if (target == int.MinValue)
            return Errno.ESRCH;
        ProcessGroup* group = target == 0 ? thread->Process->ProcessGroup : kernel.Processes.Of(thread).FindGroup(-target);
        if (group == null)
            return thread->Call.Progress == 0 ? Errno.ESRCH : (Errno)thread->Call.Extra0;
        return KillMany(kernel, thread, group, number, in info);
    }

    // kill of everybody (no group) or of a group, some at a time. The caller comes last, since it may end its own call; init and the caller
    // are not meant by "everybody". Nobody may slip through by being forked meanwhile, so the walk goes by age: once round the numbers from
    // the one after the last that had been given out, for those that were there, and on from there for those made since. A child of
    // somebody who has not got the signal yet comes later. The call remembers the number it began behind and how far it came, which object
    // id was the next then, and the result so far.
    private static SystemCallResult KillMany(LinuxKernel kernel, Thread* thread, ProcessGroup* group, int number, in SignalInfo info)
    {
        PidNamespace space = kernel.Processes.Of(thread);
        ref CallContinuation call = ref thread->Call;
        if (call.Progress == 0)
        {
            call.Progress = (ulong)space.Ids.Last << 32;
            call.Extra0 = (ulong)Errno.ESRCH;
            call.Extra1 = kernel.GroupOf(thread).NextId.Value;
        }
        // Whatever a damaged record says, the walk is two rounds at most.
        int first = (int)((call.Progress >> 32) % IdTable.Limit) + 1;
        int place = (int)Math.Min((uint)call.Progress, 2 * IdTable.Limit);
        int left = ProcessLife.UnitsPerStep;
        for (Process* process = NextByAge(space, first, ref place); process != null; process = NextByAge(space, first, ref place))
        {
            place++;
            bool isYoung = process->Header.Id.Value >= call.Extra1;
            bool isMeant = group != null ? process->ProcessGroup == group : process != space.Init;
            if (!isMeant || process == thread->Process || isYoung != place > IdTable.Limit)
                continue;
            if (left-- == 0)
                return SystemCallResult.Again;
            Errno result = SendChecked(kernel, thread, process, null, number, in info);
            call.Extra0 = (ulong)(group == null ? CombineForEverybody((Errno)call.Extra0, result) : Combine((Errno)call.Extra0, result));
            call.Progress = ((ulong)(first - 1) << 32) | (uint)place;
        }
        if (group != null && thread->Process->ProcessGroup == group)
            call.Extra0 = (ulong)Combine((Errno)call.Extra0, SendChecked(kernel, thread, thread->Process, null, number, in info));
        return (Errno)call.Extra0;
    }

    // The process at a place in two rounds over all numbers, or the next behind it; null at the end.
    private static Process* NextByAge(PidNamespace space, int first, ref int place)
    {
        while (place < 2 * IdTable.Limit)
        {
            int id = (first + place) % IdTable.Limit;
            Process* process = space.NextProcess(id);
            place += (process != null ? process->Id : IdTable.Limit) - id;
            if (process != null)
                return place < 2 * IdTable.Limit ? process : null;
        }
        return null;
    }

    // kill(-1) says nothing of refusals, even when there was nothing else: the last other result counts, as on Linux.
    private static Errno CombineForEverybody(Errno sofar, Errno next)
        => next != Errno.EPERM ? next : sofar == Errno.ESRCH ? Errno.Ok : sofar;

    // One success is success; a refusal says more than "nobody there".
    private static Errno Combine(Errno sofar, Errno next) => sofar == Errno.Ok || next == Errno.Ok ? Errno.Ok : next;

    private static SystemCallResult Tkill(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => SendToThread(kernel, thread, -1, arguments->Int0, arguments->Int1);

    private static SystemCallResult Tgkill(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => arguments->Int0 <= 0 ? Errno.EINVAL : SendToThread(kernel, thread, arguments->Int0, arguments->Int1, arguments->Int2);

    private static SystemCallResult SendToThread(LinuxKernel kernel, Thread* thread, int processId, int threadId, int number)
    {
        if (threadId <= 0)
            return Errno.EINVAL;
        Thread* target = kernel.Processes.Of(thread).FindThread(threadId);
        if (target == null || (processId != -1 && target->Process->Id != processId))
            return Errno.ESRCH;
        SignalInfo info = FromCaller(thread, number, SignalCode.ThreadKill);
        return SendChecked(kernel, thread, target->Process, target, number, in info);
    }

    private static SystemCallResult Sigqueueinfo(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!ReadInfo(kernel, thread, arguments->Int0, arguments->Int1, arguments->Arg2, mustName: false, out SignalInfo info,
            out SystemCallResult failure))
            return failure;
        Process* process = arguments->Int0 > 0 ? kernel.FindProcess(thread, arguments->Int0) : null;
        return process == null ? Errno.ESRCH : SendChecked(kernel, thread, process, null, arguments->Int1, in info);
    }

    private static SystemCallResult Tgsigqueueinfo(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!ReadInfo(kernel, thread, arguments->Int1, arguments->Int2, arguments->Arg3, mustName: false, out SignalInfo info,
            out SystemCallResult failure))
            return failure;
        if (arguments->Int0 <= 0 || arguments->Int1 <= 0)
            return Errno.EINVAL;
        Thread* target = kernel.Processes.Of(thread).FindThread(arguments->Int1);
        return target == null || target->Process->Id != arguments->Int0
            ? Errno.ESRCH : SendChecked(kernel, thread, target->Process, target, arguments->Int2, in info);
    }

    /// <summary>
    /// pidfd_send_signal, once the process is known; null: it has been waited for. Without a structure it is sent as by kill.
    /// </summary>
    internal static SystemCallResult SendThrough(LinuxKernel kernel, Thread* thread, Process* process, int number, ulong address)
    {
        SignalInfo info = FromCaller(thread, number, SignalCode.User);
        int target = process == null ? 0 : process->Id;
        if (address != 0 && !ReadInfo(kernel, thread, target, number, address, mustName: true, out info, out SystemCallResult failure))
            return failure;
        return process == null ? Errno.ESRCH : SendChecked(kernel, thread, process, null, number, in info);
    }

    private static bool ReadInfo(LinuxKernel kernel, Thread* thread, int target, int number, ulong address, bool mustName,
        out SignalInfo info, out SystemCallResult failure)
    {
        info = default;
        if (!kernel.Read(thread, address, out UserSignalInfo user, out failure))
            return false;
        if (!SignalInfoFormat.FromUser(in user, number, out info))
        {
            failure = Errno.E2BIG;
            return false;
        }
        if (mustName && user.Number != number)
        {
            failure = Errno.EINVAL;
            return false;
        }
        // Only the kernel sends kernel codes, and kill's own: otherwise a receiver could be deceived about the sender.
        bool isForged = user.Code >= SignalCode.User || user.Code == SignalCode.ThreadKill;
        failure = Errno.EPERM;
        return !isForged || target == thread->Id;
    }

    private static SignalInfo FromCaller(Thread* thread, int number, int code) => new()
    {
        Number = number,
        Code = code,
        Pid = thread->Process->Id,
        Uid = thread->Process->Credentials.RealUid,
    };

    private static Errno SendChecked(LinuxKernel kernel, Thread* thread, Process* process, Thread* target, int number, in SignalInfo info)
    {
        if (number is < 0 or > (int)Signal.Last)
            return Errno.EINVAL;
        if (!MaySignal(thread->Process, process, number))
            return Errno.EPERM;
        if (number == 0)
            return Errno.Ok;
        SignalInfo sent = info;
        sent.Origin = thread->Process == process ? SignalOrigin.Itself : SignalOrigin.Another;
        return target != null ? kernel.Signals.Send(target, in sent) : kernel.Signals.Send(process, in sent);
    }

    /// <summary>True when one process may send another a signal; the signal 0 stands for one that ends it.</summary>
    internal static bool MaySignal(Process* sender, Process* target, int number)
    {
        uint effective = sender->Credentials.EffectiveUid;
        uint real = sender->Credentials.RealUid;
        if (sender == target || sender->Credentials.Has(Capability.Kill))
            return true;
        ref Credentials its = ref target->Credentials;
        if (effective == its.RealUid || effective == its.SavedUid || real == its.RealUid || real == its.SavedUid)
            return true;
        return number == (int)Signal.SIGCONT && target->ProcessGroup != null && sender->ProcessGroup->Session == target->ProcessGroup->Session;
    }
}
