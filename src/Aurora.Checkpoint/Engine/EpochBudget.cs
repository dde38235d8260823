// When an epoch is large enough, and when somebody must look. An epoch of any size is committed (EpochParts), so what bounds it is memory:
// its frozen pages exist twice once they are written again, its records are staged. So one is captured when it has reached a share of what
// one commit takes, and of the memory; and who has changed that much while none can be captured waits. Steps follow each other without a
// look until they have changed LookBytes: how long a turn takes is no bound, since the interrupt that ends it may be late.
//
// Costs are in bytes of the overlay that one commit of the store may take; what takes a larger share of its log counts for more. They are
// upper bounds.
using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The measures of a group's epochs, reckoned once from what its store takes in one commit.</summary>
public readonly struct EpochBudget
{
    // An epoch is captured when this share of a commit is used up, and of the memory: frozen pages that are written again exist twice.
    private const ulong CaptureShare = 8;

    // Payload of a block of the log; the most that a page, or an object beside its record, takes there; and for what it removes in the overlay.
    private const ulong LogBlockBytes = 3984;
    private const ulong LogEntryBytes = 40;
    private const ulong RemovalBytes = 9;

    // Costs of record bytes are in units of 1/256.
    private const ulong Fraction = 256;

    private readonly ulong _pageCost;
    private readonly ulong _objectCost;
    private readonly ulong _recordCost;

    public EpochBudget(in CommitBudget commit, ulong totalFrames)
    {
        CommitBytes = commit.Bytes;
        ulong log = commit.LogBlocks * LogBlockBytes;
        ulong logScale = Math.Max(Fraction, ((CommitBytes * Fraction) + log - 1) / log);
        ulong entryCost = ((LogEntryBytes * logScale) + Fraction - 1) / Fraction;
        ulong operationCost = commit.BytesPerPage + RemovalBytes;
        _pageCost = Math.Max(operationCost, entryCost);
        _objectCost = Math.Max(commit.BytesPerObject + operationCost, entryCost);
        _recordCost = logScale;
        CaptureBytes = Math.Min(CommitBytes / CaptureShare, totalFrames / CaptureShare * _pageCost);
    }

    /// <summary>What one commit holds.</summary>
    public ulong CommitBytes { get; }

    /// <summary>After so much change somebody looks again: half of it in objects and pages, half in records.</summary>
    public ulong LookBytes => CommitBytes / 32;

    /// <summary>Objects and pages together.</summary>
    public ulong LookObjects => LookBytes / 2 / _objectCost;

    /// <summary>Bytes of records.</summary>
    public ulong LookRecordBytes => LookBytes / 2 * Fraction / _recordCost;

    /// <summary>With a full disk the group is held only from here on.</summary>
    public ulong FullDiskBytes => CommitBytes / 2;

    /// <summary>An epoch is captured early from here on.</summary>
    public ulong CaptureBytes { get; }

    /// <summary>What so many pages, and objects (ended ones, and those with records of so many bytes together) take of a commit.</summary>
    public ulong CostOf(ulong pages, ulong objects, ulong recordBytes)
        => (pages * _pageCost) + (objects * _objectCost) + (recordBytes * _recordCost / Fraction);
}
