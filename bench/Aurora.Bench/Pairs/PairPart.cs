namespace Aurora.Bench.Pairs;

/// <summary>What of the guest programs is run together, in one boot of each system.</summary>
public enum PairPart
{
    /// <summary>fsync and msync.</summary>
    Files,

    /// <summary>Pages of a region, or of a file, made durable as one.</summary>
    Persists,

    /// <summary>Transactions of a database.</summary>
    Sqlite,

    /// <summary>A program that changes its memory while checkpoints are taken.</summary>
    Pace,

    /// <summary>Programs saved and restored.</summary>
    Dumps,
}
