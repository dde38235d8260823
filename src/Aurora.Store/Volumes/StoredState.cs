namespace Aurora.Store;

/// <summary>
/// What a volume holds, by the commit that made it what it is: of its own, or, while it has none, of the volume that it was cloned from.
/// What a state holds never changes, and the same state is never made twice while a store is open; what goes back has another one. Without
/// any commit the sequence is 0.
/// </summary>
public readonly struct StoredState(VolumeId volume, ulong sequence)
{
    private readonly ulong _volume = volume.Value;

    public VolumeId Volume => new(_volume);

    public ulong Sequence { get; } = sequence;

    /// <summary>It is not known which.</summary>
    public bool IsNone => _volume == 0;

    public bool IsSameAs(in StoredState other) => _volume == other._volume && Sequence == other.Sequence;
}
