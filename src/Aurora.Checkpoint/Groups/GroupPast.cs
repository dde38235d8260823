namespace Aurora.Checkpoint;

/// <summary>
/// What a group was that has gone back, while that is still in memory beside what it is now: it holds memory which is about to be free.
/// </summary>
public sealed class GroupPast
{
    /// <summary>The index of its tables; the host's, which never goes back beside others, for none.</summary>
    public ushort Index { get; set; }

    public bool IsThere => Index != 0;
}
