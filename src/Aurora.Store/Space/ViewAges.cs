// The ages of the open views, and how many freed blocks wait for each. A block freed by cut f is due at f + 1: it is free once the reusable
// cut has got there. An open view of cut b holds the reusable cut back at b + 1, its limit. So the reusable cut is always the last durable
// one or a limit, and a block waits for the first limit that is not before its due cut; with none, for the last of the views to close.
// Views of one limit are one age.
namespace Aurora.Store;

/// <summary>The limits of the open views, with the blocks that become free when one is the oldest. Protected by the kernel lock.</summary>
internal sealed class ViewAges
{
    /// <summary>No age: what waits for it waits for all views.</summary>
    public const int None = -1;

    private readonly ulong[] _limits = new ulong[StoreMemory.Views];
    private readonly int[] _views = new int[StoreMemory.Views];
    private readonly ulong[] _waiting = new ulong[StoreMemory.Views + 1];

    /// <summary>The limit of the oldest open view; the greatest number when none is open.</summary>
    public ulong Oldest
    {
        get
        {
            int first = First(0);
            return first == None ? ulong.MaxValue : _limits[first];
        }
    }

    /// <summary>Blocks that wait, for whichever age.</summary>
    public ulong TotalWaiting
    {
        get
        {
            ulong total = 0;
            foreach (ulong waiting in _waiting)
                total += waiting;
            return total;
        }
    }

    /// <summary>The age with the first limit at or behind a cut.</summary>
    public int First(ulong due)
    {
        int first = None;
        for (int age = 0; age < _limits.Length; age++)
        {
            if (_views[age] > 0 && _limits[age] >= due && (first == None || _limits[age] < _limits[first]))
                first = age;
        }
        return first;
    }

    /// <summary>An age's limit; also of one just closed.</summary>
    public ulong LimitOf(int age) => _limits[age];

    /// <summary>The blocks that wait for an age.</summary>
    public ref ulong WaitingFor(int age) => ref _waiting[age == None ? _limits.Length : age];

    /// <summary>
    /// A view is opened, of one of the last two cuts: everything that waits here is due by its limit. What the last cut has freed waits
    /// elsewhere while the next one is made.
    /// </summary>
    public void Open(ulong limit)
    {
        int age = First(limit);
        if (age == None || _limits[age] != limit)
        {
            age = 0;
            while (_views[age] != 0)
                age++;
            _limits[age] = limit;
            MoveLaterTo(age);
        }
        _views[age]++;
    }

    /// <summary>A view is closed; what waited for its age, when it was the last one, waits for the next.</summary>
    public void Close(ulong limit)
    {
        int age = First(limit);
        if (--_views[age] > 0)
            return;
        ulong waiting = _waiting[age];
        _waiting[age] = 0;
        WaitingFor(First(limit)) += waiting;
    }

    /// <summary>
    /// Takes out, and counts, what is free now: all of it when no view holds the reusable cut back, else what waits for limits it has
    /// reached.
    /// </summary>
    public ulong Release(ulong reusable, bool isHeldBack)
    {
        ulong free = 0;
        for (int age = 0; age < _waiting.Length; age++)
        {
            bool isReached = age < _limits.Length && _views[age] > 0 && _limits[age] <= reusable;
            if (isHeldBack && !isReached)
                continue;
            free += _waiting[age];
            _waiting[age] = 0;
        }
        return free;
    }

    private void MoveLaterTo(int age)
    {
        for (int later = 0; later < _waiting.Length; later++)
        {
            if (later == age || (later < _limits.Length && (_views[later] == 0 || _limits[later] < _limits[age])))
                continue;
            _waiting[age] += _waiting[later];
            _waiting[later] = 0;
        }
    }
}
