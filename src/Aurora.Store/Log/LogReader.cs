// Reading the log: block by block from a position, in batches, checking each block against its position, the store and the chain. A record is
// whole when all its parts follow one another. Nothing read here is trusted: entries are checked before they are used.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>A cursor over the records of the log. Holds a buffer until Dispose.</summary>
internal unsafe ref struct LogReader
{
    private const int BatchBlocks = 32;

    private readonly StoreContext _context;
    private readonly byte* _buffer;
    private ulong _bufferStart;
    private ulong _buffered;

    public LogReader(StoreContext context, ulong position, ulong chain, ulong sequence)
    {
        _context = context;
        _buffer = (byte*)context.Pages.Allocate(BatchBlocks);
        Position = position;
        Chain = chain;
        Sequence = sequence;
        Generation = 0;
    }

    public readonly bool HasMemory => _buffer != null;

    /// <summary>Where the next block is expected.</summary>
    public ulong Position { get; private set; }

    /// <summary>The checksum of the block before it.</summary>
    public ulong Chain { get; private set; }

    /// <summary>The last whole record read.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>The generation of the last block read.</summary>
    public ulong Generation { get; private set; }

    /// <summary>A device failure ends the reading.</summary>
    public StoreStatus Status { get; private set; }

    /// <summary>The greatest watermark of the blocks read.</summary>
    public ulong Watermark { get; private set; }

    public readonly void Dispose()
    {
        if (_buffer != null)
            _context.Pages.Free(_buffer, BatchBlocks);
    }

    /// <summary>The next block when it continues the log: part <paramref name="part"/> of the record after Sequence; else null.</summary>
    public LogBlockHeader* NextPart(uint part)
    {
        LogBlockHeader* header = BlockAt(Position);
        if (header == null || !IsGenuine(header, Position))
            return null;
        bool isChained = header->Chain == Chain || _context.Has(SeededFaults.StaleGeneration);
        if (!isChained || header->Sequence != Sequence + 1 || header->Part != part || header->Generation < Generation)
            return null;
        if (header->Sequence > _context.Super->EndSequence && header->Generation < _context.Super->Generation
            && !_context.Has(SeededFaults.StaleGeneration))
        {
            return null;
        }

        // It continues the log, so it is no end of it: the log is damaged.
        if ((header->Volume & ~VolumeRecord.HiddenBit) > VolumeRecord.LastNumber)
        {
            Status = _context.Refuse(StoreStatus.Corrupt, FaultPlace.Log, _context.LogBlockAt(Position), 0, Sequence + 1, header->Volume);
            return null;
        }
        Position++;
        Chain = header->Checksum;
        Generation = header->Generation;
        if (header->Watermark > Watermark)
            Watermark = header->Watermark;
        if (part + 1 == header->Parts)
            Sequence++;
        return header;
    }

    /// <summary>A block with the right checksum for its position and this store, in whatever order; else null. For looking past a gap.</summary>
    public LogBlockHeader* GenuineAt(ulong position)
    {
        LogBlockHeader* header = BlockAt(position);
        return header != null && IsGenuine(header, position) ? header : null;
    }

    private readonly bool IsGenuine(LogBlockHeader* header, ulong position)
        => header->Magic == StoreFormat.LogMagic
            && header->Version is (ushort)StoreFormat.Version or (ushort)StoreFormat.SingleVolumeVersion
            && header->UuidLow == _context.Super->UuidLow
            && header->UuidHigh == _context.Super->UuidHigh
            && header->Position == position
            && header->UsedBytes <= LogBlockHeader.PayloadBytes
            && header->Part < header->Parts
            && header->Generation <= StoreFormat.MaxCounter
            && header->Checksum == BlockChecksum.OfLogBlock(_context.HashSeed, position, header);

    private LogBlockHeader* BlockAt(ulong position)
    {
        if (Status != StoreStatus.Ok)
            return null;
        if (position < _bufferStart || position >= _bufferStart + _buffered)
        {
            Status = Fill(position);
            if (Status != StoreStatus.Ok)
                return null;
        }
        return (LogBlockHeader*)(_buffer + ((position - _bufferStart) * PageSize.Bytes));
    }

    private StoreStatus Fill(ulong position)
    {
        ulong untilWrap = _context.LogRing - (position % _context.LogRing);
        ulong count = Math.Min(Math.Min(BatchBlocks, untilWrap), (ulong)_context.Device.MaxBlocksPerRequest);
        void** pages = stackalloc void*[BatchBlocks];
        for (int i = 0; i < (int)count; i++)
            pages[i] = _buffer + (i * PageSize.Bytes);
        _buffered = 0;
        StoreStatus status = _context.ReadBlocks(_context.LogBlockAt(position), pages, (int)count);
        if (status == StoreStatus.Ok)
        {
            _bufferStart = position;
            _buffered = count;
        }
        return status;
    }

    /// <summary>The volume of a record; images of version 1 had one, without a number.</summary>
    public static ulong VolumeOf(LogBlockHeader* header) => header->Volume == 0 ? VolumeId.First.Value : header->Volume;

    /// <summary>The entry at an offset of a block's payload, or null when it is impossible: then the block is corrupt.</summary>
    public static LogEntry* EntryAt(LogBlockHeader* header, uint offset)
    {
        uint left = header->UsedBytes - offset;
        if (offset > header->UsedBytes || left < LogEntry.Bytes)
            return null;
        LogEntry* entry = (LogEntry*)((byte*)(header + 1) + offset);
        uint most = left / 8;
        bool isPossible = entry->Kind switch
        {
            LogEntryKind.Pages => entry->Count > 0 && entry->Count <= most && IsPageRun(entry),
            LogEntryKind.Holes => entry->Count > 0 && IsPageRun(entry),
            LogEntryKind.Record => entry->Length <= StoreFormat.MaxRecordBytes,
            LogEntryKind.CommitInfo => entry->Length <= CommitInfo.MaxNameBytes,
            LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone or LogEntryKind.DropCheckpoint
                or LogEntryKind.Rollback or LogEntryKind.DropVolume => true,
            LogEntryKind.TakeVolume => entry->Block <= StoreFormat.MaxPage,
            LogEntryKind.CreateVolume or LogEntryKind.CloneVolume or LogEntryKind.SetVolume
                => entry->Length <= VolumeInfo.MaxNameBytes,
            _ => false,
        };
        bool hasObject = entry->Kind == LogEntryKind.CommitInfo || (entry->Object != 0 && entry->Object < StoreFormat.MaxObjectId);
        return isPossible && hasObject && entry->TotalBytes <= left ? entry : null;
    }

    private static bool IsPageRun(LogEntry* entry) => entry->Page <= StoreFormat.MaxPage && entry->Count <= StoreFormat.MaxPage - entry->Page + 1;
}
