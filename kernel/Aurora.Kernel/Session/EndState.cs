using Aurora.Base;

namespace Aurora.Kernel;

internal enum EndReason
{
    None,

    /// <summary>Init has ended; its exit status is reported.</summary>
    Exit,
    PowerOff,
    Restart,

    /// <summary>The store's present state is another one now.</summary>
    Rollback,
}

internal enum EndStage
{
    Covering,
    Settling,
    Closing,
}

/// <summary>How far the end of the session has come (SessionEnd).</summary>
internal sealed class EndState
{
    public EndReason Reason { get; set; }
    public EndStage Stage { get; set; }
    public int ExitStatus { get; set; }

    /// <summary>The checkpoint that has to be durable before the session may close.</summary>
    public Epoch LastEpoch { get; set; }

    /// <summary>The launcher has been told that the store or the disk has failed.</summary>
    public bool IsFailureReported { get; set; }

    /// <summary>Nobody looks after the store any more.</summary>
    public bool HasMaintenanceEnded { get; set; }

    /// <summary>The store has been left.</summary>
    public bool IsClosed { get; set; }

    /// <summary>When closing has taken too long.</summary>
    public ulong ClosingEndNanoseconds { get; set; }
}
