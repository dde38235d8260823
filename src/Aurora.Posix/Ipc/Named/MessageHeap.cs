// The messages of a POSIX queue: a leftist heap (Crane, 1972), intrusive, the highest priority first and of one priority the oldest. A
// message's rank is how many right-hand children lead down from it, itself among them, and never more than that of its left-hand child:
// so adding and taking one takes at most some 34 steps in a queue of 65,536, each time. Each message has a number, one more than the last
// before it, so that a restore may put them in in whatever order it finds them. Child is the left-hand child, Next the other.
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>The messages of one queue. Protected by the kernel lock.</summary>
internal unsafe struct MessageHeap
{
    private Message* _root;
    private ulong _lastOrder;

    /// <summary>How many there are, and their bytes of text.</summary>
    public int Count { get; private set; }
    public ulong Bytes { get; private set; }

    /// <summary>The next one to be received, or null.</summary>
    public readonly Message* First => _root;

    /// <summary>Adds a message behind those of its priority.</summary>
    public void Add(Message* message)
    {
        message->Order = _lastOrder >= long.MaxValue ? 1 : _lastOrder + 1;
        Restore(message);
    }

    /// <summary>Adds a message that has its number.</summary>
    public void Restore(Message* message)
    {
        if (_root == null || IsEarlier(_lastOrder, message->Order))
            _lastOrder = message->Order;
        message->Child = message->Next = null;
        message->Rank = 1;
        _root = Meld(_root, message);
        Count++;
        Bytes += (ulong)message->Bytes;
    }

    /// <summary>Takes out the first one; null when there is none.</summary>
    public Message* Take()
    {
        Message* first = _root;
        if (first == null)
            return null;
        _root = Meld(first->Child, first->Next);
        first->Child = first->Next = null;
        first->Rank = 0;
        first->Order = 0;
        Count--;
        Bytes -= (ulong)first->Bytes;
        if (_root == null)
            _lastOrder = 0;
        return first;
    }

    // Numbers go round: after the last one comes 1, and of two the one is before the other that is less than half of all away.
    private static bool IsBefore(Message* left, Message* right)
        => left->Type != right->Type ? left->Type > right->Type : IsEarlier(left->Order, right->Order);

    private static bool IsEarlier(ulong left, ulong right) => (long)((left - right) << 1) < 0;

    private static int RankOf(Message* message) => message == null ? 0 : message->Rank;

    // Goes down along the right-hand children, of which there are as many as the rank says: as deep as the logarithm of the messages.
    private static Message* Meld(Message* left, Message* right)
    {
        if (left == null || right == null)
            return left == null ? right : left;
        if (IsBefore(right, left))
        {
            Message* later = left;
            left = right;
            right = later;
        }
        left->Next = Meld(left->Next, right);
        if (RankOf(left->Child) < RankOf(left->Next))
        {
            Message* lower = left->Child;
            left->Child = left->Next;
            left->Next = lower;
        }
        left->Rank = RankOf(left->Next) + 1;
        return left;
    }
}
