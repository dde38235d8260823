// epoll. A wait looks at what is on the epoll's list, asks each file, and gives the program what is ready; if nothing is, the thread waits
// alone: an event wakes one of those who wait, and who leaves something behind wakes the next. The deadline, how many events the program
// has, and how many of the list are still to be looked at are part of the call: a page of the program that must be brought in, or a long
// list, does not begin the wait anew, and events that the program has are not told twice.
using System;
using System.Runtime.InteropServices;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>struct epoll_event, which is packed on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct LinuxEpollEvent
{
    public const int Bytes = 12;

    public uint Events;
    public ulong Data;
}

internal static unsafe class EventPollCalls
{
    private const uint Add = 1;
    private const uint Delete = 2;
    private const uint Modify = 3;
    private const int MostEvents = int.MaxValue / LinuxEpollEvent.Bytes;

    // Watches looked at before others have their turn.
    private const int WatchesPerStep = 256;

    public static void Register(SystemCallTable table)
    {
        table.Register(213, &Create);
        table.Register(232, &Wait);
        table.Register(233, &Control);
        table.Register(281, &WaitWithMask);
        table.Register(291, &CreateWithFlags);
        table.Register(441, &WaitWithTimeAndMask);
    }

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => a->Int0 <= 0 ? Errno.EINVAL : Create(kernel, thread, 0);

    private static SystemCallResult CreateWithFlags(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt0 & ~OpenFlags.CloseOnExec) != 0 ? Errno.EINVAL : Create(kernel, thread, a->UInt0);

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, uint flags)
    {
        var call = new FileCall(kernel, thread);
        if (!Descriptors.FindFree(call.Table, 0, call.DescriptorLimit, out _))
            return Errno.EMFILE;
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.Anonymous.MakeEventPoll(in caller, out OpenFile* file);
        return error == Errno.Ok ? EventCalls.Install(ref call, file, flags) : error;
    }

    private static SystemCallResult Control(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        uint operation = a->UInt1;
        LinuxEpollEvent request = default;
        if (operation != Delete && !call.Read(a->Arg3, out request))
            return call.Failure;
        if (!call.File(a->Int0, out OpenFile* own) || !call.File(a->Int2, out OpenFile* file))
            return call.Failure;
        EventPolls polls = kernel.Files.EventPolls;
        if (!polls.CanWatch(file))
            return Errno.EPERM;
        if (!thread->Process->Credentials.Has(Capability.BlockSuspend))
            request.Events &= ~EventFlags.WakeUp;
        EventPoll* poll = EventPolls.Of(own);
        if (poll == null || own == file || !MayBeExclusive(operation, request.Events, file))
            return Errno.EINVAL;
        EventWatch* watch = EventPolls.Find(poll, file, a->Int2);
        switch (operation)
        {
            case Add:
                return watch != null ? Errno.EEXIST : polls.Add(poll, file, a->Int2, request.Events, request.Data);
            case Delete:
                if (watch == null)
                    return Errno.ENOENT;
                polls.Remove(watch);
                return Errno.Ok;
            case Modify:
                if (watch == null || watch->IsExclusive)
                    return watch == null ? Errno.ENOENT : Errno.EINVAL;
                polls.Modify(watch, request.Events, request.Data);
                return Errno.Ok;
            default:
                return Errno.EINVAL;
        }
    }

    private static bool MayBeExclusive(uint operation, uint events, OpenFile* file)
        => operation == Delete || (events & EventFlags.Exclusive) == 0
            || (operation != Modify && (operation != Add || (EventPolls.Of(file) == null && (events & ~EventFlags.WithExclusive) == 0)));

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase != 0)
            return Run(ref call, a);
        if (!Check(ref call, a))
            return call.Failure;
        Start(ref call, null);
        return Run(ref call, a);
    }

    private static SystemCallResult WaitWithMask(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase != 0)
            return Run(ref call, a);
        SignalSet mask = default;
        if (!ReadMask(ref call, a, ref mask) || !Check(ref call, a))
            return call.Failure;
        Start(ref call, a->Arg4 == 0 ? null : &mask);
        return Run(ref call, a);
    }

    private static SystemCallResult WaitWithTimeAndMask(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase != 0)
            return Run(ref call, a);
        Timespec timeout = default;
        if (a->Arg3 != 0 && !call.Read(a->Arg3, out timeout))
            return call.Failure;
        if (!timeout.IsValid)
            return Errno.EINVAL;
        SignalSet mask = default;
        if (!ReadMask(ref call, a, ref mask) || !Check(ref call, a))
            return call.Failure;
        PollCalls.SetDeadline(ref call, timeout.ToNanoseconds(), a->Arg3 != 0);
        if (a->Arg4 != 0)
            kernel.Signals.ReplaceMaskForCall(thread, mask);
        return Run(ref call, a);
    }

    private static bool ReadMask(ref FileCall call, SystemCallArguments* a, ref SignalSet mask)
    {
        if (a->Arg4 == 0)
            return true;
        call.Failure = Errno.EINVAL;
        return a->Arg5 == sizeof(ulong) && call.Read(a->Arg4, out mask);
    }

    // What is wrong is told before anything waits, and before the program's mask is changed.
    private static bool Check(ref FileCall call, SystemCallArguments* a)
    {
        OpenFile* file = Descriptors.Find(call.Table, a->Int0);
        call.Failure = Errno.EBADF;
        if (file == null || file->Kind == FileKind.PathOnly)
            return false;
        call.Failure = Errno.EINVAL;
        if (a->Int2 is <= 0 or > MostEvents)
            return false;
        ulong bytes = (ulong)a->Int2 * LinuxEpollEvent.Bytes;
        bool isInMemory = a->Arg1 <= AddressSpace.UserEnd && bytes <= AddressSpace.UserEnd - a->Arg1;
        call.Failure = isInMemory ? Errno.EINVAL : Errno.EFAULT;
        return isInMemory && EventPolls.Of(file) != null;
    }

    // The deadline is noted when nothing is ready: the clock is not asked before somebody waits.
    private static void Start(ref FileCall call, SignalSet* mask)
    {
        call.Thread->Call.Phase = PollCalls.StartedPhase;
        if (mask != null)
            call.Kernel.Signals.ReplaceMaskForCall(call.Thread, *mask);
    }

    private static SystemCallResult Run(ref FileCall call, SystemCallArguments* a)
    {
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        EventPoll* poll = EventPolls.Of(file);
        if (poll == null)
            return Errno.EINVAL;
        if (!Collect(ref call, poll, a->Arg1, (ulong)a->Int2))
            return call.Failure;
        ref CallContinuation progress = ref call.Thread->Call;
        if (progress.Progress > 0)
        {
            call.Files.EventPolls.EndLook(poll, call.Thread);
            return SystemCallResult.Done((long)progress.Progress);
        }
        if (progress.DeadlineNanoseconds == 0)
            PollCalls.SetDeadline(ref call, a->Int3);
        // What came while this call waited for a page, or let others run, has woken nobody: the thread was not in the queue.
        if (poll->Ready.First != null && progress.DeadlineNanoseconds > call.Kernel.Now(call.Thread))
            return SystemCallResult.Again;
        if (!PollCalls.Wait(ref call))
            return SystemCallResult.Done(0);
        call.Kernel.Scheduler.BlockAloneOn(call.Thread, &poll->Ready.Waiters);
        return SystemCallResult.BlockedOr(call.Thread->HasSavedBlockedSignals ? Errno.ERESTARTNEVER : Errno.EINTR);
    }

    // Each that was on the list at first is looked at once: Extra0 is how many are left. False with the call's failure.
    private static bool Collect(ref FileCall call, EventPoll* poll, ulong address, ulong most)
    {
        EventPolls polls = call.Files.EventPolls;
        ref CallContinuation at = ref call.Thread->Call;
        if (at.Extra0 == 0)
            at.Extra0 = (ulong)poll->Ready.Count;
        EventWatch* watch = EventPolls.FirstOf(poll);
        for (int steps = 0; watch != null && at.Extra0 > 0 && at.Progress < most; watch = EventPolls.FirstOf(poll))
        {
            if (steps++ == WatchesPerStep)
            {
                polls.EndLook(poll, call.Thread);
                call.Failure = at.Progress > 0 ? SystemCallResult.AgainWith((long)at.Progress) : SystemCallResult.Again;
                return false;
            }
            var told = new LinuxEpollEvent { Events = polls.EventsOf(watch), Data = watch->Data };
            if (told.Events != 0 && !call.Write(address + (at.Progress * LinuxEpollEvent.Bytes), in told))
                return EndAtFault(ref call);
            if (told.Events != 0)
                polls.Delivered(watch);
            else
                polls.Drop(watch);
            at.Progress += told.Events != 0 ? 1UL : 0;
            at.Extra0--;
        }
        at.Extra0 = 0;
        return true;
    }

    // What the program has, it has: only the first event's fault is told.
    private static bool EndAtFault(ref FileCall call)
    {
        if (call.Failure.Outcome == SystemCallOutcome.Blocked || call.Thread->Call.Progress == 0)
            return false;
        call.Thread->Call.Extra0 = 0;
        return true;
    }
}
