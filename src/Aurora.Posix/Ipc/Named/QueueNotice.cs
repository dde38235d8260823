using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>How a process is told that a queue has a message. The values are part of the record format.</summary>
public enum QueueNoticeKind : byte
{
    /// <summary>Nobody is told.</summary>
    None = 0,

    /// <summary>By a signal (SIGEV_SIGNAL).</summary>
    Signal = 1,

    /// <summary>Not at all, but nobody else can ask for it meanwhile (SIGEV_NONE).</summary>
    Silent = 2,
}

/// <summary>
/// What mq_notify has asked for; one process at a time may. It ends when a message comes that nobody waits for into an empty queue, when
/// the process closes any descriptor of the queue, and when it says so.
/// </summary>
public struct QueueNotice
{
    /// <summary>The process, and its number; none when nobody has asked.</summary>
    public ObjectId Owner;
    public int Process;

    /// <summary>
    /// Its descriptors when it asked. The notice goes when one of those that it has now and that leads to the queue is closed; once it
    /// is gone, one of these.
    /// </summary>
    public ObjectId Table;

    /// <summary>Its memory when it asked: a program that it has executed since is not told.</summary>
    public ObjectId Space;
    public QueueNoticeKind Kind;

    /// <summary>The signal, or zero for none.</summary>
    public byte Signal;
    public ulong Value;

    public readonly bool IsThere => Kind != QueueNoticeKind.None;

    /// <summary>What a restore and the check before commit both ask.</summary>
    public readonly bool IsValid => Kind <= QueueNoticeKind.Silent && Signal <= (byte)Signals.Signal.Last
        && (Kind == QueueNoticeKind.Signal || (Signal == 0 && Value == 0))
        && (IsThere ? !Owner.IsNone && !Table.IsNone && !Space.IsNone && Process > 0
            : Owner.IsNone && Table.IsNone && Space.IsNone && Process == 0);
}
