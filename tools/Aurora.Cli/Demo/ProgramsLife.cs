namespace Aurora.Cli.Demo;

/// <summary>What was seen of the programs' machine between power-on and kill.</summary>
/// <param name="Number">1 for the life in which they were started.</param>
/// <param name="ResumedEpoch">The checkpoint that it went on from; null when the session was begun, or nothing was heard of it.</param>
/// <param name="IsBegun">The machine began a session.</param>
/// <param name="DurableEpoch">The newest checkpoint that it reported durable; zero for none.</param>
/// <param name="Acknowledged">How many further requests were acknowledged.</param>
/// <param name="IsKilled">It was killed, and had not ended before.</param>
/// <param name="Status">The client's exit status; null when it did not end.</param>
/// <param name="Failure">What was waited for in vain; null for nothing.</param>
internal sealed record ProgramsLife(
    int Number, ulong? ResumedEpoch, bool IsBegun, ulong DurableEpoch, int Acknowledged, bool IsKilled, int? Status, string? Failure)
{
    /// <summary>
    /// Requests were acknowledged, not all of them of the life before: what that had made durable and not shown comes first, and what is
    /// new is shown when a newer checkpoint is durable.
    /// </summary>
    public bool HasWorked => Acknowledged > 0 && DurableEpoch > (ResumedEpoch ?? 0);

    /// <summary>What the machine did at power-on, for people.</summary>
    public string Start => ResumedEpoch is { } epoch ? $"went on from checkpoint {epoch}" : IsBegun ? "began a session" : "said nothing";

    /// <summary>How it ended, for people.</summary>
    public string End => IsKilled ? "killed" : Status is { } status ? $"the client ended with status {status}" : "the machine ended";
}
