// What does not fit the queue of a thread or process, and so not its record, waits in pieces behind it, each an object of its own: the
// oldest first, in order of their ids. A piece holds signals in order of arrival and is never empty; neighbours that fit one piece become
// one.
using Aurora.Base;

namespace Aurora.Posix.Signals;

/// <summary>
/// A piece of the signals that are queued for a thread or process beyond its queue. Persistent. Protected by the kernel lock.
/// </summary>
public unsafe struct SignalBacklog
{
    public const int Capacity = 64;

    public ObjectHeader Header;

    /// <summary>The thread or process.</summary>
    public ObjectHeader* Owner;
    public SignalBacklog* Next;

    /// <summary>Which signals are in it.</summary>
    public SignalSet Set;
    public int Count;
    public fixed byte Storage[Capacity * SignalInfo.Bytes];

    /// <summary>The signals of a piece; it points to this structure in its slab.</summary>
    public static SignalInfo* Of(SignalBacklog* piece) => (SignalInfo*)piece->Storage;
}
