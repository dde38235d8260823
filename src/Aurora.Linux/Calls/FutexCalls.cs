// futex(2). FUTEX_WAIT's continuation: Phase 0 entry, 1 waiting, 2 woken by a waker. A waiter that is dispatched again for any other reason (a
// stop, a signal without a handler) compares its first word again and may return EAGAIN, which every user of a futex must expect.
// Waking and requeueing change the records of many threads: they go in steps, having compared or changed a word once (Progress), with
// how many have been woken in Extra0 and moved, or woken at the second word, in Extra1; the phase stays 0, since they are not waiters.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class FutexCalls
{
    private const int ThreadsPerStep = 256;
    private const uint OperationMask = 0x7F;
    private const uint Private = 0x80;
    private const uint UsesRealtime = 0x100;
    private const uint WaitBitset = 9;

    public static void Register(SystemCallTable table)
    {
        table.Register(202, &Futex);
        table.Register(273, &SetRobustList);
        table.Register(274, &GetRobustList);
    }

    private static SystemCallResult Futex(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint operation = arguments->UInt1 & OperationMask;
        if ((arguments->UInt1 & UsesRealtime) != 0 && operation != WaitBitset)
            return Errno.ENOSYS;
        if ((arguments->Arg0 & 3) != 0 && operation is <= 5 and not 2 or WaitBitset or 10)
            return Errno.EINVAL;
        return operation switch
        {
            0 => Wait(kernel, thread, arguments, uint.MaxValue, isAbsolute: false),
            1 => Wake(kernel, thread, arguments, uint.MaxValue),
            3 => Requeue(kernel, thread, arguments, compares: false),
            4 => Requeue(kernel, thread, arguments, compares: true),
            5 => WakeAfterOperation(kernel, thread, arguments),
            WaitBitset => Wait(kernel, thread, arguments, arguments->UInt5, isAbsolute: true),
            10 => Wake(kernel, thread, arguments, arguments->UInt5),
            _ => Errno.ENOSYS,
        };
    }

    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, uint bitset, bool isAbsolute)
    {
        if (thread->Call.Phase == FutexTable.Woken)
            return 0;
        bool isTimed = arguments->Arg3 != 0;
        Errno interrupted = isTimed ? Errno.ERESTARTBLOCK : Errno.ERESTARTSYS;
        // A signal ends the wait whatever has become of the word meanwhile.
        if (thread->Call.Phase == CallContinuation.FutexWaiting && SignalService.HasDeliverable(thread))
            return interrupted;
        if (isTimed && thread->Call.Phase == 0)
        {
            if (!kernel.Read(thread, arguments->Arg3, out Timespec timeout, out SystemCallResult bad))
                return bad;
            if (!timeout.IsValid)
                return Errno.EINVAL;
            ulong deadline = timeout.ToNanoseconds() + (isAbsolute ? 0 : kernel.Now(thread));
            FutexTable.SetDeadline(thread, deadline, (arguments->UInt1 & UsesRealtime) != 0);
        }
        if (bitset == 0)
            return Errno.EINVAL;
        if (isTimed && thread->Call.Phase == CallContinuation.FutexWaiting && kernel.Futexes.IsLate(thread))
            return Errno.ETIMEDOUT;
        if (!kernel.Read(thread, arguments->Arg0, out uint word, out SystemCallResult failure))
            return failure;
        if (word != arguments->UInt2)
            return Errno.EAGAIN;
        if (isTimed && kernel.Futexes.IsLate(thread))
            return Errno.ETIMEDOUT;
        FutexKey key = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        kernel.Futexes.Enter(thread, in key, bitset);
        return SystemCallResult.BlockedOr(interrupted);
    }

    private static SystemCallResult Wake(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, uint bitset)
    {
        if (bitset == 0)
            return Errno.EINVAL;
        if (!IsThere(kernel, thread, arguments->Arg0, arguments->UInt1, out SystemCallResult failure))
            return failure;
        FutexKey key = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        // Whoever wakes none wakes one.
        return WakeStep(kernel, ref thread->Call.Extra0, in key, Math.Max(1, arguments->Int2), bitset)
            ? (long)thread->Call.Extra0 : SystemCallResult.Again;
    }

    // Wakes up to so many in all; false when there may be more to wake in another step.
    private static bool WakeStep(LinuxKernel kernel, ref ulong sofar, in FutexKey key, int count, uint bitset)
    {
        int left = Bound(kernel, in key, count) - (int)sofar;
        int woken = left > 0 ? kernel.Futexes.Wake(in key, Math.Min(left, ThreadsPerStep), bitset) : 0;
        sofar += (ulong)woken;
        return woken < ThreadsPerStep || woken == left;
    }

    // Those that wait again between two steps are not woken for ever.
    private static int Bound(LinuxKernel kernel, in FutexKey key, int count)
        => Math.Min(count, kernel.Processes.Of(kernel.Tracked.OfGroup(key.Group)).ThreadCount);

    private static SystemCallResult Requeue(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, bool compares)
    {
        if ((arguments->Arg4 & 3) != 0 || arguments->Int2 < 0 || arguments->Int3 < 0)
            return Errno.EINVAL;
        if (!IsThere(kernel, thread, arguments->Arg0, arguments->UInt1, out SystemCallResult missing)
            || !IsThere(kernel, thread, arguments->Arg4, arguments->UInt1, out missing))
            return missing;
        if (compares && thread->Call.Progress == 0)
        {
            if (!kernel.Read(thread, arguments->Arg0, out uint word, out SystemCallResult failure))
                return failure;
            if (word != arguments->UInt5)
                return Errno.EAGAIN;
        }
        FutexKey from = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        FutexKey to = Key(kernel, thread, arguments->Arg4, arguments->UInt1);
        thread->Call.Progress = Math.Max(thread->Call.Progress, 1);
        if (thread->Call.Progress == 1 && !WakeStep(kernel, ref thread->Call.Extra0, in from, arguments->Int2, uint.MaxValue))
            return SystemCallResult.Again;
        bool isDone = from.Equals(in to)
            ? CountStep(kernel, thread, in from, arguments->Int3) : MoveStep(kernel, thread, in from, in to, arguments->Int3);
        return isDone ? (long)(thread->Call.Extra0 + thread->Call.Extra1) : SystemCallResult.Again;
    }

    private static bool MoveStep(LinuxKernel kernel, Thread* thread, in FutexKey from, in FutexKey to, int count)
    {
        int left = Bound(kernel, in from, count) - (int)thread->Call.Extra1;
        int moved = kernel.Futexes.Requeue(in from, in to, Math.Min(left, ThreadsPerStep));
        thread->Call.Extra1 += (ulong)moved;
        return moved < ThreadsPerStep || moved == left;
    }

    // Those that are moved to where they are: by their ids, which stay the same through a restore (Progress is the last one plus 1).
    private static bool CountStep(LinuxKernel kernel, Thread* thread, in FutexKey key, int count)
    {
        ref CallContinuation call = ref thread->Call;
        int left = ThreadsPerStep;
        Thread* each = kernel.Processes.Of(thread).NextThread((int)call.Progress);
        for (; each != null && (int)call.Extra1 < count; each = kernel.Processes.Of(thread).NextThread(each->Id + 1))
        {
            if (left-- == 0)
                return false;
            call.Extra1 += kernel.Futexes.IsWaiter(each, in key) ? 1UL : 0;
            call.Progress = (ulong)each->Id + 1;
        }
        return true;
    }

    // FUTEX_WAKE_OP: *uaddr2 = old op argument; wake uaddr; if old cmp argument, wake uaddr2. Progress is 1 when the word has been changed
    // and did not compare, 2 when it did.
    private static SystemCallResult WakeAfterOperation(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if ((arguments->Arg4 & 3) != 0)
            return Errno.EINVAL;
        if (!IsThere(kernel, thread, arguments->Arg0, arguments->UInt1, out SystemCallResult missing))
            return missing;
        ref CallContinuation call = ref thread->Call;
        if (call.Progress == 0)
        {
            SystemCallResult operated = Operate(kernel, thread, arguments->Arg4, arguments->UInt5);
            if (call.Progress == 0)
                return operated;
        }
        FutexKey first = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        if (!WakeStep(kernel, ref call.Extra0, in first, Math.Max(1, arguments->Int2), uint.MaxValue))
            return SystemCallResult.Again;
        if (call.Progress == 1)
            return (long)call.Extra0;
        FutexKey second = Key(kernel, thread, arguments->Arg4, arguments->UInt1);
        return WakeStep(kernel, ref call.Extra1, in second, Math.Max(1, arguments->Int3), uint.MaxValue)
            ? (long)(call.Extra0 + call.Extra1) : SystemCallResult.Again;
    }

    private static SystemCallResult Operate(LinuxKernel kernel, Thread* thread, ulong address, uint encoded)
    {
        if (!kernel.Read(thread, address, out int old, out SystemCallResult failure))
            return failure;
        int argument = (int)(encoded << 8) >> 20;
        if ((encoded & 0x80000000) != 0)
            argument = 1 << (argument & 31);
        int? value = ((encoded >> 28) & 7) switch
        {
            0 => argument,
            1 => old + argument,
            2 => old | argument,
            3 => old & ~argument,
            4 => old ^ argument,
            _ => null,
        };
        if (value == null)
            return Errno.ENOSYS;
        int written = value.Value;
        if (!kernel.Write(thread, address, in written, out failure))
            return failure;
        thread->Call.Progress = Compare(encoded, old) ? 2UL : 1;
        return 0;
    }

    private static bool Compare(uint encoded, int old)
    {
        int argument = (int)(encoded << 20) >> 20;
        return ((encoded >> 24) & 15) switch
        {
            0 => old == argument,
            1 => old != argument,
            2 => old < argument,
            3 => old <= argument,
            4 => old > argument,
            5 => old >= argument,
            _ => false,
        };
    }

    // A shared word is known by the page it is on, which must be there; of a private one only the address counts.
    private static bool IsThere(LinuxKernel kernel, Thread* thread, ulong address, uint operation, out SystemCallResult failure)
    {
        failure = Errno.EFAULT;
        if (address >= AddressSpace.UserEnd)
            return false;
        if ((operation & Private) != 0)
            return true;
        AccessResult access = kernel.User.Probe(thread->Process->AddressSpace, new VirtualAddress(address), sizeof(uint), false);
        if (!access.IsOk)
            failure = kernel.Stop(thread, in access);
        return access.IsOk;
    }

    private static FutexKey Key(LinuxKernel kernel, Thread* thread, ulong address, uint operation)
        => kernel.Futexes.KeyOf(thread->Process->AddressSpace, address, (operation & Private) != 0);

    private static SystemCallResult SetRobustList(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        const ulong headBytes = 24;
        if (arguments->Arg1 != headBytes)
            return Errno.EINVAL;
        thread->RobustList = arguments->Arg0;
        return 0;
    }

    private static SystemCallResult GetRobustList(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong headBytes = 24;
        Thread* target = arguments->Int0 == 0 ? thread : kernel.Processes.Of(thread).FindThread(arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        if (!ProcessAccess.MayInspect(thread->Process, ref thread->Process->Credentials, target->Process, true))
            return Errno.EPERM;
        ulong head = target->RobustList;
        return kernel.Write(thread, arguments->Arg1, in head, out SystemCallResult failure)
            && kernel.Write(thread, arguments->Arg2, in headBytes, out failure) ? 0 : failure;
    }
}
