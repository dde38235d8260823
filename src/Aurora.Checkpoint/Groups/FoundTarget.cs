// The named checkpoint that was found last. Finding one goes through all that its volume has, and copies are made of one again and again. A
// named checkpoint stays until a commit of its volume drops it, and another gets its name by a commit of that volume: so as long as the
// volume's state has the same name the answer is the same. Protected by the kernel lock.
using System;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Remembers one checkpoint by its name.</summary>
internal sealed unsafe class FoundTarget
{
    private VolumeId _volume;
    private StoredState _state;
    private CheckpointInfo _info;

    /// <summary>The checkpoint of a volume in this state, if it is the one that was found last.</summary>
    public bool TryGet(VolumeId volume, in StoredState state, ReadOnlySpan<byte> name, out CheckpointInfo info)
    {
        info = _info;
        return _volume == volume && _state.IsSameAs(in state) && IsNamed(in info, name);
    }

    /// <summary>It was found in a volume that was in this state; what is not kept by its name is not remembered.</summary>
    public void Note(VolumeId volume, in StoredState state, ReadOnlySpan<byte> name, in CheckpointInfo info)
    {
        if (!info.IsKept || info.IsAutomatic || !IsNamed(in info, name))
            return;
        _volume = volume;
        _state = state;
        _info = info;
    }

    private static bool IsNamed(in CheckpointInfo info, ReadOnlySpan<byte> name)
    {
        fixed (byte* known = info.Commit.Name)
            return info.Commit.NameLength > 0 && new ReadOnlySpan<byte>(known, info.Commit.NameLength).SequenceEqual(name);
    }
}
