using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a thread that waits for a System V object.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IpcWaiterRecord
{
    public const int Bytes = 64;

    public ObjectId Thread, Target;
    public ulong Order;
    public ObjectId Message;
    public long Type;
    public ulong MostBytes;
    public IpcWaitKind WaitKind;
    public MessageSearch Search;
    public ushort Result;
    public uint Reserved;
    public ulong Reserved2;
}

/// <summary>Captures waiters and puts them back on the lists on which they stood.</summary>
public sealed unsafe class IpcWaiterCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.IpcWaiter;
    public override int LargestPayload => sizeof(IpcWaiterRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((IpcWaiter*)header));

    public override bool IsSound(ObjectHeader* header)
    {
        IpcWaiter* waiter = (IpcWaiter*)header;
        return IsLive(waiter->Thread, ObjectKind.Thread) && IsLiveOrNone(waiter->Target, TargetOf(waiter->Kind))
            && IsLiveOrNone(waiter->Message, ObjectKind.Message) && IsValid(Describe(waiter)) && IsWhole(waiter);
    }

    private static bool IsWhole(IpcWaiter* waiter)
        => waiter->Thread->IpcWait == waiter && IsInCall(waiter->Thread, waiter->Kind)
            && (waiter->Message == null || waiter->Message->Holder == waiter);

    // A thread whose process is ending has left its call, and will leave this.
    private static bool IsInCall(Thread* thread, IpcWaitKind kind)
        => thread->Process->IsEnding || (thread->Call.Active && thread->Call.Number == kind switch
        {
            IpcWaitKind.Receiver => IpcWaitCalls.Receive, IpcWaitKind.Sender => IpcWaitCalls.Send, _ => uint.MaxValue,
        });

    private static ObjectKind TargetOf(IpcWaitKind kind) => ObjectKind.MessageQueue;

    private static bool IsValid(in IpcWaiterRecord record)
    {
        bool isServed = record.Target.IsNone;
        bool isReceiver = record.WaitKind == IpcWaitKind.Receiver;
        var result = (Errno)record.Result;
        bool hasMessage = !isReceiver || (isServed && result == Errno.Ok);
        return record.WaitKind is IpcWaitKind.Receiver or IpcWaitKind.Sender && record.Reserved == 0 && record.Reserved2 == 0
            && isServed == (record.Order == 0) && hasMessage == !record.Message.IsNone
            && (isServed ? isReceiver || result != Errno.Ok : result == Errno.Ok)
            && result is Errno.Ok or Errno.E2BIG or Errno.EIDRM or Errno.EAGAIN
            && record.Search <= (isReceiver ? MessageSearch.LessOrEqual : MessageSearch.Any)
            && (isReceiver ? record.MostBytes <= long.MaxValue : record.Type == 0 && record.MostBytes == 0);
    }

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
        Result = (ushort)waiter->Result,
    };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out IpcWaiterRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        IpcWaiter* waiter = Ipc.State.Waiters.Allocate();
        if (waiter == null)
            return RestoreStatus.OutOfMemory;
        waiter->Kind = record.WaitKind;
        waiter->Order = record.Order;
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
        return target == null || IpcWaiters.Place(IpcWaiters.ListOf(target, waiter->Kind), waiter)
            ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((IpcWaiter*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
