using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>How it comes that a group goes on from a state that was restored (<see cref="CheckpointLife.ContinueFrom"/>).</summary>
public readonly struct Continuation
{
    private Continuation(bool isCopy, ulong generation, Epoch rollback)
    {
        IsCopy = isCopy;
        Generation = generation;
        Rollback = rollback;
    }

    /// <summary>The machine has started. Whether the group has gone back meanwhile, its volume knows.</summary>
    public static Continuation OfStart => default;

    /// <summary>The state is that of another group, and its volume has no commits yet.</summary>
    public static Continuation OfCopy => new(isCopy: true, 0, default);

    /// <summary>The group was of this generation, and goes back by a commit with this epoch.</summary>
    public static Continuation OfRewind(ulong generation, Epoch rollback) => new(isCopy: false, generation, rollback);

    public bool IsCopy { get; }

    public ulong Generation { get; }

    public Epoch Rollback { get; }
}
