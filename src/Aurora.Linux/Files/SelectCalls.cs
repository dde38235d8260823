// select and pselect6: the same wait as poll, with three bit sets. The sets are read at every dispatch and written only at the end, so a
// call that is dispatched again finds them as the program made them.
using System;
using System.Runtime.InteropServices;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SelectCalls
{
    private const int MaxDescriptors = DescriptorTable.MaxDescriptors;
    private const int SetBytes = MaxDescriptors / 8;

    public static void Register(SystemCallTable table)
    {
        table.Register(23, &Select);
        table.Register(270, &SelectWithMask);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MaskArgument
    {
        public ulong Address;
        public ulong Bytes;
    }

    private static SystemCallResult Select(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase == 0)
        {
            Timeval timeout = default;
            if (a->Arg4 != 0 && !call.Read(a->Arg4, out timeout))
                return call.Failure;
            if (timeout.Seconds < 0 || timeout.Microseconds < 0)
                return Errno.EINVAL;
            // select accepts more than a second in the second field.
            var whole = new Timeval { Seconds = timeout.Seconds, Microseconds = timeout.Microseconds % 1_000_000 };
            ulong extra = (ulong)(timeout.Microseconds / 1_000_000) * 1_000_000_000;
            PollCalls.SetDeadline(ref call, Math.Min(whole.ToNanoseconds() + extra, Timespec.Forever), a->Arg4 != 0);
        }
        SystemCallResult result = Run(ref call, a);
        if (result.Outcome != SystemCallOutcome.Done || result.IsError || a->Arg4 == 0 || PollCalls.KeepsTimeouts(thread))
            return result;
        ulong now = kernel.Now(thread);
        ulong deadline = thread->Call.DeadlineNanoseconds;
        Timeval left = Timeval.From(deadline > now ? deadline - now : 0);
        bool isWritten = call.Write(a->Arg4, in left);
        return !isWritten && call.Failure.Outcome == SystemCallOutcome.Blocked ? call.Failure : result;
    }

    private static SystemCallResult SelectWithMask(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        MaskArgument mask = default;
        if (thread->Call.Phase == 0 && a->Arg5 != 0 && !call.Read(a->Arg5, out mask))
            return call.Failure;
        if (thread->Call.Phase == 0 && !PollCalls.Start(ref call, a->Arg4, mask.Address, mask.Bytes))
            return call.Failure;
        SystemCallResult result = Run(ref call, a);
        return result.Outcome == SystemCallOutcome.Done ? PollCalls.ReturnRemaining(ref call, a->Arg4, result) : result;
    }

    private static SystemCallResult Run(ref FileCall call, SystemCallArguments* a)
    {
        int count = a->Int0;
        if (count < 0)
            return Errno.EINVAL;
        count = Math.Min(count, MaxDescriptors);
        int bytes = (count + 63) / 64 * 8;
        Span<byte> sets = stackalloc byte[3 * SetBytes];
        Span<byte> results = stackalloc byte[3 * SetBytes];
        Span<byte> reads = sets[..bytes];
        Span<byte> writes = sets.Slice(SetBytes, bytes);
        Span<byte> errors = sets.Slice(2 * SetBytes, bytes);
        if (!ReadSet(ref call, a->Arg1, reads) || !ReadSet(ref call, a->Arg2, writes) || !ReadSet(ref call, a->Arg3, errors))
            return call.Failure;
        results.Clear();
        Errno error = Scan(ref call, count, sets, results, out long ready);
        if (error != Errno.Ok)
            return error;
        if (ready == 0 && PollCalls.Wait(ref call))
            return RegisterAll(ref call, count, sets) ? SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND) : call.Failure;
        bool isWritten = WriteSet(ref call, a->Arg1, results[..bytes]) && WriteSet(ref call, a->Arg2, results.Slice(SetBytes, bytes))
            && WriteSet(ref call, a->Arg3, results.Slice(2 * SetBytes, bytes));
        return isWritten ? SystemCallResult.Done(ready) : call.Failure;
    }

    private static Errno Scan(ref FileCall call, int count, scoped Span<byte> sets, scoped Span<byte> results, out long ready)
    {
        ready = 0;
        for (int descriptor = 0; descriptor < count; descriptor++)
        {
            PollEvents interest = InterestIn(sets, descriptor);
            if (interest == PollEvents.None)
                continue;
            PollEvents found = PollCalls.Ask(ref call, descriptor, interest);
            // What is closed while the call sleeps is passed over; only at first is it an error.
            if ((found & PollEvents.Invalid) != 0 && call.Thread->Files.IsHeld)
                continue;
            if ((found & PollEvents.Invalid) != 0)
                return Errno.EBADF;
            int index = descriptor / 8;
            int bit = 1 << (descriptor % 8);
            bool reads = (interest & PollEvents.Readable) != 0;
            bool writes = (interest & PollEvents.Writable) != 0;
            ready += Note(results, index, bit, reads && (found & (PollEvents.Readable | PollEvents.HangUp | PollEvents.Error)) != 0);
            ready += Note(results, SetBytes + index, bit, writes && (found & (PollEvents.Writable | PollEvents.Error)) != 0);
            ready += Note(results, (2 * SetBytes) + index, bit, (interest & found & PollEvents.Priority) != 0);
        }
        return Errno.Ok;
    }

    private static bool RegisterAll(ref FileCall call, int count, scoped ReadOnlySpan<byte> sets)
    {
        int index = 0;
        for (int descriptor = 0; descriptor < count; descriptor++)
        {
            PollEvents interest = InterestIn(sets, descriptor);
            if (interest != PollEvents.None && !PollCalls.Register(ref call, index++, descriptor, interest))
                return false;
        }
        return true;
    }

    private static PollEvents InterestIn(scoped ReadOnlySpan<byte> sets, int descriptor)
    {
        int index = descriptor / 8;
        int bit = 1 << (descriptor % 8);
        return ((sets[index] & bit) != 0 ? PollEvents.Readable : 0)
            | ((sets[SetBytes + index] & bit) != 0 ? PollEvents.Writable : 0)
            | ((sets[(2 * SetBytes) + index] & bit) != 0 ? PollEvents.Priority : 0);
    }

    private static int Note(scoped Span<byte> results, int index, int bit, bool isReady)
    {
        if (!isReady)
            return 0;
        results[index] |= (byte)bit;
        return 1;
    }

    private static bool ReadSet(ref FileCall call, ulong address, scoped Span<byte> set)
    {
        if (address != 0)
            return call.ReadBytes(address, set);
        set.Clear();
        return true;
    }

    private static bool WriteSet(ref FileCall call, ulong address, scoped ReadOnlySpan<byte> set) => address == 0 || call.WriteBytes(address, set);
}
