// poll and ppoll. Each dispatch asks every descriptor afresh; if none is ready the thread sleeps on the queues of the files it found at first,
// which the call holds (as on Linux, where a descriptor closed meanwhile neither wakes the call nor ends its file), until one is woken or the
// deadline passes. The deadline is absolute and part of the captured call.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxPollDescriptor
{
    public const int Bytes = 8;

    public int Descriptor;
    public PollEvents Events;
    public PollEvents Returned;
}

internal static unsafe class PollCalls
{
    private const byte StartedPhase = 1;
    private const int AtOnce = 32;

    public static void Register(SystemCallTable table)
    {
        table.Register(7, &Poll);
        table.Register(271, &PollWithMask);
    }

    private static SystemCallResult Poll(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase == 0)
        {
            ulong timeout = a->Int2 < 0 ? Timespec.Forever : (ulong)a->Int2 * 1_000_000;
            SetDeadline(ref call, timeout, a->Int2 >= 0);
        }
        return Run(ref call, a->Arg0, a->UInt1);
    }

    private static SystemCallResult PollWithMask(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase == 0 && !Start(ref call, a->Arg2, a->Arg3, a->Arg4))
            return call.Failure;
        SystemCallResult result = Run(ref call, a->Arg0, a->UInt1);
        return result.Outcome == SystemCallOutcome.Done ? ReturnRemaining(ref call, a->Arg2, result) : result;
    }

    /// <summary>The first dispatch of ppoll and pselect6: the deadline, and the mask for the duration of the call.</summary>
    public static bool Start(ref FileCall call, ulong timeoutAddress, ulong maskAddress, ulong maskBytes)
    {
        Timespec timeout = default;
        if (timeoutAddress != 0 && !call.Read(timeoutAddress, out timeout))
            return false;
        SignalSet mask = default;
        if (maskAddress != 0)
        {
            call.Failure = Errno.EINVAL;
            if (maskBytes != sizeof(ulong) || !call.Read(maskAddress, out mask))
                return false;
        }
        call.Failure = Errno.EINVAL;
        if (!timeout.IsValid)
            return false;
        SetDeadline(ref call, timeout.ToNanoseconds(), timeoutAddress != 0);
        if (maskAddress != 0)
            call.Kernel.Signals.ReplaceMaskForCall(call.Thread, mask);
        return true;
    }

    /// <summary>Notes when the call's wait ends: now for a zero time-out, never without one.</summary>
    public static void SetDeadline(ref FileCall call, ulong timeoutNanoseconds, bool isTimed)
    {
        ulong now = call.Kernel.Now(call.Thread);
        ulong deadline = timeoutNanoseconds >= ulong.MaxValue - now ? ulong.MaxValue : now + timeoutNanoseconds;
        call.Thread->Call.DeadlineNanoseconds = isTimed ? deadline : ulong.MaxValue;
        call.Thread->Call.Phase = StartedPhase;
    }

    /// <summary>What ppoll and pselect6 do at their end: tell how much of the time-out was left, if the program's memory allows it.</summary>
    public static SystemCallResult ReturnRemaining(ref FileCall call, ulong timeoutAddress, SystemCallResult result)
    {
        if (timeoutAddress == 0 || result.IsError || KeepsTimeouts(call.Thread))
            return result;
        ulong now = call.Kernel.Now(call.Thread);
        ulong deadline = call.Thread->Call.DeadlineNanoseconds;
        Timespec left = Timespec.From(deadline > now ? deadline - now : 0);
        bool isWritten = call.Write(timeoutAddress, in left);
        return !isWritten && call.Failure.Outcome == SystemCallOutcome.Blocked ? call.Failure : result;
    }

    /// <summary>True for a program with the personality STICKY_TIMEOUTS: what is left of a timeout is not written back.</summary>
    public static bool KeepsTimeouts(Thread* thread) => (thread->Process->Personality & 0x4000000) != 0;

    /// <summary>Sleeps until a queue the thread is on is woken or the deadline passes; false when it has passed.</summary>
    public static bool Wait(ref FileCall call)
    {
        ulong deadline = call.Thread->Call.DeadlineNanoseconds;
        if (deadline <= call.Kernel.Now(call.Thread))
            return false;
        if (deadline != ulong.MaxValue)
            call.Kernel.Scheduler.BlockUntil(call.Thread, deadline);
        return true;
    }

    /// <summary>What a descriptor is ready for.</summary>
    public static PollEvents Ask(ref FileCall call, int descriptor, PollEvents interest)
    {
        OpenFile* file = Descriptors.Find(call.Table, descriptor);
        FileOperations? operations = file == null || file->Kind == FileKind.PathOnly ? null : call.Files.OpenFiles.OperationsOf(file);
        if (operations is null)
            return PollEvents.Invalid;
        return operations.PollFor(file, interest, call.Thread) & (interest | PollEvents.Always);
    }

    /// <summary>
    /// Puts the call's thread on the queues of its file number <paramref name="index"/>: the one it holds, or else the one the descriptor
    /// leads to, which it then holds. False when memory is exhausted.
    /// </summary>
    public static bool Register(ref FileCall call, int index, int descriptor, PollEvents interest)
    {
        if (index >= call.Thread->Files.Count)
        {
            OpenFile* found = Descriptors.Find(call.Table, descriptor);
            call.Failure = Errno.ENOMEM;
            if (found == null || !call.Files.Held.Add(call.Thread, found))
                return found == null;
        }
        OpenFile* file = call.Thread->Files[index];
        // Only a doctored checkpoint has a file missing here.
        if (file != null)
            call.Files.OpenFiles.OperationsOf(file)?.Poll(file, interest, call.Thread);
        return true;
    }

    private static SystemCallResult Run(ref FileCall call, ulong address, uint count)
    {
        if (count > Math.Min(call.DescriptorLimit, DescriptorTable.MaxDescriptors))
            return Errno.EINVAL;
        if (!Scan(ref call, address, count, out long ready))
            return call.Failure;
        if (ready > 0)
            return SystemCallResult.Done(ready);
        bool mayWait = Wait(ref call);
        if (!mayWait)
            return SystemCallResult.Done(0);
        return RegisterAll(ref call, address, count) ? SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND) : call.Failure;
    }

    private static bool RegisterAll(ref FileCall call, ulong address, uint count)
    {
        Span<LinuxPollDescriptor> buffer = stackalloc LinuxPollDescriptor[AtOnce];
        int index = 0;
        for (uint first = 0; first < count; first += AtOnce)
        {
            Span<LinuxPollDescriptor> part = buffer[..(int)Math.Min(count - first, AtOnce)];
            if (!call.ReadBytes(address + ((ulong)first * LinuxPollDescriptor.Bytes), MemoryMarshal.AsBytes(part)))
                return false;
            foreach (ref readonly LinuxPollDescriptor entry in part)
                if (entry.Descriptor >= 0 && !Register(ref call, index++, entry.Descriptor, entry.Events))
                    return false;
        }
        return true;
    }

    private static bool Scan(ref FileCall call, ulong address, uint count, out long ready)
    {
        Span<LinuxPollDescriptor> buffer = stackalloc LinuxPollDescriptor[AtOnce];
        ready = 0;
        for (uint first = 0; first < count; first += AtOnce)
        {
            Span<LinuxPollDescriptor> part = buffer[..(int)Math.Min(count - first, AtOnce)];
            ulong place = address + ((ulong)first * LinuxPollDescriptor.Bytes);
            if (!call.ReadBytes(place, MemoryMarshal.AsBytes(part)))
                return false;
            foreach (ref LinuxPollDescriptor entry in part)
            {
                entry.Returned = entry.Descriptor < 0 ? PollEvents.None : Ask(ref call, entry.Descriptor, entry.Events);
                if (entry.Returned != PollEvents.None)
                    ready++;
            }
            if (!call.WriteBytes(place, MemoryMarshal.AsBytes(part)))
                return false;
        }
        return true;
    }
}
