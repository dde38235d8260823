// sls_trace (guests/include/aurora.h): root of the host has the kernel tell what it does, and reads it. What is read tells of all groups.
// One is made at a time, and ends when nobody reads it for some seconds (TraceLog). It is not saved: positions of an earlier boot are
// refused, so who went on behind a power cut learns it.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class TraceCalls
{
    private const uint Start = 1;
    private const uint Stop = 2;
    private const uint Read = 3;

    private const ulong TellFaults = 1;

    // One processor runs.
    private const ulong Processors = 1;

    // Events that are copied at a time: for each the group's number is looked for.
    private const int MostEvents = 16;

    public static void Register(SystemCallTable table) => table.Register(SystemCallTable.AuroraFirst + 26, &Trace);

    private static SystemCallResult Trace(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!kernel.Groups.IsHost(kernel.GroupOf(thread)) || !SlsCalls.MayAdminister(thread))
            return Errno.EPERM;
        switch (arguments->UInt0)
        {
            case Start:
                if ((arguments->Arg2 & ~TellFaults) != 0)
                    return Errno.EINVAL;
                if (!kernel.Trace.IsPossible)
                    return Errno.EOPNOTSUPP;
                bool isBegun = kernel.Trace.Start(arguments->Arg1, (arguments->Arg2 & TellFaults) != 0, out ulong number);
                return isBegun ? (long)number : Errno.EBUSY;
            case Stop:
                if (!kernel.Trace.Knows(arguments->Arg1))
                    return Errno.ECANCELED;
                if (!kernel.Trace.Stop(arguments->Arg1))
                    return Errno.ETIMEDOUT;
                return 0;
            case Read:
                return arguments->Arg1 >= Processors ? Errno.ENOENT : ReadEvents(kernel, thread, arguments);
            default:
                return Errno.EINVAL;
        }
    }

    // The events, and then the position behind them: who is stopped on the way begins again.
    private static SystemCallResult ReadEvents(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!kernel.Read(thread, arguments->Arg2, out ulong position, out SystemCallResult failure))
            return failure;
        if (!kernel.Trace.Knows(position))
            return Errno.ECANCELED;
        kernel.Trace.Hear(position);
        Span<TraceEvent> copies = stackalloc TraceEvent[MostEvents];
        int count;
        do
        {
            ReadOnlySpan<TraceEvent> events = kernel.Trace.From(ref position);
            count = (int)Math.Min((ulong)Math.Min(events.Length, MostEvents), arguments->Arg4);
            events[..count].CopyTo(copies);
        }
        while (!kernel.Trace.IsIntact(position));
        NameGroups(kernel, copies[..count]);
        fixed (TraceEvent* first = copies)
        {
            AccessResult access = kernel.User.Write(
                thread->Process->AddressSpace, new VirtualAddress(arguments->Arg3), new ReadOnlySpan<byte>(first, count * TraceEvent.Size));
            if (!access.IsOk)
                return kernel.Stop(thread, in access);
        }
        return kernel.Write(thread, arguments->Arg2, position + (ulong)count, out failure) ? count : failure;
    }

    // A group that has gone is nobody any more.
    private static void NameGroups(LinuxKernel kernel, Span<TraceEvent> events)
    {
        uint known = TraceEvent.NoGroup;
        uint number = TraceEvent.NoGroup;
        foreach (ref TraceEvent item in events)
        {
            if (item.Group != known)
            {
                known = item.Group;
                ulong found = kernel.Groups.NumberAt(known);
                number = found < TraceEvent.NoGroup ? (uint)found : TraceEvent.NoGroup;
            }
            item.Group = number;
        }
    }
}
