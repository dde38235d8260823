// A pairing heap of deadlines, intrusive: arming and disarming allocate nothing and have no limit. Earliest first; equal deadlines in no
// particular order. Insert O(1), remove O(log n) amortised. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Time;

/// <summary>All armed deadlines of the machine.</summary>
public sealed unsafe class DeadlineHeap
{
    private DeadlineNode* _root;

    public int Count { get; private set; }

    /// <summary>The earliest deadline, or null.</summary>
    public DeadlineNode* First => _root;

    /// <summary>Arms a node for a moment on its group's clock and on the machine's; one that is armed already moves.</summary>
    public void Arm(DeadlineNode* node, ulong nanoseconds, ulong machineNanoseconds)
    {
        Disarm(node);
        node->Nanoseconds = nanoseconds;
        node->MachineNanoseconds = machineNanoseconds;
        node->Child = node->Next = node->Previous = null;
        node->IsArmed = true;
        _root = _root == null ? node : Meld(_root, node);
        Count++;
    }

    /// <summary>Disarms a node; does nothing when it is not armed.</summary>
    public void Disarm(DeadlineNode* node)
    {
        if (!node->IsArmed)
            return;
        if (node == _root)
        {
            _root = MergePairs(node->Child);
        }
        else
        {
            Detach(node);
            DeadlineNode* orphans = MergePairs(node->Child);
            if (orphans != null)
                _root = Meld(_root, orphans);
        }
        if (_root != null)
            _root->Previous = _root->Next = null;
        node->IsArmed = false;
        node->Child = node->Next = node->Previous = null;
        Count--;
    }

    private static void Detach(DeadlineNode* node)
    {
        Panic.Unless(node->Previous != null, "deadlines: a node is armed but not in the heap"u8);
        if (node->Previous->Child == node)
            node->Previous->Child = node->Next;
        else
            node->Previous->Next = node->Next;
        if (node->Next != null)
            node->Next->Previous = node->Previous;
        node->Next = node->Previous = null;
    }

    private static DeadlineNode* Meld(DeadlineNode* left, DeadlineNode* right)
    {
        if (right->MachineNanoseconds < left->MachineNanoseconds)
        {
            DeadlineNode* later = left;
            left = right;
            right = later;
        }
        right->Previous = left;
        right->Next = left->Child;
        if (right->Next != null)
            right->Next->Previous = right;
        left->Child = right;
        left->Next = left->Previous = null;
        return left;
    }

    // The usual two passes: meld siblings in pairs from the left, then the results from the right. Loops, since guests choose the depth.
    private static DeadlineNode* MergePairs(DeadlineNode* first)
    {
        DeadlineNode* pairs = null;
        while (first != null)
        {
            DeadlineNode* second = first->Next;
            DeadlineNode* rest = second == null ? null : second->Next;
            first->Next = first->Previous = null;
            DeadlineNode* melded = first;
            if (second != null)
            {
                second->Next = second->Previous = null;
                melded = Meld(first, second);
            }
            melded->Next = pairs;
            pairs = melded;
            first = rest;
        }
        DeadlineNode* result = null;
        while (pairs != null)
        {
            DeadlineNode* rest = pairs->Next;
            pairs->Next = null;
            result = result == null ? pairs : Meld(result, pairs);
            pairs = rest;
        }
        return result;
    }
}
