using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Tells processes that a queue that was empty has a message.</summary>
public sealed unsafe class QueueNotices(TrackedObjects tracked, ProcessTable processes, SignalService signals)
{
    /// <summary>
    /// A process wants to be told: Ok, or EBUSY when another one does, or it does already. Who has ended wants nothing any more.
    /// </summary>
    public Errno Begin(NamedQueue* queue, Process* process, QueueNoticeKind kind, int signal, ulong value)
    {
        if (queue->Notice.IsThere && TableOf(queue) != null)
            return Errno.EBUSY;
        queue->Notice = new QueueNotice
        {
            Owner = process->Header.Id,
            Process = process->Id,
            Table = ((DescriptorTable*)process->Descriptors)->Header.Id,
            Space = ((ObjectHeader*)process->AddressSpace)->Id,
            Kind = kind,
            Signal = kind == QueueNoticeKind.Signal ? (byte)signal : (byte)0,
            Value = kind == QueueNoticeKind.Signal ? value : 0,
        };
        tracked.MarkChanged(&queue->Header);
        return Errno.Ok;
    }

    /// <summary>Nobody is told of this queue any more.</summary>
    public void End(NamedQueue* queue)
    {
        queue->Notice = default;
        tracked.MarkChanged(&queue->Header);
    }

    /// <summary>
    /// True if descriptors are those of the process that wants to be told. As Linux compares processes, it does not matter whether it had
    /// others when it asked (execve and unshare give it its own).
    /// </summary>
    internal bool IsOwners(NamedQueue* queue, ObjectId table)
    {
        DescriptorTable* now = TableOf(queue);
        return (now == null ? queue->Notice.Table : now->Header.Id) == table;
    }

    // The descriptors of who wants to be told, or null when it has none any more.
    private DescriptorTable* TableOf(NamedQueue* queue)
    {
        Process* owner = OwnerOf(queue);
        return owner == null ? null : (DescriptorTable*)owner->Descriptors;
    }

    // Null once it is gone, its number perhaps another one's.
    private Process* OwnerOf(NamedQueue* queue)
    {
        Process* owner = processes.Of(tracked.Of(&queue->Header)).FindProcess(queue->Notice.Process);
        return owner != null && owner->Header.Id == queue->Notice.Owner ? owner : null;
    }

    /// <summary>A message that nobody has waited for is the only one of its queue: who wants to be told is, once.</summary>
    internal void Arrived(NamedQueue* queue, Thread* sender)
    {
        QueueNotice notice = queue->Notice;
        if (!notice.IsThere)
            return;
        Process* owner = OwnerOf(queue);
        End(queue);
        if (notice.Kind != QueueNoticeKind.Signal || notice.Signal == 0)
            return;
        bool isSame = owner != null && owner->AddressSpace != null
            && ((ObjectHeader*)owner->AddressSpace)->Id == notice.Space;
        if (!isSame)
            return;
        var info = new SignalInfo
        {
            Number = notice.Signal,
            Code = SignalCode.MessageQueue,
            Origin = sender->Process == owner ? SignalOrigin.Itself : SignalOrigin.Another,
            Pid = sender->Process->Id,
            Uid = sender->Process->Credentials.RealUid,
        };
        info.Value = notice.Value;
        signals.Send(owner, in info);
    }
}
