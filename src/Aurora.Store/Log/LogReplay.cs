// Applying records of the log to a layer: when the store is opened, and for a view of a recent checkpoint.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads records and applies their entries.</summary>
internal unsafe ref struct LogReplay
{
    private readonly StoreContext _context;
    private LogReader _reader;

    public LogReplay(StoreContext context, in Cut start)
    {
        _context = context;
        _reader = new LogReader(context, start.LogPosition, start.LogChain, start.Sequence);
        Info = default;
    }

    public readonly bool HasMemory => _reader.HasMemory;

    /// <summary>The last record applied.</summary>
    public readonly ulong Sequence => _reader.Sequence;

    public readonly ulong Position => _reader.Position;

    public readonly ulong Chain => _reader.Chain;

    /// <summary>What the last record's commit was.</summary>
    public CommitInfo Info { get; private set; }

    public bool IsWatermark { get; private set; }

    public ulong DataBlocks { get; private set; }

    /// <summary>Where the last record starts.</summary>
    public ulong RecordPosition { get; private set; }

    public readonly void Dispose() => _reader.Dispose();

    /// <summary>Applies the next record; a null layer only reads what the commit was. Corrupt when the log does not go on. Blocks.</summary>
    public StoreStatus Next(Layer? layer)
    {
        RecordPosition = _reader.Position;
        for (uint part = 0; ; part++)
        {
            LogBlockHeader* header = _reader.NextPart(part);
            if (header == null)
                return _reader.Status == StoreStatus.Ok ? Damaged(_reader.Position) : _reader.Status;
            IsWatermark = (header->Flags & LogFlags.Watermark) != 0;
            DataBlocks = header->DataBlocks;
            StoreStatus status = ApplyBlock(header, layer);
            if (status != StoreStatus.Ok || part + 1 == header->Parts)
                return status;
        }
    }

    private StoreStatus ApplyBlock(LogBlockHeader* header, Layer? layer)
    {
        uint offset = 0;
        while (offset < header->UsedBytes)
        {
            LogEntry* entry = LogReader.EntryAt(header, offset);
            if (entry == null)
                return Damaged(header->Position);
            if (entry->Kind == LogEntryKind.CommitInfo)
                TakeInfo(entry);
            else if (layer != null && !Reserve(layer, entry))
                return StoreStatus.OutOfMemory;
            else if (layer != null)
                Apply(layer, entry);
            offset += (uint)entry->TotalBytes;
        }
        return StoreStatus.Ok;
    }

    private void TakeInfo(LogEntry* entry)
    {
        var info = new CommitInfo { Epoch = new Epoch(entry->Object), RealtimeNanoseconds = entry->Page, NameLength = entry->Length };
        byte* name = (byte*)(entry + 1);
        for (int i = 0; i < entry->Length; i++)
            info.Name[i] = name[i];
        Info = info;
    }

    private static bool Reserve(Layer layer, LogEntry* entry)
    {
        ulong pages = entry->Kind switch
        {
            LogEntryKind.Pages or LogEntryKind.Holes => entry->Count,
            LogEntryKind.Clone => layer.PagesOf(entry->Page),
            _ => 0,
        };
        ulong removed = entry->Kind is LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone ? layer.PagesOf(entry->Object) : 0;
        ulong bytes = (pages * Layer.BytesPerPage) + (removed * Layer.BytesPerRemovedPage);
        if (entry->Kind == LogEntryKind.Clone)
            bytes += LayerObject.CloneInlineBytes;
        return layer.Arena.Reserve(Layer.FixedBytes + Layer.BytesPerObject + entry->Length + bytes);
    }

    private static void Apply(Layer layer, LogEntry* entry)
    {
        bool isRun = entry->Kind is LogEntryKind.Pages or LogEntryKind.Holes;
        var payload = new ReadOnlySpan<byte>(entry + 1, entry->Kind == LogEntryKind.Record ? entry->Length : 0);
        ulong* checksums = (ulong*)(entry + 1);
        for (uint i = 0; i < (isRun ? entry->Count : 1); i++)
        {
            ulong checksum = entry->Kind == LogEntryKind.Pages ? checksums[i] : 0;
            LayerChange.Apply(layer, entry->Kind, entry->Object, entry->Page + i, entry->Block + i, checksum, payload);
        }
    }

    private readonly StoreStatus Damaged(ulong position)
        => _context.Refuse(
            StoreStatus.Corrupt,
            FaultPlace.Log,
            _context.LogBlockAt(position),
            0,
            _reader.Sequence + 1);
}
