// The Aurora system calls with which a program uses a region (msnap_* in guests/include/aurora.h; those about regions as wholes are in
// RegionOrderCalls). A program may do to a region what it shows at the region's address. A persist that is waited for keeps its number as
// progress and the region in Extra0, so that a wait that was captured ends after a restart: durable, or lost; a region that the caller does
// not show any more is lost to it.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class RegionCalls
{
    internal const uint First = SystemCallTable.AuroraFirst + 0x20;
    private const uint Asynchronous = 1;
    internal const uint OfAllThreads = 2;
    private const ulong AllRegions = ulong.MaxValue;
    private const byte Waiting = 1;

    public static void Register(SystemCallTable table)
    {
        table.Register(First + 1, &Persist);
        table.Register(First + 2, &Wait);
        table.Register(First + 8, &Notify);
    }

    /// <summary>The region that a number means, if the caller shows it where it belongs; null otherwise.</summary>
    internal static Region* RegionOf(LinuxKernel kernel, Thread* thread, ulong number)
    {
        Region* region = kernel.Regions.Find(number);
        if (region == null)
            return null;
        var address = new VirtualAddress(kernel.Regions.StatusOf(region).Address);
        return Regions.ShownAt(thread->Process->AddressSpace, address) == region ? region : null;
    }

    private static RegionWriter* WriterOf(Thread* thread, uint flags) => (flags & OfAllThreads) != 0 ? null : &thread->Regions;

    // msnap_persist(md, flags): the number of the persist.
    private static SystemCallResult Persist(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint flags = arguments->UInt1;
        if ((flags & ~(Asynchronous | OfAllThreads)) != 0)
            return Errno.EINVAL;
        if (thread->Call.Phase == 0 && !Begin(kernel, thread, arguments->Arg0, flags, out SystemCallResult other))
            return other;
        if ((flags & Asynchronous) != 0)
            return (long)thread->Call.Progress;
        return Await(kernel, thread, RegionOf(kernel, thread, thread->Call.Extra0), thread->Call.Progress, (long)thread->Call.Progress);
    }

    // False when the call has ended, or waits until it can begin.
    private static bool Begin(LinuxKernel kernel, Thread* thread, ulong number, uint flags, out SystemCallResult other)
    {
        RegionWriter* writer = WriterOf(thread, flags);
        bool isWaitedFor = (flags & Asynchronous) == 0;
        Region** regions = stackalloc Region*[RegionService.MostTogether];
        int count = 1;
        Errno error = Errno.Ok;
        Region* awaited = null;
        if (number == AllRegions)
            error = FindDirty(kernel, thread, writer, regions, out count, out awaited);
        else
            regions[0] = RegionOf(kernel, thread, number);
        if (error == Errno.Ok && count != 0 && regions[0] == null)
            error = Errno.EBADF;
        other = error;
        if ((error is not (Errno.Ok or Errno.EAGAIN)) || count == 0)
            return false;
        ulong epoch = 0;
        if (error == Errno.Ok)
            error = Persist(kernel, regions, count, writer, isWaitedFor, out epoch, out awaited);
        if (error == Errno.EAGAIN)
            kernel.Scheduler.BlockOn(thread, &awaited->Changed);
        other = error == Errno.EAGAIN ? SystemCallResult.Blocked : error;
        thread->Call.Progress = epoch;
        thread->Call.Extra0 = regions[0]->Number;
        thread->Call.Phase = error == Errno.Ok ? Waiting : (byte)0;
        return error == Errno.Ok;
    }

    private static Errno Persist(
        LinuxKernel kernel, Region** regions, int count, RegionWriter* writer, bool isWaitedFor, out ulong epoch, out Region* awaited)
    {
        awaited = regions[0];
        return count == 1
            ? kernel.Regions.Persist(regions[0], writer, isWaitedFor, out epoch)
            : kernel.Regions.PersistTogether(regions, count, writer, isWaitedFor, out epoch, out awaited);
    }

    // The regions of all that the caller shows in which something is dirty, by their addresses. E2BIG: more than can be persisted as one.
    // EAGAIN: not all that is going to be dirty is yet, and the others by themselves would be a part.
    private static Errno FindDirty(
        LinuxKernel kernel, Thread* thread, RegionWriter* writer, Region** regions, out int count, out Region* awaited)
    {
        count = 0;
        awaited = null;
        VirtualAddress at = default;
        for (Region* region; (region = Regions.NextShown(thread->Process->AddressSpace, ref at)) != null;)
        {
            if (!kernel.Regions.IsSettled(region))
            {
                count = 1;
                regions[0] = awaited = region;
                return Errno.EAGAIN;
            }
            bool isNew = new ReadOnlySpan<nint>(regions, count).IndexOf((nint)region) < 0;
            if (!isNew || Regions.DirtyPagesOf(region, writer) == 0)
                continue;
            if (count == RegionService.MostTogether)
                return Errno.E2BIG;
            regions[count++] = region;
        }
        return Errno.Ok;
    }

    private static SystemCallResult Await(LinuxKernel kernel, Thread* thread, Region* region, ulong epoch, long result)
    {
        Errno error = region == null ? Errno.ECANCELED : kernel.Regions.StateOf(region, epoch);
        if (error == Errno.Ok)
            return result;
        // Only a state that was captured can know of one that there never was.
        if (error == Errno.EINVAL && thread->Call.Phase == Waiting)
            return Errno.ECANCELED;
        if (error != Errno.EAGAIN)
            return error;
        kernel.Scheduler.BlockOn(thread, &region->Changed);
        return SystemCallResult.Blocked;
    }

    // msnap_wait(md, epoch)
    private static SystemCallResult Wait(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Region* region = RegionOf(kernel, thread, arguments->Arg0);
        return region == null ? Errno.EBADF : Await(kernel, thread, region, arguments->Arg1, 0);
    }

    // msnap_notify(signal): the one before.
    private static SystemCallResult Notify(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->Arg0 > AddressSpace.LastSignal)
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        long before = space->RegionSignal;
        space->RegionSignal = (byte)arguments->Arg0;
        kernel.Tracked.MarkChanged(&space->Header);
        return before;
    }
}
