using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a thread that waits for a System V object; its operations on semaphores follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IpcWaiterRecord
{
    public const int Bytes = 64;

    /// <summary>What one operation takes behind the record: its semaphore, its change, its flags.</summary>
    public const int OperationBytes = 5;

    public ObjectId Thread, Target;
    public ulong Order;
    public ObjectId Message;
    public long Type;
    public ulong MostBytes;
    public IpcWaitKind WaitKind;
    public MessageSearch Search;
    public ushort Result;

    /// <summary>At POSIX queues; zero elsewhere.</summary>
    public int Priority;
    public int OperationCount, Blocking;
}

/// <summary>Captures waiters and puts them back on the lists on which they stood.</summary>
public sealed unsafe class IpcWaiterCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.IpcWaiter;
    public override int LargestPayload
        => sizeof(IpcWaiterRecord) + (IpcSettings.MostOperations * IpcWaiterRecord.OperationBytes);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        IpcWaiter* waiter = (IpcWaiter*)header;
        int length = Write(payload, Describe(waiter));
        foreach (ref readonly SemaphoreOperation operation in waiter->Operations)
        {
            MemoryMarshal.Write(payload[length..], in operation.Semaphore);
            MemoryMarshal.Write(payload[(length + 2)..], in operation.Change);
            payload[length + 4] = (byte)operation.Flags;
            length += IpcWaiterRecord.OperationBytes;
        }
        return length;
    }

    private static void ReadOperations(ReadOnlySpan<byte> tail, Span<SemaphoreOperation> operations)
    {
        for (int i = 0; i < operations.Length; i++)
        {
            ReadOnlySpan<byte> from = tail[(i * IpcWaiterRecord.OperationBytes)..];
            operations[i] = new SemaphoreOperation
            {
                Semaphore = MemoryMarshal.Read<ushort>(from),
                Change = MemoryMarshal.Read<short>(from[2..]),
                Flags = (SemaphoreFlags)from[4],
            };
        }
    }

    public override bool IsSound(ObjectHeader* header)
    {
        IpcWaiter* waiter = (IpcWaiter*)header;
        return IsLive(waiter->Thread, ObjectKind.Thread) && IsLiveOrNone(waiter->Target, TargetOf(waiter->Kind))
            && IsLiveOrNone(waiter->Message, ObjectKind.Message) && IsValid(Describe(waiter))
            && (waiter->OperationCount <= IpcWaiter.InlineOperations || waiter->Page != null) && IsWhole(waiter);
    }

    private static bool IsWhole(IpcWaiter* waiter)
        => waiter->Thread->IpcWait == waiter && IsInCall(waiter->Thread, waiter->Kind)
            && (waiter->Message == null || waiter->Message->Holder == waiter) && HasRoomForMessage(waiter) && AreWhole(waiter);

    // They are about semaphores that there are, and what is to be undone has its place.
    // What a receiver at a POSIX queue gets, or may get, is not longer than its call has said.
    private static bool HasRoomForMessage(IpcWaiter* waiter)
    {
        if (waiter->Kind != IpcWaitKind.NamedReceiver || waiter->Thread->Process->IsEnding)
            return true;
        int bytes = waiter->IsServed ? waiter->Message->Bytes : ((NamedQueue*)waiter->Target)->MostBytes;
        return (ulong)bytes <= waiter->Thread->Call.Arguments.Arg2;
    }

    private static bool AreWhole(IpcWaiter* waiter)
    {
        var set = (SemaphoreSet*)waiter->Target;
        bool changes = false;
        foreach (ref readonly SemaphoreOperation operation in waiter->Operations)
        {
            changes |= operation.Change != 0;
            if ((operation.Flags & ~(SemaphoreFlags.NoWait | SemaphoreFlags.Undo)) != 0)
                return false;
            if (set != null && operation.Semaphore >= set->Count)
                return false;
            if (set != null && (operation.Flags & SemaphoreFlags.Undo) != 0
                && UndoLists.Find(waiter->Thread->UndoList, set, operation.Semaphore / SemaphoreBlock.Semaphores) == null)
                return false;
        }
        return waiter->OperationCount == 0 || changes == (waiter->Kind == IpcWaitKind.Changer);
    }

    // A thread whose process is ending has left its call, and will leave this.
    private static bool IsInCall(Thread* thread, IpcWaitKind kind)
        => thread->Process->IsEnding || (thread->Call.Active && kind switch
        {
            IpcWaitKind.Receiver => thread->Call.Number == IpcWaitCalls.Receive,
            IpcWaitKind.Sender => thread->Call.Number == IpcWaitCalls.Send,
            IpcWaitKind.NamedReceiver => thread->Call.Number == IpcWaitCalls.NamedReceive,
            IpcWaitKind.NamedSender => thread->Call.Number == IpcWaitCalls.NamedSend,
            _ => thread->Call.Number is IpcWaitCalls.Operate or IpcWaitCalls.OperateTimed,
        });

    private static bool IsOperating(IpcWaitKind kind) => kind is IpcWaitKind.Changer or IpcWaitKind.Observer;

    private static bool IsNamed(IpcWaitKind kind) => kind is IpcWaitKind.NamedReceiver or IpcWaitKind.NamedSender;

    private static ObjectKind TargetOf(IpcWaitKind kind)
        => IsOperating(kind) ? ObjectKind.SemaphoreSet : IsNamed(kind) ? ObjectKind.NamedQueue : ObjectKind.MessageQueue;

    private static bool IsValid(in IpcWaiterRecord record)
    {
        bool isServed = record.Target.IsNone;
        return record.WaitKind is >= IpcWaitKind.Receiver and <= IpcWaitKind.NamedSender
            && isServed == (record.Order == 0) && record.Order <= long.MaxValue && (isServed || record.Result == 0)
            && (IsNamed(record.WaitKind) ? record.Priority is >= 0 and <= IpcWaiters.LastPriority : record.Priority == 0)
            && (IsOperating(record.WaitKind) ? IsValidOperating(in record)
                : IsNamed(record.WaitKind) ? IsValidNamed(in record) : IsValidMessaging(in record));
    }

    private static bool IsValidMessaging(in IpcWaiterRecord record)
    {
        bool isServed = record.Target.IsNone;
        bool isReceiver = record.WaitKind == IpcWaitKind.Receiver;
        var result = (Errno)record.Result;
        bool hasMessage = !isReceiver || (isServed && result == Errno.Ok);
        return hasMessage == !record.Message.IsNone && (!isServed || isReceiver || result != Errno.Ok)
            && result is Errno.Ok or Errno.E2BIG or Errno.EIDRM or Errno.EAGAIN
            && record.Search <= (isReceiver ? MessageSearch.LessOrEqual : MessageSearch.Any)
            && (isReceiver ? record.MostBytes <= long.MaxValue : record.Type == 0 && record.MostBytes == 0)
            && record.OperationCount == 0 && record.Blocking == 0;
    }

    // A receiver that has been served has a message; a sender has his until then.
    private static bool IsValidNamed(in IpcWaiterRecord record)
        => (record.Target.IsNone == (record.WaitKind == IpcWaitKind.NamedReceiver)) == !record.Message.IsNone
            && record.Result == 0 && record.Type == 0 && record.MostBytes == 0 && record.Search == MessageSearch.Any
            && record.OperationCount == 0 && record.Blocking == 0;

    private static bool IsValidOperating(in IpcWaiterRecord record)
        => record.Message.IsNone && record.Type == 0 && record.MostBytes == 0 && record.Search == MessageSearch.Any
            && record.OperationCount is > 0 and <= IpcSettings.MostOperations
            && record.Blocking >= 0 && record.Blocking < record.OperationCount
            && (Errno)record.Result is Errno.Ok or Errno.ERANGE or Errno.EAGAIN or Errno.EIDRM;

    private static IpcWaiterRecord Describe(IpcWaiter* waiter) => new()
    {
        Thread = IdOf(waiter->Thread),
        Target = IdOf(waiter->Target),
        Order = waiter->Order,
        Message = IdOf(waiter->Message),
        Type = waiter->Choice.Type,
        MostBytes = waiter->MostBytes,
        WaitKind = waiter->Kind,
        Search = waiter->Choice.Search,
        Priority = waiter->Priority,
        Result = (ushort)waiter->Result,
        OperationCount = waiter->OperationCount,
        Blocking = waiter->Blocking,
    };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out IpcWaiterRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> tail = payload[sizeof(IpcWaiterRecord)..];
        if (!IsValid(in record) || tail.Length != record.OperationCount * IpcWaiterRecord.OperationBytes)
            return RestoreStatus.BadRecord;
        IpcWaiter* waiter = Ipc.State.Waiters.Allocate();
        if (waiter == null || !Ipc.Waiters.HasRoom(waiter, record.OperationCount))
            return RestoreStatus.OutOfMemory;
        ReadOperations(tail, waiter->Operations);
        waiter->Blocking = record.Blocking;
        waiter->Kind = record.WaitKind;
        waiter->Order = record.Order;
        waiter->Priority = record.Priority;
        waiter->Result = (Errno)record.Result;
        waiter->Choice = new MessageChoice { Type = record.Type, Search = record.Search };
        waiter->MostBytes = record.MostBytes;
        tracker.Adopt(&waiter->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        IpcWaiter* waiter = (IpcWaiter*)header;
        IpcWaiterRecord record = Reread<IpcWaiterRecord>(payload);
        Thread* thread = (Thread*)tracker.Find(record.Thread, ObjectKind.Thread);
        IpcObject* target = (IpcObject*)tracker.Find(record.Target, TargetOf(waiter->Kind));
        Message* message = (Message*)tracker.Find(record.Message, ObjectKind.Message);
        if (thread == null || (target == null && !record.Target.IsNone) || (message == null && !record.Message.IsNone))
            return RestoreStatus.MissingReference;
        if (thread->IpcWait != null || (message != null && (message->Holder != null || message->Part != 0)))
            return RestoreStatus.BadRecord;
        waiter->Thread = thread;
        thread->IpcWait = waiter;
        waiter->Message = message;
        if (message != null)
            message->Holder = waiter;
        waiter->Target = target;
        if (target != null && !IpcWaiters.Place(IpcWaiters.ListOf(target, waiter->Kind), waiter))
            return RestoreStatus.BadRecord;
        if (target != null)
            IpcWaiters.CountComplex(waiter, 1);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((IpcWaiter*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
