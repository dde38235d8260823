namespace Aurora.Posix.Ipc;

/// <summary>The limits of a group's POSIX message queues, which root may set below /proc/sys/fs/mqueue; Linux's defaults.</summary>
public struct NamedQueueSettings
{
    /// <summary>Messages there may be in a queue, whoever makes it and whatever is set (HARD_MSGMAX).</summary>
    public const int HardMessages = 65536;

    /// <summary>The longest message there may be in bytes, as above.</summary>
    public const int HardBytes = Message.MostBytes;

    /// <summary>The least value of a limit of bytes (MIN_MSGSIZEMAX).</summary>
    public const int LeastBytes = 128;

    /// <summary>What those without CAP_SYS_RESOURCE may ask for: messages, bytes of one; and queues of the group.</summary>
    public int MessagesMax, BytesMax, QueuesMax;

    /// <summary>What a queue has that is made without saying how large.</summary>
    public int MessagesDefault, BytesDefault;

    public static NamedQueueSettings Default => new()
    {
        MessagesMax = 10, BytesMax = 8192, QueuesMax = 256, MessagesDefault = 10, BytesDefault = 8192,
    };

    /// <summary>What a restore and the check before commit both ask: what can be set.</summary>
    public readonly bool IsValid => IsCount(MessagesMax) && IsCount(MessagesDefault) && IsLength(BytesMax) && IsLength(BytesDefault)
        && QueuesMax is >= 0 and <= IpcTable.MaxObjects;

    private static bool IsCount(int count) => count is >= 1 and <= HardMessages;

    private static bool IsLength(int bytes) => bytes is >= LeastBytes and <= HardBytes;
}

/// <summary>How large a queue is to be (struct mq_attr).</summary>
public struct NamedQueueSize
{
    public long MostMessages, MostBytes;

    /// <summary>What a group's queues have of which nobody has said it.</summary>
    public static NamedQueueSize Default(in NamedQueueSettings settings) => new()
    {
        MostMessages = System.Math.Min(settings.MessagesMax, settings.MessagesDefault),
        MostBytes = System.Math.Min(settings.BytesMax, settings.BytesDefault),
    };

    /// <summary>False for what must not be asked for.</summary>
    public readonly bool IsAllowed(in NamedQueueSettings settings, bool isPrivileged)
    {
        long messages = isPrivileged ? NamedQueueSettings.HardMessages : settings.MessagesMax;
        long bytes = isPrivileged ? NamedQueueSettings.HardBytes : settings.BytesMax;
        return MostMessages > 0 && MostBytes > 0 && MostMessages <= messages && MostBytes <= bytes;
    }
}
