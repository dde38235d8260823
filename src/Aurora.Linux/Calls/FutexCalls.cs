// futex(2). FUTEX_WAIT's continuation: Phase 0 entry, 1 waiting, 2 woken by a waker. A waiter that is dispatched again for any other reason (a
// stop, a signal without a handler) compares its first word again and may return EAGAIN, which every user of a futex must expect.
// Waking and requeueing change the records of many threads: they go in steps, FUTEX_CMP_REQUEUE having compared once (Progress), with
// how many have been woken in Extra0 and moved in Extra1; the phase stays 0, since they are not waiters.
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
        if (thread->Call.Phase == FutexTable.Waiting && SignalService.HasDeliverable(thread))
            return interrupted;
        if (isTimed && thread->Call.Phase == 0)
        {
            if (!kernel.Read(thread, arguments->Arg3, out Timespec timeout, out SystemCallResult bad))
                return bad;
            if (!timeout.IsValid)
                return Errno.EINVAL;
            thread->Call.DeadlineNanoseconds = DeadlineOf(kernel, arguments->UInt1, timeout.ToNanoseconds(), isAbsolute);
        }
        if (bitset == 0)
            return Errno.EINVAL;
        if (isTimed && thread->Call.Phase == FutexTable.Waiting && kernel.Scheduler.NowNanoseconds >= thread->Call.DeadlineNanoseconds)
            return Errno.ETIMEDOUT;
        if (!kernel.Read(thread, arguments->Arg0, out uint word, out SystemCallResult failure))
            return failure;
        if (word != arguments->UInt2)
            return Errno.EAGAIN;
        if (isTimed && kernel.Scheduler.NowNanoseconds >= thread->Call.DeadlineNanoseconds)
            return Errno.ETIMEDOUT;
        FutexKey key = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        kernel.Futexes.Enter(thread, in key, bitset);
        return SystemCallResult.BlockedOr(interrupted);
    }

    /// <summary>True for a thread that waits for a futex until a moment of real time.</summary>
    internal static bool IsUntilRealtime(Thread* thread)
        => thread->Call.Number == FutexTable.Number && thread->Call.Phase == FutexTable.Waiting
            && thread->Call.Arguments.UInt1 == (WaitBitset | UsesRealtime | (thread->Call.Arguments.UInt1 & Private));

    private static ulong DeadlineOf(LinuxKernel kernel, uint operation, ulong time, bool isAbsolute)
    {
        ulong now = kernel.Scheduler.NowNanoseconds;
        if (!isAbsolute)
            return now + time;
        if ((operation & UsesRealtime) == 0)
            return time;
        ulong realtime = kernel.Clock.RealtimeNanoseconds;
        return now + (time > realtime ? time - realtime : 0);
    }

    private static SystemCallResult Wake(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, uint bitset)
    {
        if (bitset == 0)
            return Errno.EINVAL;
        if (!IsThere(kernel, thread, arguments->Arg0, arguments->UInt1, out SystemCallResult failure))
            return failure;
        FutexKey key = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        // Whoever wakes none wakes one.
        return WakeStep(kernel, thread, in key, Math.Max(1, arguments->Int2), bitset) ? (long)thread->Call.Extra0 : SystemCallResult.Again;
    }

    // Wakes up to so many in all; false when there may be more to wake in another step.
    private static bool WakeStep(LinuxKernel kernel, Thread* thread, in FutexKey key, int count, uint bitset)
    {
        int left = count - (int)thread->Call.Extra0;
        int woken = left > 0 ? kernel.Futexes.Wake(in key, Math.Min(left, ThreadsPerStep), bitset) : 0;
        thread->Call.Extra0 += (ulong)woken;
        return woken < ThreadsPerStep || woken == left;
    }

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
        thread->Call.Progress = 1;
        if (!WakeStep(kernel, thread, in from, arguments->Int2, uint.MaxValue))
            return SystemCallResult.Again;
        int left = arguments->Int3 - (int)thread->Call.Extra1;
        bool staysThere = from.Equals(in to);
        int moved = kernel.Futexes.Requeue(in from, in to, staysThere ? left : Math.Min(left, ThreadsPerStep));
        thread->Call.Extra1 += (ulong)moved;
        if (moved == ThreadsPerStep && moved < left && !staysThere)
            return SystemCallResult.Again;
        return (long)(thread->Call.Extra0 + thread->Call.Extra1);
    }

    // FUTEX_WAKE_OP: *uaddr2 = old op argument; wake uaddr; if old cmp argument, wake uaddr2.
    private static SystemCallResult WakeAfterOperation(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if ((arguments->Arg4 & 3) != 0)
            return Errno.EINVAL;
        uint encoded = arguments->UInt5;
        if (!IsThere(kernel, thread, arguments->Arg0, arguments->UInt1, out SystemCallResult missing))
            return missing;
        if (!kernel.Read(thread, arguments->Arg4, out int old, out SystemCallResult failure))
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
        if (!kernel.Write(thread, arguments->Arg4, in written, out failure))
            return failure;
        FutexKey first = Key(kernel, thread, arguments->Arg0, arguments->UInt1);
        int woken = kernel.Futexes.Wake(in first, Math.Max(1, arguments->Int2), uint.MaxValue);
        if (!Compare(encoded, old))
            return woken;
        FutexKey second = Key(kernel, thread, arguments->Arg4, arguments->UInt1);
        return woken + kernel.Futexes.Wake(in second, Math.Max(1, arguments->Int3), uint.MaxValue);
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
        Thread* target = arguments->Int0 == 0 ? thread : kernel.Processes.FindThread(arguments->Int0);
        if (target == null)
            return Errno.ESRCH;
        if (!ProcessAccess.MayInspect(thread->Process, ref thread->Process->Credentials, target->Process, true))
            return Errno.EPERM;
        ulong head = target->RobustList;
        return kernel.Write(thread, arguments->Arg1, in head, out SystemCallResult failure)
            && kernel.Write(thread, arguments->Arg2, in headBytes, out failure) ? 0 : failure;
    }
}
