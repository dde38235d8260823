// Applying records of the log to a set of layers: when the store is opened, and for a view of a recent checkpoint.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Reads records and applies their entries.</summary>
internal unsafe ref struct LogReplay
{
    private readonly StoreContext _context;
    private readonly VolumeDirectory? _directory;
    private LogReader _reader;
    private bool _isAboutVolume;

    /// <summary>
    /// Replays from a cut on. With a directory records of volumes that it does not know are refused; it knows those of the set.
    /// </summary>
    public LogReplay(StoreContext context, in Cut start, VolumeDirectory? directory = null)
    {
        _context = context;
        _directory = directory;
        _reader = new LogReader(context, start.LogPosition, start.LogChain, start.Sequence);
        Info = default;
    }

    public readonly bool HasMemory => _reader.HasMemory;

    /// <summary>The last record applied.</summary>
    public readonly ulong Sequence => _reader.Sequence;

    public readonly ulong Position => _reader.Position;

    public readonly ulong Chain => _reader.Chain;

    /// <summary>The volume of the last record.</summary>
    public ulong Volume { get; private set; }

    /// <summary>What the last record's commit was.</summary>
    public CommitInfo Info { get; private set; }

    public bool IsWatermark { get; private set; }

    /// <summary>Pages that the last record's commit has written, in parts as well.</summary>
    public ulong DataBlocks { get; private set; }

    /// <summary>The last record as a checkpoint.</summary>
    public readonly CheckpointInfo Checkpoint
        => new() { Sequence = Sequence, Commit = Info, Bytes = DataBlocks * PageSize.Bytes };

    public readonly void Dispose() => _reader.Dispose();

    /// <summary>
    /// Applies the next record; without a set it only reads what the commit was. Corrupt when the log does not go on. Blocks.
    /// </summary>
    public StoreStatus Next(LayerSet? set)
    {
        for (uint part = 0; ; part++)
        {
            LogBlockHeader* header = _reader.NextPart(part);
            if (header == null)
                return _reader.Status == StoreStatus.Ok ? Damaged(_reader.Position) : _reader.Status;
            IsWatermark = (header->Flags & LogFlags.Watermark) != 0;
            DataBlocks = header->DataBlocks;
            Volume = LogReader.VolumeOf(header);
            _isAboutVolume &= part > 0;
            StoreStatus status = ApplyBlock(header, IsWatermark ? null : set);
            if (status != StoreStatus.Ok)
                return status;
            if (part + 1 < header->Parts)
                continue;
            if (set == null || IsWatermark || _isAboutVolume)
                return StoreStatus.Ok;
            if (!set.Arena.Reserve(Layer.FixedBytes))
                return StoreStatus.OutOfMemory;
            CommitEffect.Note(set, Volume, Checkpoint);
            return StoreStatus.Ok;
        }
    }

    private StoreStatus ApplyBlock(LogBlockHeader* header, LayerSet? set)
    {
        uint offset = 0;

        // An empty block has no first entry either.
        while (offset < header->UsedBytes || (header->Part == 0 && offset == 0))
        {
            LogEntry* entry = LogReader.EntryAt(header, offset);

            // What a commit was is the first thing that its record says, and it is said once.
            bool isFirst = header->Part == 0 && offset == 0;
            if (entry == null || isFirst != (entry->Kind == LogEntryKind.CommitInfo))
                return Damaged(header->Position);
            StoreStatus status = StoreStatus.Ok;
            if (entry->Kind == LogEntryKind.TakeVolume)
                DataBlocks += entry->Block;
            if (entry->Kind == LogEntryKind.CommitInfo)
                TakeInfo(entry);
            else if (set != null)
                status = Apply(header, set, entry);
            if (status != StoreStatus.Ok)
                return status;
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

    private StoreStatus Apply(LogBlockHeader* header, LayerSet set, LogEntry* entry)
    {
        StoreStatus status = FindVolume(header, entry, out CheckpointInfo last);
        if (status != StoreStatus.Ok)
            return status;
        if (!Reserve(set, entry))
            return StoreStatus.OutOfMemory;
        var payload = new ReadOnlySpan<byte>(entry + 1, entry->TotalBytes == LogEntry.Bytes ? 0 : entry->Length);
        if (entry->Kind == LogEntryKind.Rollback && _context.Has(SeededFaults.ForgottenRollback))
            return StoreStatus.Ok;
        if (entry->Kind == LogEntryKind.DropVolume && _context.Has(SeededFaults.ForgottenDrop))
            return StoreStatus.Ok;
        if (entry->Kind == LogEntryKind.TakeVolume && _context.Has(SeededFaults.LostSwap))
            return StoreStatus.Ok;
        _isAboutVolume = CommitEffect.IsAboutVolume(entry->Kind);
        if (entry->Kind >= LogEntryKind.Rollback)
        {
            CommitEffect.OnVolume(
                set, Volume, entry->Kind, entry->Page, entry->Block, entry->Count, payload, last, Info.RealtimeNanoseconds);
            if (!_context.Has(SeededFaults.ReusedVolumeNumber))
                _context.Super->NextVolume = Math.Max(_context.Super->NextVolume, (Volume & ~VolumeRecord.HiddenBit) + 1);
            return StoreStatus.Ok;
        }
        Layer* layer = set.TopFor(Volume);
        bool isRun = entry->Kind is LogEntryKind.Pages or LogEntryKind.Holes;
        ulong* checksums = (ulong*)(entry + 1);
        for (uint i = 0; i < (isRun ? entry->Count : 1); i++)
        {
            ulong checksum = entry->Kind == LogEntryKind.Pages ? checksums[i] : 0;
            LayerChange.Apply(set, layer, entry->Kind, entry->Object, entry->Page + i, entry->Block + i, checksum, payload);
        }
        return StoreStatus.Ok;
    }

    // What the entry is about must be there, and what it makes must not; the first volume is never dropped.
    private readonly StoreStatus FindVolume(LogBlockHeader* header, LogEntry* entry, out CheckpointInfo last)
    {
        last = default;
        if (_directory == null)
            return StoreStatus.Ok;
        StoreStatus status = _directory.LookAny(new VolumeId(Volume), out VolumeLook look);
        bool isNew = entry->Kind is LogEntryKind.CreateVolume or LogEntryKind.CloneVolume;
        bool isFirstDropped = entry->Kind == LogEntryKind.DropVolume && Volume == VolumeId.First.Value;
        if (status == (isNew ? StoreStatus.Ok : StoreStatus.NotFound) || isFirstDropped || !IsForHiddenness(entry))
            return Damaged(header->Position);
        if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
            return status;
        if (entry->Kind == LogEntryKind.CloneVolume)
            status = _directory.Look(new VolumeId(entry->Page), out look);
        if (entry->Kind == LogEntryKind.TakeVolume && status == StoreStatus.Ok)
            status = _directory.LookAny(new VolumeId(entry->Page), out _);
        last = look.Last;
        if (status == StoreStatus.NotFound)
            return entry->Kind == LogEntryKind.CreateVolume ? StoreStatus.Ok : Damaged(header->Position);
        return status;
    }

    // A hidden volume is a clone, has parts without names, and is taken by one that is not hidden.
    private readonly bool IsForHiddenness(LogEntry* entry)
    {
        if (!new VolumeId(Volume).IsHidden)
            return entry->Kind != LogEntryKind.TakeVolume || new VolumeId(entry->Page).IsHidden;
        return Info.NameLength == 0 && entry->Kind is < LogEntryKind.CommitInfo or LogEntryKind.CloneVolume;
    }

    private readonly bool Reserve(LayerSet set, LogEntry* entry)
    {
        Layer* layer = set.OpenTop(Volume);
        ulong pages = entry->Kind switch
        {
            LogEntryKind.Pages or LogEntryKind.Holes => entry->Count,
            LogEntryKind.Clone when layer != null => layer->PagesOf(entry->Page),
            _ => 0,
        };
        bool removes = layer != null && entry->Kind is LogEntryKind.Delete or LogEntryKind.Truncate or LogEntryKind.Clone;
        ulong removed = removes ? layer->PagesOf(entry->Object) : 0;
        ulong bytes = (pages * Layer.BytesPerPage) + (removed * Layer.BytesPerRemovedPage);
        if (entry->Kind == LogEntryKind.Clone)
            bytes += LayerObject.CloneInlineBytes;
        return set.Arena.Reserve(Layer.FixedBytes + Layer.BytesPerObject + entry->Length + bytes);
    }

    private readonly StoreStatus Damaged(ulong position)
        => _context.Refuse(
            StoreStatus.Corrupt,
            FaultPlace.Log,
            _context.LogBlockAt(position),
            0,
            _reader.Sequence + 1);
}
