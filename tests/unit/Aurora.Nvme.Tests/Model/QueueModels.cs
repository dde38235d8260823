using System.Collections.Generic;

namespace Aurora.Nvme.Tests.Model;

/// <summary>A submission queue as the controller sees it.</summary>
public sealed class SubmissionQueueModel(int id, ulong physical, int size, int completionQueue)
{
    public int Id => id;
    public ulong Physical => physical;
    public int Size => size;
    public int CompletionQueue => completionQueue;
    public int Head { get; set; }
    public int Tail { get; set; }

    /// <summary>Entries as they were when the doorbell announced them: the host may not touch them afterwards.</summary>
    public Queue<SubmissionEntry> Announced { get; } = [];

    /// <summary>Commands fetched and not completed, by command id.</summary>
    public Dictionary<ushort, ModelCommand> Outstanding { get; } = [];

    public int Used => (Tail - Head + size) % size;
}

/// <summary>A completion queue as the controller sees it.</summary>
public sealed class CompletionQueueModel(int id, ulong physical, int size, int vector)
{
    public int Id => id;
    public ulong Physical => physical;
    public int Size => size;

    /// <summary>The interrupt vector, or −1 when interrupts are off.</summary>
    public int Vector => vector;
    public int Head { get; set; }
    public int Tail { get; set; }
    public bool Phase { get; set; } = true;

    public int Used => (Tail - Head + size) % size;
    public bool IsFull => Used == size - 1;
}

/// <summary>A command the controller has fetched.</summary>
public sealed class ModelCommand
{
    public required SubmissionQueueModel Queue { get; init; }
    public required SubmissionEntry Entry { get; init; }

    /// <summary>Where its data is, as resolved when it was fetched.</summary>
    public required List<PrpRange> Data { get; init; }
    public ulong ReadyAt { get; set; }
    public bool Hangs { get; set; }
}

/// <summary>A piece of contiguous memory a command transfers to or from.</summary>
public readonly record struct PrpRange(ulong Physical, int Bytes);
