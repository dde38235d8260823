namespace Aurora.Nvme;

/// <summary>What to do about a volatile write cache at bring-up.</summary>
public enum WriteCachePolicy : byte
{
    /// <summary>Use it as the device has it.</summary>
    AsFound,
    Enable,

    /// <summary>Switch it off, so that every completed write is durable and flushes are free.</summary>
    Disable,
}

/// <summary>How to run a controller. Values beyond what the device or the driver can do are lowered to what they can.</summary>
public sealed class NvmeOptions
{
    /// <summary>The largest I/O queue the driver uses; command ids hold an 8-bit slot number.</summary>
    public const int MaximumQueueEntries = 256;

    public uint NamespaceId { get; init; } = 1;

    /// <summary>I/O queue pairs wanted: one per processor.</summary>
    public int QueuePairs { get; init; } = 1;

    /// <summary>Entries of each I/O queue; one fewer command can be in flight.</summary>
    public int QueueEntries { get; init; } = 128;

    /// <summary>The driver's own limit on one transfer, in 4-KiB blocks; MDTS may be lower.</summary>
    public int MaximumTransferBlocks { get; init; } = 256;

    public WriteCachePolicy WriteCache { get; init; } = WriteCachePolicy.AsFound;

    /// <summary>
    /// How long Wait polls before it blocks the fiber; can be changed later on the controller. It is about what blocking costs: on QEMU
    /// with TCG a 4-KiB write takes 35 us polled and 52 us by interrupt. Longer would take more from programs than it gives to the waiter.
    /// </summary>
    public ulong PollNanoseconds { get; init; } = 20_000;

    /// <summary>How long an I/O command may take before it is aborted.</summary>
    public ulong CommandTimeoutNanoseconds { get; init; } = 30_000_000_000;

    /// <summary>How long a command may still take once its abort was asked for, before the controller is reset.</summary>
    public ulong AbortTimeoutNanoseconds { get; init; } = 5_000_000_000;

    /// <summary>The resets the controller is granted within <see cref="ResetWindowNanoseconds"/>; at the next one it is given up.</summary>
    public const int Resets = 3;

    /// <summary>Long enough that a command which always times out cannot keep the controller in resets for ever.</summary>
    public ulong ResetWindowNanoseconds { get; init; } = 600_000_000_000;

    /// <summary>How long an admin command may take.</summary>
    public ulong AdminTimeoutNanoseconds { get; init; } = 10_000_000_000;

    /// <summary>How often the status register is read while commands are in flight.</summary>
    public ulong HealthCheckNanoseconds { get; init; } = 100_000_000;

    /// <summary>How often an idle controller is looked at for events it reports.</summary>
    public ulong IdleCheckNanoseconds { get; init; } = 1_000_000_000;
}
