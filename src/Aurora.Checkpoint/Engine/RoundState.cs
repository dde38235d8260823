namespace Aurora.Checkpoint;

/// <summary>When all groups are looked at again (<see cref="CheckpointRounds"/>).</summary>
internal sealed class RoundState
{
    /// <summary>
    /// Somebody waits for a checkpoint, or one that was under way has become durable: a group may be due before its time.
    /// </summary>
    public bool IsAsked { get; set; }

    /// <summary>When all that has ever changed is more than this.</summary>
    public ulong ChangesToLook { get; set; }
    public ulong RecordBytesToLook { get; set; }

    /// <summary>So many fibers are filling commits, or have the memory of one.</summary>
    public int Filling { get; set; }

    /// <summary>At this machine time, whatever has happened.</summary>
    public ulong NextNanoseconds { get; set; }
}
