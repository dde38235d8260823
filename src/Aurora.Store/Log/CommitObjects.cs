// The objects that the operations of a commit name, so that a clone of one of them finds what was changed of it before without a search
// through all operations: each operation points at its object, whose sum runs along when the operations are gone through in order. Objects
// are found in a tree with four ways at each node, taken by the bits of a scrambled id from the top: no two ids have all of them in common,
// so no way is longer than half of their number. Only commits with clones of their own objects need any of it: until the first one comes,
// which adds all operations before it, nothing is kept.
namespace Aurora.Store;

/// <summary>An object of a commit, in the tree of those.</summary>
internal unsafe struct CommitObject
{
    public ulong Id;

    /// <summary>Runs along while the operations are gone through.</summary>
    public ulong Sum;
    public fixed ulong Below[CommitObjects.Ways];
}

/// <summary>The objects of a commit.</summary>
internal unsafe struct CommitObjects
{
    public const int Ways = 4;
    private const int BitsPerWay = 2;
    private const ulong Scramble = 0x9E3779B97F4A7C15;

    private CommitObject* _first;

    /// <summary>The root of the tree; null before a clone needs it.</summary>
    public readonly CommitObject* First => _first;

    /// <summary>Takes up an operation that is about to become the commit's last one; false when there is no memory.</summary>
    public bool Add(CommitPool pool, StoreCommit* commit, CommitOperation* operation)
    {
        bool isClone = operation->Kind == LogEntryKind.Clone;
        if (_first == null)
        {
            // False for the thousands of a fork.
            bool isOfNamed = isClone && operation->Page >= commit->LowestObject && operation->Page <= commit->HighestObject;
            if (!isOfNamed)
                return true;
            for (CommitOperation* earlier = commit->FirstOperation; earlier != null; earlier = earlier->Next)
            {
                if (!Name(pool, commit, earlier))
                    return false;
            }
        }
        if (isClone)
        {
            CommitObject* first = _first;
            operation->Source = *Find(&first, operation->Page);
        }
        return Name(pool, commit, operation);
    }

    /// <summary>Starts the sums of all objects of the commit again.</summary>
    public readonly void ClearSums(StoreCommit* commit)
    {
        if (_first == null)
            return;
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
            operation->Named->Sum = 0;
    }

    private bool Name(CommitPool pool, StoreCommit* commit, CommitOperation* operation)
    {
        CommitOperation* last = commit->LastOperation;
        operation->Named = last != null && last->Named != null && last->Object == operation->Object ? last->Named : null;
        if (operation->Named != null)
            return true;
        fixed (CommitObject** first = &_first)
        {
            CommitObject** place = Find(first, operation->Object);
            if (*place == null)
            {
                *place = (CommitObject*)pool.Allocate(commit, sizeof(CommitObject));
                if (*place == null)
                    return false;
                **place = new CommitObject { Id = operation->Object };
            }
            operation->Named = *place;
        }
        return true;
    }

    // Where the object is, or would be.
    private static CommitObject** Find(CommitObject** place, ulong id)
    {
        for (ulong bits = id * Scramble; *place != null && (*place)->Id != id; bits <<= BitsPerWay)
            place = (CommitObject**)&(*place)->Below[bits >> (64 - BitsPerWay)];
        return place;
    }
}
