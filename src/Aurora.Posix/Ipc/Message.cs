// A message in the kernel: one object, or for longer ones several, each with so much of the text as its record holds. The first one has all
// that is said of the message; the others hang on it. Adding or taking a message changes its own record, and that of a
// System V queue or of the inode of a POSIX one (for its times), and no other message's: its place among those of the queue is a number.
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>A message, or a further part of one. Persistent (<see cref="ObjectKind.Message"/>). Protected by the kernel lock.</summary>
public unsafe struct Message
{
    /// <summary>The most text of one part, in bytes.</summary>
    public const int PartBytes = 2880;

    /// <summary>The longest message there may be, whatever a group's settings say.</summary>
    public const int MostBytes = 1 << 19;

    internal const int InlineBytes = 96;

    public ObjectHeader Header;

    /// <summary>The queue it is in; null for one that is somebody's already, or nobody's yet, and for further parts.</summary>
    public MessageQueue* Queue;

    /// <summary>As above, a POSIX queue.</summary>
    public NamedQueue* Named;

    /// <summary>Its place in the queue: lower ones come first.</summary>
    public ulong Order;

    /// <summary>Its type, above zero; of one for a POSIX queue its priority.</summary>
    public long Type;

    /// <summary>All of its text, in bytes.</summary>
    public int Bytes;

    /// <summary>Further parts: which one, and of what; the first one is 0.</summary>
    public int Part;
    public Message* Head;

    /// <summary>The waiter that sends it or has been given it; then it is in no queue.</summary>
    public IpcWaiter* Holder;

    /// <summary>The text of this part: short ones here.</summary>
    internal byte* Page;
    internal fixed byte Inline[InlineBytes];

    internal Message* NextPart;
    /// <summary>Its rank in a POSIX queue (MessageHeap); elsewhere 0.</summary>
    internal int Rank;
    internal Message* Child;
    internal Message* Next;
    internal Message* Previous;

    /// <summary>How much of the text this part has, in bytes.</summary>
    public readonly int OwnBytes => System.Math.Clamp(Bytes - (Part * PartBytes), 0, PartBytes);

    /// <summary>How many parts a text of so many bytes takes.</summary>
    public static int PartsFor(int bytes) => bytes == 0 ? 1 : (bytes + PartBytes - 1) / PartBytes;
}
