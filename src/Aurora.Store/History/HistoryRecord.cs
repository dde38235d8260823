using System;
using System.Runtime.InteropServices;

namespace Aurora.Store;

[Flags]
internal enum HistoryFlags : uint
{
    None = 0,

    /// <summary>Kept by the store's own decision: retention may drop it. Others stay until they are dropped by name.</summary>
    Automatic = 1,
}

/// <summary>The record of a kept checkpoint in the history tree; its key is the sequence, its root the object tree.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal unsafe struct HistoryRecord
{
    public const int Size = 96;

    public ulong Epoch;
    public ulong RealtimeNanoseconds;
    public ulong Bytes;
    public int NameLength;
    public HistoryFlags Flags;
    public fixed byte Name[CommitInfo.MaxNameBytes];

    public static HistoryRecord From(in CommitInfo info, ulong bytes, HistoryFlags flags = HistoryFlags.None)
    {
        var record = new HistoryRecord
        {
            Epoch = info.Epoch.Value,
            RealtimeNanoseconds = info.RealtimeNanoseconds,
            Bytes = bytes,
            NameLength = info.NameLength,
            Flags = flags,
        };
        for (int i = 0; i < info.NameLength; i++)
            record.Name[i] = info.Name[i];
        return record;
    }

    public readonly CheckpointInfo ToInfo(ulong sequence)
    {
        var info = new CheckpointInfo { Sequence = sequence, Bytes = Bytes, IsKept = true, IsAutomatic = (Flags & HistoryFlags.Automatic) != 0 };
        info.Commit.Epoch = new Base.Epoch(Epoch);
        info.Commit.RealtimeNanoseconds = RealtimeNanoseconds;
        info.Commit.NameLength = Math.Clamp(NameLength, 0, CommitInfo.MaxNameBytes);
        for (int i = 0; i < info.Commit.NameLength; i++)
            info.Commit.Name[i] = Name[i];
        return info;
    }

    /// <summary>The record as stored; valid while this variable lives.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<byte> AsBytes() => MemoryMarshal.AsBytes(new ReadOnlySpan<HistoryRecord>(in this));
}
