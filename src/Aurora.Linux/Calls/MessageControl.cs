using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>msgctl.</summary>
internal static unsafe class MessageControl
{
    private const int StatusOfIndex = 11;
    private const int Totals = 12;
    private const int StatusOfAny = 13;

    // Figures of an allocator that Linux once had.
    private const int PoolKilobytes = 512000;
    private const int MapEntries = 16384;
    private const int SegmentBytes = 16;

    public static void Register(SystemCallTable table) => table.Register(71, &Control);

    private static SystemCallResult Control(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        int command = a->Int1;
        if (command < 0 || a->Int0 < 0)
            return Errno.EINVAL;
        switch (command)
        {
            case IpcFlags.Information or Totals: return TellLimits(kernel, thread, command == Totals, a->Arg2);
            case IpcFlags.Status or StatusOfIndex or StatusOfAny: return TellStatus(kernel, thread, a->Int0, command, a->Arg2);
            case IpcFlags.Set: return Set(kernel, thread, a->Int0, a->Arg2);
            case IpcFlags.Remove: return Remove(kernel, thread, a->Int0);
            default: return Errno.EINVAL;
        }
    }

    private static SystemCallResult TellLimits(LinuxKernel kernel, Thread* thread, bool tellsTotals, ulong address)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        IpcSettings settings = kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread));
        var limits = new QueueLimits
        {
            LargestMessage = settings.LargestMessage, QueueBytes = settings.QueueBytes, MostQueues = settings.MostQueues,
            SegmentBytes = SegmentBytes, Segments = ushort.MaxValue, Pool = PoolKilobytes, Map = MapEntries, Headers = MapEntries,
        };
        if (tellsTotals)
        {
            limits.Pool = space == null ? 0 : space->Queues.Count;
            limits.Map = space == null ? 0 : (int)Math.Min(space->MessageCount, int.MaxValue);
            limits.Headers = space == null ? 0 : (int)Math.Min(space->MessageBytes, int.MaxValue);
        }
        if (!kernel.Write(thread, address, in limits, out SystemCallResult failure))
            return failure;
        return space == null ? 0 : IpcIds.HighestIndex(&space->Queues);
    }

    private static SystemCallResult TellStatus(LinuxKernel kernel, Thread* thread, int id, int command, ulong address)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        bool isByIndex = command != IpcFlags.Status;
        MessageQueue* queue = space == null ? null : (MessageQueue*)(isByIndex
            ? IpcIds.At(&space->Queues, id & IpcTable.IndexMask) : IpcIds.Find(&space->Queues, id));
        if (queue == null)
            return Errno.EINVAL;
        if (command != StatusOfAny && !IpcAccess.Has(&thread->Process->Credentials, in queue->Ipc, IpcAccess.Read))
            return Errno.EACCES;
        var status = new QueueStatus
        {
            Permissions = IpcPermissions.Of(in queue->Ipc),
            SendSeconds = queue->SendSeconds,
            ReceiveSeconds = queue->ReceiveSeconds,
            ChangeSeconds = queue->ChangeSeconds,
            HeldBytes = queue->Bytes,
            Count = queue->Count,
            MostBytes = queue->MostBytes,
            LastSender = queue->LastSender,
            LastReceiver = queue->LastReceiver,
        };
        return kernel.Write(thread, address, in status, out SystemCallResult failure) ? isByIndex ? queue->Ipc.Id : 0 : failure;
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, int id, ulong address)
    {
        if (!kernel.Read(thread, address, out QueueStatus wanted, out SystemCallResult failure))
            return failure;
        MessageQueue* queue = MessageCalls.Find(kernel, thread, id);
        if (queue == null)
            return Errno.EINVAL;
        Credentials* caller = &thread->Process->Credentials;
        IpcSettings settings = kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread));
        if (!IpcAccess.Owns(caller, in queue->Ipc)
            || (wanted.MostBytes > (ulong)settings.QueueBytes && !caller->Has(Capability.SysResource)))
            return Errno.EPERM;
        if (!wanted.Permissions.IsValid)
            return Errno.EINVAL;
        kernel.Ipc.Queues.Change(queue, wanted.Permissions.Uid, wanted.Permissions.Gid, wanted.Permissions.Mode, wanted.MostBytes);
        return 0;
    }

    private static SystemCallResult Remove(LinuxKernel kernel, Thread* thread, int id)
    {
        MessageQueue* queue = MessageCalls.Find(kernel, thread, id);
        if (queue == null)
            return Errno.EINVAL;
        if (!IpcAccess.Owns(&thread->Process->Credentials, in queue->Ipc))
            return Errno.EPERM;
        kernel.Ipc.Queues.Remove(queue);
        return 0;
    }
}
