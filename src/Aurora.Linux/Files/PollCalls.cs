// poll and ppoll. Each dispatch asks every descriptor afresh; if none is ready the thread sleeps on the queues of the files it found at first,
// which the call holds (as on Linux, where a descriptor closed meanwhile neither wakes the call nor ends its file), until one is woken or the
// deadline passes. The deadline is absolute and part of the captured call; poll's counts from when it has found nothing ready.
using System;
using System.Runtime.CompilerServices;
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
    /// <summary>Of a call that begins to wait, and of those made alike.</summary>
    public const byte StartedPhase = 1;

    private const int AtOnce = 64;

    public static void Register(SystemCallTable table)
    {
        table.Register(7, &Poll);
        table.Register(271, &PollWithMask);
    }

    private static SystemCallResult Poll(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!FindsNone(ref call, a->Arg0, a->UInt1, out SystemCallResult result))
            return result;
        // The clock is not asked before somebody waits.
        if (thread->Call.Phase == 0)
            SetDeadline(ref call, a->Int2);
        return Await(ref call, a->Arg0, a->UInt1);
    }

    private static SystemCallResult PollWithMask(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (thread->Call.Phase == 0 && !Start(ref call, a->Arg2, a->Arg3, a->Arg4))
            return call.Failure;
        if (FindsNone(ref call, a->Arg0, a->UInt1, out SystemCallResult result))
            result = Await(ref call, a->Arg0, a->UInt1);
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

    /// <summary>As below, for a timeout in milliseconds; a negative one is none.</summary>
    public static void SetDeadline(ref FileCall call, int milliseconds)
        => SetDeadline(ref call, milliseconds < 0 ? Timespec.Forever : (ulong)milliseconds * 1_000_000, milliseconds >= 0);

    /// <summary>Notes when the call's wait ends: now for a zero time-out, never without one.</summary>
    public static void SetDeadline(ref FileCall call, ulong timeoutNanoseconds, bool isTimed)
    {
        ulong now = call.Kernel.Now(call.Thread);
        ulong deadline = timeoutNanoseconds >= ulong.MaxValue - now ? ulong.MaxValue : now + timeoutNanoseconds;
        // Zero would be none that has been noted.
        call.Thread->Call.DeadlineNanoseconds = isTimed ? Math.Max(deadline, 1) : ulong.MaxValue;
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
        => Ask(call.Files.OpenFiles, call.Table, call.Thread, descriptor, interest);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PollEvents Ask(OpenFiles openFiles, DescriptorTable* table, Thread* thread, int descriptor, PollEvents interest)
    {
        OpenFile* file = Descriptors.Find(table, descriptor);
        FileOperations? operations = file == null || file->Kind == FileKind.PathOnly ? null : openFiles.OperationsOf(file);
        return operations is null
            ? PollEvents.Invalid : operations.PollFor(file, interest, thread) & (interest | PollEvents.Always);
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

    // True when nothing is ready; else the result of the call.
    private static bool FindsNone(ref FileCall call, ulong address, uint count, out SystemCallResult result)
    {
        result = Errno.EINVAL;
        if (count > Math.Min(call.DescriptorLimit, DescriptorTable.MaxDescriptors))
            return false;
        bool isScanned = Scan(ref call, address, count, out long ready);
        result = isScanned ? SystemCallResult.Done(ready) : call.Failure;
        return isScanned && ready == 0;
    }

    private static SystemCallResult Await(ref FileCall call, ulong address, uint count)
    {
        if (!Wait(ref call))
            return SystemCallResult.Done(0);
        return RegisterAll(ref call, address, count) ? SystemCallResult.BlockedOr(Errno.ERESTARTNOHAND) : call.Failure;
    }

    [SkipLocalsInit]
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

    [SkipLocalsInit]
    private static bool Scan(ref FileCall call, ulong address, uint count, out long ready)
    {
        Span<LinuxPollDescriptor> buffer = stackalloc LinuxPollDescriptor[AtOnce];
        OpenFiles openFiles = call.Files.OpenFiles;
        DescriptorTable* table = call.Table;
        Thread* thread = call.Thread;
        ready = 0;
        for (uint first = 0; first < count; first += AtOnce)
        {
            Span<LinuxPollDescriptor> part = buffer[..(int)Math.Min(count - first, AtOnce)];
            ulong place = address + ((ulong)first * LinuxPollDescriptor.Bytes);
            if (!call.ReadBytes(place, MemoryMarshal.AsBytes(part)))
                return false;
            foreach (ref LinuxPollDescriptor entry in part)
            {
                entry.Returned = entry.Descriptor < 0
                    ? PollEvents.None : Ask(openFiles, table, thread, entry.Descriptor, entry.Events);
                if (entry.Returned != PollEvents.None)
                    ready++;
            }
            if (!call.WriteBytes(place, MemoryMarshal.AsBytes(part)))
                return false;
        }
        return true;
    }
}
