using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Words for a restore that was refused, for the kernel's log and the host tools.</summary>
public static class RestoreMessages
{
    /// <summary>Why and at which object a restore ended.</summary>
    public static ReadOnlySpan<byte> Describe(in RestoreResult result, Span<byte> buffer)
    {
        var text = new Utf8Writer(buffer);
        if (result.Store != StoreStatus.Ok)
        {
            text.Append("the store could not be read: "u8);
            text.Append(StoreMessages.Of(result.Store));
            return text.Written;
        }
        text.Append(Of(result.Fault.Status));
        text.Append(": "u8);
        ObjectKindName.AppendObject(ref text, result.Fault.Kind, result.Fault.Id);
        if (result.Fault.Status == RestoreStatus.OutOfMemory)
            AppendNeed(ref text, result.MemoryMebibytes);
        return text.Written;
    }

    private static void AppendNeed(ref Utf8Writer text, uint mebibytes)
    {
        if (mebibytes == 0)
        {
            text.Append("; the session needs a machine with more memory (-m)"u8);
            return;
        }
        text.Append("; the session ran with "u8);
        text.AppendDecimal(mebibytes);
        text.Append(" MiB: start it with as much (-m "u8);
        text.AppendDecimal(mebibytes);
        text.Append((byte)')');
    }

    /// <summary>Names a processor feature that the group has used and this machine lacks.</summary>
    public static ReadOnlySpan<byte> DescribeFeature(ReadOnlySpan<byte> word, int bit, Span<byte> buffer)
    {
        var text = new Utf8Writer(buffer);
        text.Append("the session ran on a processor with "u8);
        text.Append(word);
        text.Append(" bit "u8);
        text.AppendDecimal(bit);
        text.Append(", which this one lacks"u8);
        return text.Written;
    }

    /// <summary>A status in words.</summary>
    public static ReadOnlySpan<byte> Of(RestoreStatus status) => status switch
    {
        RestoreStatus.Ok => "ok"u8,
        RestoreStatus.BadRecord => "a record is impossible"u8,
        RestoreStatus.UnknownVersion => "a record is of a kind or version this kernel does not know"u8,
        RestoreStatus.MissingReference => "a record refers to an object that does not exist"u8,
        RestoreStatus.OutOfMemory => "out of memory"u8,
        RestoreStatus.OtherMachine => "the group ran on a processor with features that this one lacks"u8,
        RestoreStatus.UnreadableRegion => "a region that it shows cannot be read"u8,
        _ => "unknown status"u8,
    };
}
