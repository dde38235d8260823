// sls_memckpt (guests/include/aurora.h): the memory of one mapping becomes durable, and nothing else of the group. The epoch that is waited
// for is kept as progress, as by sls_checkpoint; a call that waits for a place begins again.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class MemoryCheckpointCall
{
    public const uint Number = SystemCallTable.AuroraFirst + 27;
    private const uint Asynchronous = 1;

    public static void Register(SystemCallTable table) => table.Register(Number, &Checkpoint);

    private static SystemCallResult Checkpoint(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ObjectTracker group = kernel.GroupOf(thread);
        uint flags = arguments->UInt1;
        if (!kernel.Checkpoints.IsKept(group))
            return Errno.EOPNOTSUPP;
        if ((flags & ~Asynchronous) != 0)
            return Errno.EINVAL;
        if (thread->Call.Phase == 0 && !Request(kernel, thread, arguments->Arg0, flags, out SystemCallResult other))
            return other;
        ulong epoch = thread->Call.Progress;
        return (flags & Asynchronous) != 0 ? (long)epoch : SlsCalls.AwaitDurable(kernel, thread, group, epoch, (long)epoch);
    }

    // False when the call has ended, or waits for its turn.
    private static bool Request(
        LinuxKernel kernel, Thread* thread, ulong address, uint flags, out SystemCallResult other)
    {
        ObjectTracker group = kernel.GroupOf(thread);
        bool isAwaited = (flags & Asynchronous) == 0;
        Errno error = Find(thread, address, out Mapping* mapping);
        Epoch epoch = default;
        if (error == Errno.Ok)
            error = kernel.Checkpoints.RequestMemory(group, mapping, isAwaited, out epoch);
        if (error == Errno.EAGAIN)
            kernel.Scheduler.BlockOn(thread, kernel.Checkpoints.DurableOf(group));
        other = error == Errno.EAGAIN ? SystemCallResult.Blocked : error;
        thread->Call.Progress = epoch.Value;
        thread->Call.Phase = (byte)(error == Errno.Ok ? 1 : 0);
        return error == Errno.Ok;
    }

    // What a file or a region holds becomes durable by other means, and a stack without the registers of its thread is of no use.
    private static Errno Find(Thread* thread, ulong address, out Mapping* mapping)
    {
        mapping = null;
        if ((address & PageSize.OffsetMask) != 0)
            return Errno.EINVAL;
        mapping = MappingTable.Find(thread->Process->AddressSpace, new VirtualAddress(address));
        if (mapping == null)
            return Errno.ENOMEM;
        const MappingFlags Kind = MappingFlags.Anonymous | MappingFlags.Stack | MappingFlags.GrowsDown | MappingFlags.Region;
        return (mapping->Flags & Kind) == MappingFlags.Anonymous ? Errno.Ok : Errno.EOPNOTSUPP;
    }
}
