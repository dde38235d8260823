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
        public ulong LogPosition;
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

    public void Add(ulong sequence, ulong logPosition, ulong bytes, in CommitInfo commit)
    {
        if (Count == _capacity)
            DropFirst();
        Entry* entry = At(Count++);
        entry->Info = new CheckpointInfo { Sequence = sequence, Bytes = bytes, Commit = commit };
        entry->LogPosition = logPosition;
    }

    public ref readonly CheckpointInfo InfoAt(int index) => ref At(index)->Info;

    public bool Contains(ulong sequence)
    {
        for (int i = Count - 1; i >= 0; i--)
        {
            if (At(i)->Info.Sequence == sequence)
                return true;
        }
        return false;
    }

    /// <summary>The newest one.</summary>
    public bool TryGetLast(out CheckpointInfo info)
    {
        info = Count == 0 ? default : At(Count - 1)->Info;
        return Count > 0;
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
