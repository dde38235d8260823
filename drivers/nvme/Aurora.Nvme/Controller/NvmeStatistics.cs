namespace Aurora.Nvme;

/// <summary>What a controller has done since bring-up. Counters only grow.</summary>
public sealed class NvmeStatistics
{
    /// <summary>I/O commands put into submission queues.</summary>
    public ulong Commands { get; internal set; }

    /// <summary>I/O commands completed by the controller, with any status.</summary>
    public ulong Completions { get; internal set; }

    /// <summary>I/O commands completed with an error status.</summary>
    public ulong Errors { get; internal set; }

    /// <summary>Commands issued again after an abort or a failure that may pass; those after a reset are not counted.</summary>
    public ulong Reissues { get; internal set; }

    /// <summary>Abort commands sent for commands that were late.</summary>
    public ulong Aborts { get; internal set; }

    /// <summary>Controller resets begun.</summary>
    public ulong Resets { get; internal set; }

    /// <summary>Asynchronous events the controller reported.</summary>
    public ulong Events { get; internal set; }

    /// <summary>Completions that named no outstanding command, and were ignored.</summary>
    public ulong BadCompletions { get; internal set; }

    /// <summary>Writes of submission queue doorbells; below <see cref="Commands"/> when batching pays.</summary>
    public ulong SubmissionDoorbells { get; internal set; }

    /// <summary>Writes of completion queue doorbells; one for each batch of completions.</summary>
    public ulong CompletionDoorbells { get; internal set; }

    /// <summary>Requests that found their queue full and waited in the driver.</summary>
    public ulong Queued { get; internal set; }

    /// <summary>Flushes answered without a command because completed writes are durable already.</summary>
    public ulong FreeFlushes { get; internal set; }

    /// <summary>Waits that did not block the fiber.</summary>
    public ulong PolledWaits { get; internal set; }

    /// <summary>Waits that polled in vain and then blocked.</summary>
    public ulong MissedPolls { get; internal set; }

    /// <summary>Waits that blocked the fiber at least once.</summary>
    public ulong BlockedWaits { get; internal set; }

    /// <summary>The most commands that were ever in flight at once in one queue pair.</summary>
    public int MostInFlight { get; internal set; }
}
