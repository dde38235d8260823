namespace Aurora.Memory;

/// <summary>
/// The name of a state that groups begin with, which means the same contents for ever (the store's StoredState). The default is none.
/// </summary>
public readonly struct BaseName(ulong volume, ulong sequence)
{
    public ulong Volume { get; } = volume;

    public ulong Sequence { get; } = sequence;

    public bool IsNone => Volume == 0;

    public bool IsSameAs(in BaseName other) => Volume == other.Volume && Sequence == other.Sequence;
}
