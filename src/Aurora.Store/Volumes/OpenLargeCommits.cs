// The large commits that are open, in a page of their own. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A commit of any size while its parts are submitted. Opaque: use the methods of <see cref="ObjectStore"/>.</summary>
public struct LargeCommit
{
    /// <summary>The volume that it will change; 0 in a free slot.</summary>
    internal ulong Volume;

    /// <summary>The hidden clone that takes the parts; 0 before the turn in which it is made.</summary>
    internal ulong Hidden;

    /// <summary>Pages of data in the parts.</summary>
    internal ulong DataPages;
}

/// <summary>Which volumes have a large commit open.</summary>
internal sealed unsafe class OpenLargeCommits(LargeCommit* slots)
{
    public const int MemoryPages = 1;
    private const int Slots = 64;

    // Slots in use: mostly none, and then every commit of another kind need not look.
    private int _used;

    /// <summary>A slot for a large commit of the volume, or null when all are in use.</summary>
    public LargeCommit* Take(ulong volume)
    {
        for (int i = 0; i < Slots; i++)
        {
            if (slots[i].Volume != 0)
                continue;
            slots[i] = new LargeCommit { Volume = volume };
            _used++;
            return &slots[i];
        }
        return null;
    }

    public void Give(LargeCommit* large)
    {
        *large = default;
        _used--;
    }

    /// <summary>A large commit of the volume is open, or being opened.</summary>
    public bool IsTaken(ulong volume) => Find(volume) != null;

    /// <summary>A large commit of the volume is open.</summary>
    public bool IsOpenOn(ulong volume)
    {
        LargeCommit* large = Find(volume);
        return large != null && large->Hidden != 0;
    }

    /// <summary>The hidden volume takes parts of a large commit, or is being made for one.</summary>
    public bool IsOpen(ulong hidden)
    {
        for (int i = 0; i < Slots && _used != 0; i++)
        {
            if (slots[i].Volume != 0 && slots[i].Hidden == hidden)
                return true;
        }
        return false;
    }

    private LargeCommit* Find(ulong volume)
    {
        for (int i = 0; i < Slots && _used != 0; i++)
        {
            if (slots[i].Volume == volume)
                return &slots[i];
        }
        return null;
    }
}
