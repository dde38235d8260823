namespace Aurora.Nvme;

/// <summary>What all queue pairs of one controller share.</summary>
internal sealed class QueueEnvironment
{
    public required NvmeHost Host { get; init; }

    public required NvmeRegisters Registers { get; init; }

    public required DoorbellLayout Doorbells { get; init; }

    public required NvmeNamespace Namespace { get; init; }

    public required NvmeStatistics Statistics { get; init; }

    public required FlushGuard Flushes { get; init; }

    public required DeviceLoad Load { get; init; }

    public required ulong CommandTimeoutNanoseconds { get; init; }
}
