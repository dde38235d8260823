// The watches of an instance by their numbers: a treap (Aragon and Seidel, "Randomized search trees", 1989) whose priorities are scattered
// object ids, so that it is as deep as a random tree, whatever is put in and taken out in which order. Not captured: a restore makes it
// again.
namespace Aurora.Posix.Files;

/// <summary>Finds, puts in and takes out.</summary>
internal static unsafe class InotifyTree
{
    public static InotifyWatch* Find(InotifyWatch* root, int number)
    {
        while (root != null && root->Number != number)
            root = number < root->Number ? root->Left : root->Right;
        return root;
    }

    /// <summary>The one with the greatest number below this one; null when there is none.</summary>
    public static InotifyWatch* Below(InotifyWatch* root, ulong number)
    {
        InotifyWatch* found = null;
        while (root != null)
        {
            bool isBelow = (ulong)root->Number < number;
            found = isBelow ? root : found;
            root = isBelow ? root->Right : root->Left;
        }
        return found;
    }

    /// <summary>Puts in a watch whose number is not there.</summary>
    public static void Insert(InotifyWatch** root, InotifyWatch* watch)
    {
        InotifyWatch** link = root;
        while (*link != null && PriorityOf(*link) >= PriorityOf(watch))
            link = watch->Number < (*link)->Number ? &(*link)->Left : &(*link)->Right;
        InotifyWatch* rest = *link;
        *link = watch;
        InotifyWatch** less = &watch->Left;
        InotifyWatch** more = &watch->Right;
        while (rest != null)
        {
            if (rest->Number < watch->Number)
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
    public static void Remove(InotifyWatch** root, InotifyWatch* watch)
    {
        InotifyWatch** link = root;
        while (*link != watch)
            link = watch->Number < (*link)->Number ? &(*link)->Left : &(*link)->Right;
        InotifyWatch* left = watch->Left;
        InotifyWatch* right = watch->Right;
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

    private static ulong PriorityOf(InotifyWatch* watch)
    {
        ulong id = watch->Header.Id.Value * 0x9E3779B97F4A7C15;
        return (id ^ (id >> 29)) * 0xBF58476D1CE4E5B9;
    }
}
