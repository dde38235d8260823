// The Aurora system calls with which a program uses a region (msnap_* in guests/include/aurora.h; those about regions as wholes are in
// RegionOrderCalls). A program may do to a region what it shows at the region's address. A persist that is waited for keeps its number as
// progress and the region in Extra0, so that a wait that was captured ends after a restart: durable, or lost; a region that the caller does
// not show any more is lost to it.
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
        Errno error = Errno.Ok;
        Region* region = number == AllRegions ? OnlyDirty(thread, writer, out error) : RegionOf(kernel, thread, number);
        if (error == Errno.Ok && region == null)
            error = Errno.EBADF;
        other = number == AllRegions && error == Errno.ENOENT ? 0L : error;
        if (error != Errno.Ok)
            return false;
        error = kernel.Regions.Persist(region, writer, (flags & Asynchronous) == 0, out ulong epoch);
        if (error == Errno.EAGAIN)
            kernel.Scheduler.BlockOn(thread, &region->Changed);
        other = error == Errno.EAGAIN ? SystemCallResult.Blocked : error;
        thread->Call.Progress = epoch;
        thread->Call.Extra0 = region->Number;
        thread->Call.Phase = error == Errno.Ok ? Waiting : (byte)0;
        return error == Errno.Ok;
    }

    // The region of all that the caller shows in which something is dirty. ENOENT: none; EOPNOTSUPP: several, which one commit of the store
    // cannot hold.
    private static Region* OnlyDirty(Thread* thread, RegionWriter* writer, out Errno error)
    {
        Region* only = null;
        VirtualAddress at = default;
        error = Errno.ENOENT;
        for (Region* region; (region = Regions.NextShown(thread->Process->AddressSpace, ref at)) != null;)
        {
            if (region == only || Regions.DirtyPagesOf(region, writer) == 0)
                continue;
            error = only == null ? Errno.Ok : Errno.EOPNOTSUPP;
            only = region;
        }
        return only;
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
