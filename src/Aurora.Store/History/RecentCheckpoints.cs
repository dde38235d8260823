// The recent history: every commit since the cut before the last one can still be read, as that cut's (or the last cut's) trees plus
// the log up to the commit. This is a ring of the newest of them; the rule that nothing two superblocks need is overwritten keeps their
// data. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The newest commits, oldest first.</summary>
internal sealed unsafe class RecentCheckpoints
{
    public const int MemoryPages = 24;

    private struct Entry
    {
        public CheckpointInfo Info;
        public ulong Volume;
    }

    private readonly Entry* _entries;
    private readonly int _capacity;
    private int _first;

    public RecentCheckpoints(byte* memory)
    {
        _entries = (Entry*)memory;
        _capacity = MemoryPages * PageSize.Bytes / sizeof(Entry);
    }

    public int Count { get; private set; }

    public void Add(ulong volume, ulong sequence, ulong bytes, in CommitInfo commit)
    {
        if (Count == _capacity)
            DropFirst();
        Entry* entry = At(Count++);
        entry->Info = new CheckpointInfo { Sequence = sequence, Bytes = bytes, Commit = commit };
        entry->Volume = volume;
    }

    public ref readonly CheckpointInfo InfoAt(int index) => ref At(index)->Info;

    /// <summary>The volume it is of.</summary>
    public ulong VolumeAt(int index) => At(index)->Volume;

    /// <summary>The index of the first one behind a sequence; <see cref="Count"/> when there is none.</summary>
    public int FirstAfter(ulong sequence)
    {
        int first = 0;
        for (int end = Count; first < end;)
        {
            int middle = (first + end) / 2;
            if (At(middle)->Info.Sequence > sequence)
                end = middle;
            else
                first = middle + 1;
        }
        return first;
    }

    public bool Contains(VolumeId volume, ulong sequence)
    {
        for (int i = Count - 1; i >= 0; i--)
        {
            if (At(i)->Info.Sequence == sequence)
                return At(i)->Volume == volume.Value;
        }
        return false;
    }

    /// <summary>Forgets the commits before a sequence: the base they need is gone.</summary>
    public void DropBefore(ulong sequence)
    {
        while (Count > 0 && At(0)->Info.Sequence < sequence)
            DropFirst();
    }

    private Entry* At(int index) => &_entries[(_first + index) % _capacity];

    private void DropFirst()
    {
        _first = (_first + 1) % _capacity;
        Count--;
    }
}
