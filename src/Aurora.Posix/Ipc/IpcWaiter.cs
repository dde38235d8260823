// A thread that waits for a System V object. Linux serves those who wait at once when something comes about: a message is theirs, a
// semaphore has been changed for them, whenever they run again. So who waits is an object: what it waits for, and what it has been given.
// Its thread finds it at each dispatch of its call, and takes what is there before it looks at signals and deadlines; it ends with the
// call, or with the thread. Persistent (ObjectKind.IpcWaiter): after a restore all stand in the order in which they stood.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>What a waiter waits for. The values are part of the record format.</summary>
public enum IpcWaitKind : byte
{
    /// <summary>For a message (msgrcv).</summary>
    Receiver = 1,

    /// <summary>For room for one (msgsnd).</summary>
    Sender = 2,

    /// <summary>For values of semaphores, which it changes or not (semop).</summary>
    Changer = 3,
    Observer = 4,

    /// <summary>For a message of a POSIX queue (mq_timedreceive), and for room in one (mq_timedsend).</summary>
    NamedReceiver = 5,
    NamedSender = 6,
}

/// <summary>One waiting thread; a thread has at most one. Protected by the kernel lock.</summary>
public unsafe struct IpcWaiter
{
    internal const int InlineOperations = 4;
    internal const int OperationBytes = 6;

    public ObjectHeader Header;
    public Thread* Thread;

    /// <summary>The queue or set, on whose list it stands; null once it has been served.</summary>
    public IpcObject* Target;

    /// <summary>How urgent it is at a POSIX queue, by Linux's numbers: lower ones come first. Zero elsewhere.</summary>
    public int Priority;

    /// <summary>Its place among those of its priority: lower ones come first.</summary>
    public ulong Order;
    public IpcWaitKind Kind;

    /// <summary>How it has been served: Ok, or the error of its call.</summary>
    public Errno Result;

    /// <summary>Receivers: which messages, and the longest one in bytes.</summary>
    public MessageChoice Choice;
    public ulong MostBytes;

    /// <summary>Senders: what is to be sent. Receivers that have been served: what they get.</summary>
    public Message* Message;

    /// <summary>Changers and observers: how many operations, and which of them had to wait when they were tried last.</summary>
    public int OperationCount;
    public int Blocking;

    /// <summary>The operations: few of them here, more in a page.</summary>
    internal SemaphoreOperation* Page;
    internal fixed byte Inline[InlineOperations * OperationBytes];

    internal IpcWaiter* Next;
    internal IpcWaiter* Previous;

    /// <summary>What it is to do to its set.</summary>
    public readonly Span<SemaphoreOperation> Operations
    {
        get
        {
            if (Page != null)
                return new Span<SemaphoreOperation>(Page, Math.Clamp(OperationCount, 0, IpcSettings.MostOperations));
            fixed (byte* inline = Inline)
                return new Span<SemaphoreOperation>(inline, Math.Clamp(OperationCount, 0, InlineOperations));
        }
    }

    /// <summary>Its process ends: nothing is done for it any more.</summary>
    public readonly bool IsEnding => Thread->Process->IsEnding;

    /// <summary>It waits at a POSIX queue.</summary>
    public readonly bool IsNamed => Kind is IpcWaitKind.NamedReceiver or IpcWaitKind.NamedSender;

    /// <summary>It has been served, and its call has yet to see it.</summary>
    public readonly bool IsServed => Target == null;
}

/// <summary>Who waits for one object, first come first.</summary>
public unsafe struct IpcWaitList
{
    internal IpcWaiter* First;
    internal IpcWaiter* Last;

    public readonly bool IsEmpty => First == null;
}
