using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Words for statuses and faults, for the kernel's log and the host tools.</summary>
public static class StoreMessages
{
    /// <summary>A status in words.</summary>
    public static ReadOnlySpan<byte> Of(StoreStatus status) => status switch
    {
        StoreStatus.Ok => "ok"u8,
        StoreStatus.Hole => "a hole"u8,
        StoreStatus.NotFound => "not found"u8,
        StoreStatus.BadArgument => "bad argument"u8,
        StoreStatus.TooLong => "too long"u8,
        StoreStatus.CommitTooLarge => "the commit is larger than the store allows"u8,
        StoreStatus.OutOfMemory => "out of memory"u8,
        StoreStatus.NoSpace => "the disk is full"u8,
        StoreStatus.BadChecksum => "bad checksum"u8,
        StoreStatus.Corrupt => "corrupt structure"u8,
        StoreStatus.NotAStore => "the device holds no Aurora store"u8,
        StoreStatus.UnknownVersion => "unknown format version"u8,
        StoreStatus.OldVersion => "format version 1, from before volumes: `aurora image upgrade` brings it up to date"u8,
        StoreStatus.StreamEnded => "the stream ended before its end, or cannot be written"u8,
        StoreStatus.WrongKind => "the stream is of another kind of volume"u8,
        StoreStatus.UnknownFeature => "unknown format feature"u8,
        StoreStatus.DeviceError => "device error"u8,
        StoreStatus.Poisoned => "an earlier write failed"u8,
        StoreStatus.ReadOnly => "opened for reading only"u8,
        StoreStatus.Pending => "pending"u8,
        StoreStatus.Busy => "a large commit of the volume is open"u8,
        _ => "unknown status"u8,
    };

    /// <summary>The structure a fault was found in, in words.</summary>
    public static ReadOnlySpan<byte> Of(FaultPlace place) => place switch
    {
        FaultPlace.Device => "device"u8,
        FaultPlace.Superblock => "superblock"u8,
        FaultPlace.Log => "log"u8,
        FaultPlace.ObjectTree => "object tree"u8,
        FaultPlace.PageTree => "page tree"u8,
        FaultPlace.HistoryTree => "history tree"u8,
        FaultPlace.SpaceMap => "space map"u8,
        FaultPlace.Data => "data"u8,
        FaultPlace.VolumeTable => "volume table"u8,
        FaultPlace.Stream => "stream"u8,
        _ => "store"u8,
    };

    /// <summary>Writes a failure with its place into the caller's buffer and returns the written part.</summary>
    public static ReadOnlySpan<byte> Describe(StoreStatus status, in StoreFault fault, Span<byte> buffer)
    {
        var text = new Utf8Writer(buffer);
        text.Append(Of(status));
        if (fault.Place == FaultPlace.None)
            return text.Written;
        text.Append(" ("u8);
        text.Append(Of(fault.Place));
        text.Append(", block "u8);
        text.AppendDecimal(fault.Block.Value);
        if (!fault.Object.IsNone)
        {
            text.Append(", object "u8);
            text.AppendDecimal(fault.Object.Value);
        }
        text.Append(", page "u8);
        text.AppendDecimal(fault.Page);
        text.Append((byte)')');
        return text.Written;
    }
}
