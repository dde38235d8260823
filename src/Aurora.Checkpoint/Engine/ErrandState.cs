using Aurora.Base;
using Aurora.Posix.Persistence;

namespace Aurora.Checkpoint;

/// <summary>What somebody has asked to be done with the checkpoints of a group (<see cref="CheckpointErrands"/>).</summary>
internal unsafe struct ErrandState
{
    /// <summary>The newest tickets whose results are known.</summary>
    public const int KnownResults = 64;

    public CheckpointErrand Errand;
    public int TargetLength;
    public fixed byte Target[EpochSlot.MaxNameBytes];

    /// <summary>The store's present state is another than the one that runs.</summary>
    public bool HasRolledBack;

    /// <summary>
    /// A ring by ticket of errno values. Each caller finds its own result, although the next errand may be done before the caller has had
    /// its turn.
    /// </summary>
    public fixed int Results[KnownResults];
    public ulong TicketBase;
    public ulong TicketsAsked;
    public ulong TicketsServed;
}
