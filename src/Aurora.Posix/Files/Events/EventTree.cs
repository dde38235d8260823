// The watches of an epoll by open file and descriptor: a treap (Aragon and Seidel, "Randomized search trees", 1989) whose priorities are
// scattered object ids, so that it is as deep as a random tree, whatever is put in and taken out in which order. Not captured: a restore
// makes it again.
namespace Aurora.Posix.Files;

/// <summary>Finds, puts in and takes out.</summary>
internal static unsafe class EventTree
{
    public static EventWatch* Find(EventWatch* root, OpenFile* file, int descriptor)
    {
        while (root != null)
        {
            int order = Compare(file, descriptor, root);
            if (order == 0)
                break;
            root = order < 0 ? root->Left : root->Right;
        }
        return root;
    }

    /// <summary>Puts in a watch that is not there.</summary>
    public static void Insert(EventWatch** root, EventWatch* watch)
    {
        EventWatch** link = root;
        while (*link != null && PriorityOf(*link) >= PriorityOf(watch))
            link = Compare(watch->File, watch->Descriptor, *link) < 0 ? &(*link)->Left : &(*link)->Right;
        EventWatch* rest = *link;
        *link = watch;
        EventWatch** less = &watch->Left;
        EventWatch** more = &watch->Right;
        while (rest != null)
        {
            if (Compare(watch->File, watch->Descriptor, rest) > 0)
            {
                *less = rest;
                less = &rest->Right;
                rest = *less;
            }
            else
            {
                *more = rest;
                more = &rest->Left;
                rest = *more;
            }
        }
        *less = *more = null;
    }

    /// <summary>Takes out a watch that is there.</summary>
    public static void Remove(EventWatch** root, EventWatch* watch)
    {
        EventWatch** link = root;
        while (*link != watch)
            link = Compare(watch->File, watch->Descriptor, *link) < 0 ? &(*link)->Left : &(*link)->Right;
        EventWatch* left = watch->Left;
        EventWatch* right = watch->Right;
        while (left != null && right != null)
        {
            if (PriorityOf(left) >= PriorityOf(right))
            {
                *link = left;
                link = &left->Right;
                left = *link;
            }
            else
            {
                *link = right;
                link = &right->Left;
                right = *link;
            }
        }
        *link = left != null ? left : right;
        watch->Left = watch->Right = null;
    }

    private static int Compare(OpenFile* file, int descriptor, EventWatch* other)
    {
        if (file != other->File)
            return file < other->File ? -1 : 1;
        return descriptor.CompareTo(other->Descriptor);
    }

    private static ulong PriorityOf(EventWatch* watch)
    {
        ulong id = watch->Header.Id.Value * 0x9E3779B97F4A7C15;
        return (id ^ (id >> 29)) * 0xBF58476D1CE4E5B9;
    }
}
