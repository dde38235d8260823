// Finding the end of the log after a restart, and reading its records again. The end is the last record that is whole: every part in its
// place, chained to the one before, and, when it was written beside its data and no watermark covers it, all of its data as summed. Joined
// records are whole when all of them are. A gap with a record behind it that says the missing one was durable is damage, not a crash: it is
// refused by name, never cut off.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>The reading end of the log, used while opening and for historical views.</summary>
internal sealed unsafe class LogRecovery
{
    private readonly StoreContext _context;
    private readonly BlockAllocator _allocator;
    private readonly Cut _start;

    public LogRecovery(StoreContext context, BlockAllocator allocator, in Cut start)
    {
        _context = context;
        _allocator = allocator;
        _start = start;
    }

    /// <summary>The last whole record, and where the log goes on after it.</summary>
    public ulong EndSequence { get; private set; }

    public ulong EndPosition { get; private set; }

    public ulong EndChain { get; private set; }

    /// <summary>The newest generation seen.</summary>
    public ulong EndGeneration { get; private set; }

    /// <summary>A rollback or a clone in the log goes back to a kept checkpoint. Known after MarkBlocks.</summary>
    public bool HasTargets { get; private set; }

    /// <summary>Everything up to here is known to be durable without looking at data.</summary>
    private ulong KnownDurable { get; set; }

    /// <summary>Finds the end. Blocks.</summary>
    public StoreStatus FindEnd()
    {
        var reader = new LogReader(_context, _start.LogPosition, _start.LogChain, _start.Sequence);
        if (!reader.HasMemory)
            return StoreStatus.OutOfMemory;
        RememberEnd(reader);
        while (ReadRecord(ref reader, out bool isJoined) && reader.Position - _start.LogPosition <= _context.Geometry.LogBlocks)
        {
            if (!isJoined)
                RememberEnd(reader);
        }
        KnownDurable = Math.Max(reader.Watermark, Math.Max(_context.Super->EndSequence, _context.Super->DurableSequence));
        StoreStatus status = reader.Status;
        if (status == StoreStatus.Ok)
            status = LookBehindGap(ref reader);
        reader.Dispose();
        return status == StoreStatus.Ok ? VerifyData() : status;
    }

    /// <summary>Marks the blocks of every record as in use. Blocks.</summary>
    public StoreStatus MarkBlocks()
    {
        var reader = new LogReader(_context, _start.LogPosition, _start.LogChain, _start.Sequence);
        if (!reader.HasMemory)
            return StoreStatus.OutOfMemory;
        StoreStatus status = StoreStatus.Ok;
        uint part = 0;
        while (status == StoreStatus.Ok && reader.Sequence < EndSequence)
        {
            LogBlockHeader* header = reader.NextPart(part);
            if (header == null)
            {
                status = reader.Status == StoreStatus.Ok ? Damaged(reader.Position) : reader.Status;
                break;
            }
            part = header->Part + 1 == header->Parts ? 0 : part + 1;
            uint offset = 0;
            while (offset < header->UsedBytes && status == StoreStatus.Ok)
            {
                LogEntry* entry = LogReader.EntryAt(header, offset);
                if (entry == null)
                {
                    status = Damaged(header->Position);
                    break;
                }
                HasTargets |= TargetOf(header, entry).Sequence != 0;
                for (uint i = 0; entry->Kind == LogEntryKind.Pages && i < entry->Count && status == StoreStatus.Ok; i++)
                    status = _allocator.MarkNew(entry->Block + i);
                offset += (uint)entry->TotalBytes;
            }
        }
        reader.Dispose();
        return status;
    }

    /// <summary>The kept checkpoint that an entry goes back to; sequence 0 for none.</summary>
    public static TreeState TargetOf(LogBlockHeader* header, LogEntry* entry) => entry->Kind switch
    {
        LogEntryKind.Rollback => new TreeState(StateBelow.Checkpoint, LogReader.VolumeOf(header), entry->Page),
        LogEntryKind.CloneVolume => new TreeState(StateBelow.Checkpoint, entry->Page, entry->Block),
        _ => default,
    };

    private void RememberEnd(in LogReader reader)
    {
        EndSequence = reader.Sequence;
        EndPosition = reader.Position;
        EndChain = reader.Chain;
        EndGeneration = reader.Generation;
    }

    private bool IsJoined(LogBlockHeader* header)
        => (header->Flags & LogFlags.Joined) != 0 && !_context.Has(SeededFaults.SplitJoined);

    // Reads all parts of the next record, and tells whether the one after it belongs to it.
    private bool ReadRecord(ref LogReader reader, out bool isJoined)
    {
        uint part = 0;
        isJoined = false;
        while (true)
        {
            LogBlockHeader* header = reader.NextPart(part++);
            if (header == null)
                return false;
            isJoined = IsJoined(header);
            if (header->Part + 1 == header->Parts)
                return true;
        }
    }

    // Called where the log seems to end: the missing record must be one that nothing says was durable.
    private StoreStatus LookBehindGap(ref LogReader reader)
    {
        ulong missing = EndSequence + 1;
        if (missing <= KnownDurable)
            return Damaged(EndPosition);
        ulong generation = Math.Max(EndGeneration, _context.Super->Generation);
        ulong last = EndPosition + CommitLog.WindowOf(_context.Geometry.LogBlocks);
        for (ulong position = EndPosition; position <= last; position++)
        {
            LogBlockHeader* header = reader.GenuineAt(position);
            if (header != null && header->Generation >= generation && header->Watermark >= missing)
                return Damaged(EndPosition);

            // It may also say that more of what was found was durable than the records found say themselves.
            if (header != null && header->Generation >= generation)
                KnownDurable = Math.Max(KnownDurable, Math.Min(header->Watermark, EndSequence));
            if (reader.Status != StoreStatus.Ok)
                return reader.Status;
        }
        return StoreStatus.Ok;
    }

    // Cuts the end back to before the first record whose data did not all arrive.
    private StoreStatus VerifyData()
    {
        if (EndSequence <= KnownDurable || _context.Has(SeededFaults.SkippedDataCheck))
            return StoreStatus.Ok;
        var reader = new LogReader(_context, _start.LogPosition, _start.LogChain, _start.Sequence);
        byte* buffer = (byte*)_context.Pages.Allocate(1);
        StoreStatus status = reader.HasMemory && buffer != null ? StoreStatus.Ok : StoreStatus.OutOfMemory;
        ulong last = EndSequence;
        RememberEnd(reader);
        bool isWhole = true;
        uint part = 0;
        while (status == StoreStatus.Ok && isWhole && reader.Sequence < last)
        {
            LogBlockHeader* header = reader.NextPart(part);
            if (header == null)
            {
                status = reader.Status == StoreStatus.Ok ? Damaged(reader.Position) : reader.Status;
                break;
            }
            part = header->Part + 1 == header->Parts ? 0 : part + 1;
            bool isTrusted = _context.Has(SeededFaults.UncheckedParts) && new VolumeId(header->Volume).IsHidden;
            if (header->Sequence > KnownDurable && (header->Flags & LogFlags.Ordered) == 0 && !isTrusted)
                status = IsDataWhole(header, buffer, out isWhole);
            if (isWhole && part == 0 && !IsJoined(header))
                RememberEnd(reader);
        }
        reader.Dispose();
        if (buffer != null)
            _context.Pages.Free(buffer, 1);
        return status;
    }

    private StoreStatus IsDataWhole(LogBlockHeader* header, byte* buffer, out bool isWhole)
    {
        isWhole = true;
        uint offset = 0;
        while (offset < header->UsedBytes)
        {
            LogEntry* entry = LogReader.EntryAt(header, offset);
            if (entry == null)
                return Damaged(header->Position);
            ulong* checksums = (ulong*)(entry + 1);
            for (uint i = 0; entry->Kind == LogEntryKind.Pages && i < entry->Count; i++)
            {
                ulong block = entry->Block + i;
                if (!_context.Geometry.IsDataBlock(block))
                    return Damaged(header->Position);
                StoreStatus status = _context.ReadBlock(block, buffer);
                if (status != StoreStatus.Ok)
                    return status;
                isWhole = BlockChecksum.OfPage(_context.HashSeed, entry->Page + i, block, buffer) == checksums[i];
                if (!isWhole)
                    return StoreStatus.Ok;
            }
            offset += (uint)entry->TotalBytes;
        }
        return StoreStatus.Ok;
    }

    private StoreStatus Damaged(ulong position)
        => _context.Refuse(
            StoreStatus.Corrupt,
            FaultPlace.Log,
            _context.LogBlockAt(position),
            0,
            EndSequence + 1);
}
