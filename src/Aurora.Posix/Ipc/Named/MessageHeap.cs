// The messages of a POSIX queue: a pairing heap (Fredman, Sedgewick, Sleator and Tarjan, 1986), intrusive, the highest priority first and
// of one priority the oldest. Each message has a number, one more than the last before it, so that a restore may put them in in whatever
// order it finds them, each at once.
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
        message->Order = _lastOrder + 1;
        Restore(message);
    }

    /// <summary>Adds a message that has its number.</summary>
    public void Restore(Message* message)
    {
        if (message->Order > _lastOrder)
            _lastOrder = message->Order;
        message->Child = message->Next = null;
        _root = _root == null ? message : Meld(_root, message);
        Count++;
        Bytes += (ulong)message->Bytes;
    }

    /// <summary>Takes out the first one; null when there is none.</summary>
    public Message* Take()
    {
        Message* first = _root;
        if (first == null)
            return null;
        _root = MergePairs(first->Child);
        first->Child = first->Next = null;
        first->Order = 0;
        Count--;
        Bytes -= (ulong)first->Bytes;
        if (_root == null)
            _lastOrder = 0;
        return first;
    }

    private static bool IsBefore(Message* left, Message* right)
        => left->Type != right->Type ? left->Type > right->Type : left->Order < right->Order;

    private static Message* Meld(Message* left, Message* right)
    {
        if (IsBefore(right, left))
        {
            Message* later = left;
            left = right;
            right = later;
        }
        right->Next = left->Child;
        left->Child = right;
        left->Next = null;
        return left;
    }

    // Siblings in pairs from the left, then the results from the right.
    private static Message* MergePairs(Message* first)
    {
        Message* pairs = null;
        while (first != null)
        {
            Message* second = first->Next;
            Message* rest = second == null ? null : second->Next;
            Message* melded = first;
            first->Next = null;
            if (second != null)
            {
                second->Next = null;
                melded = Meld(first, second);
            }
            melded->Next = pairs;
            pairs = melded;
            first = rest;
        }
        Message* result = null;
        while (pairs != null)
        {
            Message* rest = pairs->Next;
            pairs->Next = null;
            result = result == null ? pairs : Meld(result, pairs);
            pairs = rest;
        }
        return result;
    }
}
