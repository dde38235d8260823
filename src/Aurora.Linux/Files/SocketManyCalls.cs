// sendmmsg and recvmmsg: several messages in one call. Which is next is in the call's own words, so that a call that must wait in the
// middle goes on there: the second is the header that is next, the third how many are left and, in its upper half, how many are done, the
// sixth the end of a receive's time. A signal ends a call that has done some with their number.
using System;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SocketManyCalls
{
    private const byte StartedPhase = CallContinuation.WaitPhase | 3;

    // Messages moved before others have their turn.
    private const int MessagesPerStep = 64;

    public static void Register(SystemCallTable table)
    {
        table.Register(299, &Receive);
        table.Register(307, &Send);
    }

    private static SystemCallResult Send(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!SocketCalls.Find(ref call, a->Int0, out OpenFile* file, out Socket* socket))
            return call.Failure;
        if (thread->Call.Phase != StartedPhase)
            Start(thread, a);
        for (int steps = 0; LeftOf(a) > 0; steps++)
        {
            if (steps == MessagesPerStep)
                return SystemCallResult.AgainWith(DoneOf(a));
            SystemCallResult result = call.Probe(a->Arg1 + LinuxMessageOfMany.LengthOffset, sizeof(uint), willWrite: true)
                ? SocketTransferCalls.SendMessage(ref call, file, socket, a->Arg1, a->UInt3) : call.Failure;
            if (!GoesOn(ref call, a, ref result))
                return result;
        }
        return SystemCallResult.Done(DoneOf(a));
    }

    private static SystemCallResult Receive(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase != StartedPhase && !StartReceive(ref call, a))
            return call.Failure;
        if (!SocketCalls.Find(ref call, a->Int0, out OpenFile* file, out Socket* socket))
            return call.Failure;
        for (int steps = 0; LeftOf(a) > 0; steps++)
        {
            if (steps == MessagesPerStep)
                return SystemCallResult.AgainWith(DoneOf(a));
            uint flags = a->UInt3 & ~SocketFlags.WaitForOne;
            if (DoneOf(a) > 0 && (a->UInt3 & SocketFlags.WaitForOne) != 0)
                flags |= SocketFlags.DontWait;
            SystemCallResult result = call.Probe(a->Arg1 + LinuxMessageOfMany.LengthOffset, sizeof(uint), willWrite: true)
                ? SocketTransferCalls.ReceiveMessage(ref call, file, socket, a->Arg1, flags) : call.Failure;
            if (!GoesOn(ref call, a, ref result))
                return Finish(ref call, a, result);
            if (a->Arg5 != 0 && a->Arg5 <= kernel.Now(thread))
                break;
        }
        return Finish(ref call, a, SystemCallResult.Done(DoneOf(a)));
    }

    private static bool StartReceive(ref FileCall call, SystemCallArguments* a)
    {
        ulong end = 0;
        if (a->Arg4 != 0)
        {
            if (!call.Read(a->Arg4, out Timespec time))
                return false;
            call.Failure = Errno.EINVAL;
            if (!time.IsValid)
                return false;
            ulong now = call.Kernel.Now(call.Thread);
            end = now + Math.Min(time.ToNanoseconds(), ulong.MaxValue - now);
        }
        Start(call.Thread, a);
        a->Arg5 = end;
        return true;
    }

    private static void Start(Thread* thread, SystemCallArguments* a)
    {
        thread->Call.Phase = StartedPhase;
        a->Arg2 = Math.Min(a->UInt2, (uint)FileState.MaxVectors);
    }

    private static uint LeftOf(SystemCallArguments* a) => a->UInt2;

    private static long DoneOf(SystemCallArguments* a) => (long)(a->Arg2 >> 32);

    // After a message: true when another one may follow. What has gone wrong behind the first message is not told, and not kept.
    private static bool GoesOn(ref FileCall call, SystemCallArguments* a, ref SystemCallResult result)
    {
        long done = DoneOf(a);
        if (result.Outcome != SystemCallOutcome.Done)
        {
            NotePart(ref call, a, ref result);
            return false;
        }
        if (result.IsError)
        {
            result = done > 0 ? SystemCallResult.Done(done) : result;
            return false;
        }
        call.Write(a->Arg1 + LinuxMessageOfMany.LengthOffset, (uint)result.Value);
        ref CallContinuation at = ref call.Thread->Call;
        at.Progress = at.Extra0 = at.Extra1 = at.DeadlineNanoseconds = 0;
        a->Arg1 += LinuxMessageOfMany.Bytes;
        a->Arg2 = ((ulong)(done + 1) << 32) | (LeftOf(a) - 1);
        return true;
    }

    // The call waits, or lets others run: a signal ends it with the number of messages, of which the last may be moved in part.
    private static void NotePart(ref FileCall call, SystemCallArguments* a, ref SystemCallResult result)
    {
        if (!result.IsInterruptible)
            return;
        long done = DoneOf(a);
        ulong part = call.Thread->Call.Progress;
        if (part > 0)
        {
            call.Write(a->Arg1 + LinuxMessageOfMany.LengthOffset, (uint)part);
            done++;
        }
        if (done > 0)
            result = result.Outcome == SystemCallOutcome.Blocked ? SystemCallResult.BlockedWith(done) : SystemCallResult.AgainWith(done);
    }

    // The program is told what is left of its time.
    private static SystemCallResult Finish(ref FileCall call, SystemCallArguments* a, SystemCallResult result)
    {
        if (result.Outcome != SystemCallOutcome.Done || result.IsError || a->Arg4 == 0)
            return result;
        ulong now = call.Kernel.Now(call.Thread);
        call.Write(a->Arg4, Timespec.From(a->Arg5 > now ? a->Arg5 - now : 0));
        return result;
    }
}
