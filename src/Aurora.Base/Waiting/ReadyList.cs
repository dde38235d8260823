// What an epoll is made of, as far as wait queues have to know it: a list of the watched things that may be ready. A watch stands on up
// to three queues, for as long as it watches. When one of them is woken the watch goes to the end of its list at once, and those are
// woken who wait for the list: a wake-up costs those who watch, and nothing when nobody does; and whoever asks for what is ready looks at
// the list, not at all that is watched.
//
//   ReadyWatch  ── places ──►  WaitQueue  of what is watched
//       │ List
//       ▼
//   ReadyList   ── Waiters ──►  threads that wait for its events, woken one at a time
//               └─ Pollers ──►  threads and watches (of other lists) that wait for it not to be empty
//
// That a watch is on its list is all there is of an edge: it is put there once for each wake-up it hears, and taken off by who looks. So
// it is state that is captured, by the order of the watches: an order that is greater is further behind, zero is not on the list. Lists
// are captured by their watches alone. Protected by the kernel lock.
using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>One watched thing. Part of the object that watches (<see cref="Object"/>), which has its order in its record.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ReadyWatch
{
    /// <summary>The most queues that one file is woken through.</summary>
    public const int MaxPlaces = 3;

    /// <summary>No order is beyond this one, however long there is one more with each event.</summary>
    public const ulong MaxOrder = 1UL << 62;

    public ObjectHeader* Object;
    public ReadyList* List;

    /// <summary>What it is told of; zero while it is told of nothing.</summary>
    public uint Interest;

    /// <summary>Each wake-up is for one of those who watch so.</summary>
    public bool IsAlone;
    public byte PlaceCount;

    /// <summary>Where it is on its list.</summary>
    public ulong Order;
    public ReadyWatch* Next;
    public ReadyWatch* Previous;
    public WaitEntry First, Second, Third;

    public readonly bool IsReady => Order != 0;
}

/// <summary>Watches that have heard of something since somebody looked. Zero is empty.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ReadyList
{
    public ReadyWatch* First;
    public ReadyWatch* Last;
    public int Count;
    public WaitQueue Waiters;
    public WaitQueue Pollers;

    /// <summary>Puts a watch that is not ready at the end of its list.</summary>
    public static void Append(ReadyWatch* watch)
    {
        ReadyList* list = watch->List;
        // Only a doctored checkpoint has one near the greatest: then several have that.
        watch->Order = list->Last == null ? 1 : System.Math.Min(list->Last->Order + 1, ReadyWatch.MaxOrder);
        watch->Previous = list->Last;
        watch->Next = null;
        if (list->Last != null)
            list->Last->Next = watch;
        else
            list->First = watch;
        list->Last = watch;
        list->Count++;
    }

    /// <summary>Takes a ready watch off its list.</summary>
    public static void Remove(ReadyWatch* watch)
    {
        ReadyList* list = watch->List;
        if (watch->Previous != null)
            watch->Previous->Next = watch->Next;
        else
            list->First = watch->Next;
        if (watch->Next != null)
            watch->Next->Previous = watch->Previous;
        else
            list->Last = watch->Previous;
        watch->Next = watch->Previous = null;
        watch->Order = 0;
        list->Count--;
    }

    /// <summary>A restore has found a watch with this order; <see cref="Sort"/> puts all of a list where they belong.</summary>
    public static void Collect(ReadyWatch* watch, ulong order)
    {
        Append(watch);
        watch->Order = order;
    }

    /// <summary>Brings what a restore has collected into its order.</summary>
    public static void Sort(ReadyList* list)
    {
        ReadyWatch* rest = list->First;
        for (ReadyWatch* each = rest; ; each = each->Next)
        {
            if (each == null || each->Next == null)
                return;
            if (each->Order > each->Next->Order)
                break;
        }
        for (int run = 1; run < list->Count; run *= 2)
        {
            ReadyWatch* unsorted = rest;
            ReadyWatch** end = &rest;
            while (unsorted != null)
            {
                ReadyWatch* left = unsorted;
                ReadyWatch* right = Cut(left, run);
                unsorted = Cut(right, run);
                end = Merge(left, right, end);
            }
        }
        Relink(list, rest);
    }

    // Ends a run behind so many, and returns what follows it.
    private static ReadyWatch* Cut(ReadyWatch* first, int count)
    {
        for (; first != null && count > 1; count--)
            first = first->Next;
        if (first == null)
            return null;
        ReadyWatch* rest = first->Next;
        first->Next = null;
        return rest;
    }

    private static ReadyWatch** Merge(ReadyWatch* left, ReadyWatch* right, ReadyWatch** end)
    {
        while (left != null || right != null)
        {
            bool takesLeft = right == null || (left != null && left->Order <= right->Order);
            ReadyWatch* taken = takesLeft ? left : right;
            if (takesLeft)
                left = left->Next;
            else
                right = right->Next;
            *end = taken;
            end = &taken->Next;
        }
        *end = null;
        return end;
    }

    private static void Relink(ReadyList* list, ReadyWatch* first)
    {
        list->First = first;
        ReadyWatch* previous = null;
        for (ReadyWatch* each = first; each != null; each = each->Next)
        {
            each->Previous = previous;
            previous = each;
        }
        list->Last = previous;
    }
}
