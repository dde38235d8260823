namespace Aurora.Nvme.Tests.Model;

/// <summary>What kind of controller the model is. The defaults are an ordinary well-behaved one.</summary>
public sealed record ModelOptions
{
    public int Seed { get; init; } = 1;
    public int MaximumQueueEntries { get; init; } = 1024;
    public int DoorbellStrideShift { get; init; }

    /// <summary>CAP.TO, in 500 ms units.</summary>
    public int ReadyTimeoutUnits { get; init; } = 2;

    /// <summary>How long the controller really takes to become ready or to stop.</summary>
    public ulong ReadyDelayNanoseconds { get; init; } = 30_000;
    public bool NeverReady { get; init; }
    public bool NeverStops { get; init; }
    public bool FatalOnEnable { get; init; }

    /// <summary>The state the host finds: enabled and ready, or enabled and on the way to ready.</summary>
    public bool FoundEnabled { get; init; }
    public bool FoundReady { get; init; }
    public bool HasNvmCommandSet { get; init; } = true;
    public int MinimumPageShift { get; init; } = 12;
    public uint Version { get; init; } = 0x0001_0400;
    public ulong BarBytes { get; init; } = 0x4000;
    public byte MaximumTransferShift { get; init; } = 7;
    public string SerialNumber { get; init; } = "SERIAL-7";

    /// <summary>The most Asynchronous Event Requests outstanding.</summary>
    public int EventRequests { get; init; } = 4;

    /// <summary>Whether an Abort ends its command; otherwise it says that it could not.</summary>
    public bool AbortsWork { get; init; } = true;

    /// <summary>WZSL, DMRL, DMRSL, DMSL; null for a controller that does not know the data structure.</summary>
    public (byte ZeroesShift, byte Ranges, uint RangeBlocks, ulong Blocks)? Limits { get; init; }
    public byte ControllerType { get; init; } = 1;
    public byte SubmissionEntrySizes { get; init; } = 0x66;
    public byte CompletionEntrySizes { get; init; } = 0x44;
    public bool HasDatasetManagement { get; init; } = true;
    public bool HasWriteZeroes { get; init; } = true;
    public bool HasWriteCache { get; init; } = true;
    public bool WriteCacheOn { get; init; } = true;

    /// <summary>Queue pairs the controller grants.</summary>
    public int QueuePairs { get; init; } = 8;
    public int LogicalBlockShift { get; init; } = 9;
    public int MetadataBytes { get; init; }
    public byte DataProtection { get; init; }

    /// <summary>The size in logical blocks.</summary>
    public ulong LogicalBlocks { get; init; } = 4096;

    /// <summary>A command takes a random time up to this, so completions come out of order.</summary>
    public ulong MaximumLatencyNanoseconds { get; init; } = 40_000;
    public int InterruptVectors { get; init; } = 4;
}
