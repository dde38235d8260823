// What epochs may hold, in bytes of the overlay that one commit of the store may take; what takes a larger share of its log counts for more.
// A refused epoch is committed together with what was captured after it and what has changed since, so the rule is about all of it:
//
//   whenever a thread runs:  captured and not yet durable + changed since, its pages twice + small steps + one step  <=  one commit
//
// Twice, since a fork copies what has changed and is not captured yet. A step is what is not interrupted: one dispatch of a system call,
// one slice of something longer (the end of a process, of an address space), one round of expired timers. Small steps follow each other
// without a look at the rule until they have changed LookBytes: how long a turn takes is no bound, since the interrupt that ends it may be
// late. Whatever could change more than StepBytes is done in slices, or bounded when it is built up (the mappings of an address space,
// since a fork copies them all). Costs are upper bounds.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The bounds of a group's epochs, reckoned once from what its store takes in one commit.</summary>
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

    private readonly ulong _entryCost;
    private readonly ulong _pageCost;
    private readonly ulong _objectCost;
    private readonly ulong _operationCost;
    private readonly ulong _recordCost;

    public EpochBudget(in CommitBudget commit, ulong totalFrames)
    {
        CommitBytes = commit.Bytes;
        ulong log = commit.LogBlocks * LogBlockBytes;
        ulong logScale = Math.Max(Fraction, ((CommitBytes * Fraction) + log - 1) / log);
        _entryCost = ((LogEntryBytes * logScale) + Fraction - 1) / Fraction;
        _operationCost = commit.BytesPerPage + RemovalBytes;
        _pageCost = Math.Max(_operationCost, _entryCost);
        _objectCost = Math.Max(commit.BytesPerObject + _operationCost, _entryCost);
        _recordCost = logScale;
        CaptureBytes = Math.Min(CommitBytes / CaptureShare, totalFrames / CaptureShare * _pageCost);
    }

    /// <summary>What one commit holds.</summary>
    public ulong CommitBytes { get; }

    /// <summary>The most one step changes.</summary>
    public ulong StepBytes => CommitBytes / 16 * 11;

    /// <summary>After so much change the rule is looked at again: half of it in objects and pages, half in records.</summary>
    public ulong LookBytes => CommitBytes / 32;

    /// <summary>Objects and pages together.</summary>
    public ulong LookObjects => LookBytes / 2 / _objectCost;

    /// <summary>Bytes of records.</summary>
    public ulong LookRecordBytes => LookBytes / 2 * Fraction / _recordCost;

    /// <summary>
    /// With a full disk the group is held only from here on. This is beyond the rule: one more step of the largest kind would not fit.
    /// </summary>
    public ulong FullDiskBytes => CommitBytes / 2;

    /// <summary>An epoch is captured early from here on.</summary>
    public ulong CaptureBytes { get; }

    /// <summary>The most mappings of an address space: a fork copies all of them in one step, and each may show an object of its own.</summary>
    public int MaxMappings
    {
        get
        {
            const ulong least = 1024;
            const ulong most = 65530;
            return (int)Math.Clamp(StepBytes / ForkedMappingBytes, least, most);
        }
    }

    /// <summary>
    /// What a forked mapping takes that shows an object of its own of which a page has changed: the mapping with its record; the clone, its
    /// truncation, its page and its record, four operations on one object (<see cref="CommitBudget"/>).
    /// </summary>
    public ulong ForkedMappingBytes
    {
        get
        {
            ulong records = MappingCodec.RecordBytes + MemoryObjectCodec.RecordBytes + (2 * RecordHeader.MaxSize);
            ulong overlay = (2 * _objectCost) + (3 * _operationCost) + records;
            ulong log = (5 * _entryCost) + ((records * _recordCost) / Fraction);
            return Math.Max(overlay, log) + 1;
        }
    }

    /// <summary>The most writable private mappings of a file: where it is cut they are cut, in one step.</summary>
    public int MaxOverlays => (int)Math.Min(StepBytes / (CostOf(0, 2, 0) + 1), int.MaxValue);

    /// <summary>What so many pages, and objects (ended ones, and those with records of so many bytes together) take of a commit.</summary>
    public ulong CostOf(ulong pages, ulong objects, ulong recordBytes)
        => (pages * _pageCost) + (objects * _objectCost) + (recordBytes * _recordCost / Fraction);
}
