namespace Aurora.Posix.Ipc;

/// <summary>Which messages a receiver takes. The values are part of the record format.</summary>
public enum MessageSearch : byte
{
    Any = 0,
    Equal = 1,
    NotEqual = 2,

    /// <summary>The first of the lowest type that is at most this.</summary>
    LessOrEqual = 3,

    /// <summary>The one with this place in the queue, from zero (MSG_COPY).</summary>
    Number = 4,
}

/// <summary>A search and the type it is about.</summary>
public struct MessageChoice
{
    public long Type;
    public MessageSearch Search;

    /// <summary>As a call of msgrcv says it.</summary>
    public static MessageChoice Of(long type, bool isExcept, bool isCopy)
    {
        if (isCopy)
            return new MessageChoice { Search = MessageSearch.Number, Type = type };
        if (type == 0)
            return default;
        if (type < 0)
            return new MessageChoice { Search = MessageSearch.LessOrEqual, Type = type == long.MinValue ? long.MaxValue : -type };
        return new MessageChoice { Search = isExcept ? MessageSearch.NotEqual : MessageSearch.Equal, Type = type };
    }

    public readonly bool Matches(long type) => Search switch
    {
        MessageSearch.Equal => type == Type,
        MessageSearch.NotEqual => type != Type,
        MessageSearch.LessOrEqual => type <= Type,
        _ => true,
    };
}
