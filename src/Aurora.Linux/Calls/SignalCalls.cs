// Signal actions, masks, and waiting for signals. Sending is in KillCalls.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Linux.Signals;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class SignalCalls
{
    private const ulong SetBytes = 8;
    private const int Block = 0;
    private const int Unblock = 1;
    private const int SetMask = 2;

    public static void Register(SystemCallTable table)
    {
        table.Register(13, &Sigaction);
        table.Register(14, &Sigprocmask);
        table.Register(15, &SignalReturn.Call);
        table.Register(34, &Pause);
        table.Register(127, &Sigpending);
        table.Register(128, &Sigtimedwait);
        table.Register(130, &Sigsuspend);
        table.Register(131, &SignalStackCall.Call);
    }

    private static SystemCallResult Sigaction(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        int number = arguments->Int0;
        if (arguments->Arg3 != SetBytes || number is < 1 or > (int)Signal.Last)
            return Errno.EINVAL;
        var signal = (Signal)number;
        bool sets = arguments->Arg1 != 0;
        if (sets && signal is Signal.SIGKILL or Signal.SIGSTOP && sets)
            return Errno.EINVAL;
        SignalAction action = default;
        if (sets && !kernel.Read(thread, arguments->Arg1, out action, out SystemCallResult failure))
            return failure;
        // Flags that the kernel does not know do not stay, by which programs find out about them.
        action.Flags &= SignalAction.KnownFlags;
        SignalAction old = *SignalActions.Of(thread->Process->Actions, signal);
        old.Flags &= SignalAction.KnownFlags;
        if (!kernel.WriteIfWanted(thread, arguments->Arg2, in old, out failure))
            return failure;
        if (!sets)
            return 0;
        kernel.Signals.SetAction(thread->Process, signal, in action);
        kernel.Timers.DispositionChanged(thread->Process, signal);
        return 0;
    }

    private static SystemCallResult Sigprocmask(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg3 != SetBytes)
            return Errno.EINVAL;
        ulong old = thread->BlockedSignals.Bits;
        ulong bits = 0;
        if (arguments->Arg1 != 0 && !kernel.Read(thread, arguments->Arg1, out bits, out SystemCallResult failure))
            return failure;
        if (arguments->Arg1 != 0 && arguments->Int0 is < Block or > SetMask)
            return Errno.EINVAL;
        if (!kernel.WriteIfWanted(thread, arguments->Arg2, in old, out failure))
            return failure;
        if (arguments->Arg1 != 0)
        {
            ulong mask = arguments->Int0 switch
            {
                Block => old | bits,
                Unblock => old & ~bits,
                _ => bits,
            };
            kernel.Signals.SetMask(thread, new SignalSet(mask));
        }
        return 0;
    }

    private static SystemCallResult Pause(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);

    private static SystemCallResult Sigpending(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg1 > SetBytes)
            return Errno.EINVAL;
        ulong pending = thread->Pending.Set.Or(thread->Process->Pending.Set).And(thread->BlockedSignals).Bits;
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg0),
            new ReadOnlySpan<byte>(&pending, (int)arguments->Arg1));
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SystemCallResult Sigsuspend(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg1 != SetBytes)
            return Errno.EINVAL;
        if (thread->Call.Phase == 0)
        {
            if (!kernel.Read(thread, arguments->Arg0, out ulong mask, out SystemCallResult failure))
                return failure;
            kernel.Signals.ReplaceMaskForCall(thread, new SignalSet(mask));
            thread->Call.Phase = 1;
        }
        return SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND);
    }

    private static SystemCallResult Sigtimedwait(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg3 != SetBytes)
            return Errno.EINVAL;
        if (!kernel.Read(thread, arguments->Arg0, out ulong bits, out SystemCallResult failure))
            return failure;
        if (arguments->Arg2 != 0 && thread->Call.DeadlineNanoseconds == 0)
        {
            if (!kernel.Read(thread, arguments->Arg2, out Timespec timeout, out failure))
                return failure;
            if (!timeout.IsValid)
                return Errno.EINVAL;
            thread->Call.DeadlineNanoseconds = kernel.Now(thread) + timeout.ToNanoseconds();
        }
        SignalSet others = new(~new SignalSet(bits).Except(SignalSet.Unstoppable).Bits);
        if (SignalService.Peek(thread, others, out SignalInfo info))
            return Accept(kernel, thread, arguments, others, ref info);
        if (arguments->Arg2 != 0 && kernel.Now(thread) >= thread->Call.DeadlineNanoseconds)
            return Errno.EAGAIN;
        kernel.Scheduler.BlockOn(thread, &thread->Process->SignalArrived);
        if (arguments->Arg2 != 0)
            kernel.Scheduler.BlockUntil(thread, thread->Call.DeadlineNanoseconds);
        return SystemCallResult.BlockedOr(Errno.EINTR);
    }

    private static SystemCallResult Accept(
        LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, SignalSet others, ref SignalInfo info)
    {
        kernel.Timers.Complete(thread->Process, ref info);
        UserSignalInfo user = SignalInfoFormat.ToUser(in info);
        if (!kernel.WriteIfWanted(thread, arguments->Arg1, in user, out SystemCallResult failure))
            return failure;
        kernel.Timers.TakeSignal(thread, others, in info);
        return info.Number;
    }
}
