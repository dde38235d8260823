using System;
using System.Runtime.InteropServices;
using Aurora.Guest;

namespace Aurora.Sls;

/// <summary>What send and recv, of groups and of regions, say when something cannot be done, on standard error.</summary>
internal static unsafe class StreamMessages
{
    private const int RefusedStatus = 1;

    public static ReadOnlySpan<byte> SendVerb(bool isRegion) => isRegion ? "regions send"u8 : "send"u8;

    public static ReadOnlySpan<byte> ReceiveVerb(bool isRegion) => isRegion ? "regions recv"u8 : "recv"u8;

    public static int NotSent(byte* name, long result, bool isRegion = false)
        => Tell(SendVerb(isRegion), name, isRegion ? SendRegionReasonOf(result) : SendReasonOf(result), result);

    public static int NotDumped(byte* group, long result) => Tell("dump"u8, group, DumpReasonOf(result), result);

    public static int NotReceived(byte* name, long result, bool isRegion = false)
        => Tell(ReceiveVerb(isRegion), name, isRegion ? ReceiveRegionReasonOf(result) : ReceiveReasonOf(result), result);

    public static int Refused(ReadOnlySpan<byte> verb, byte* group, ReadOnlySpan<byte> why) => Tell(verb, group, why, 0);

    /// <summary>This command's own end of a stream has failed.</summary>
    public static int Lost(ReadOnlySpan<byte> verb, byte* group, ReadOnlySpan<byte> what, long error)
    {
        Span<byte> buffer = stackalloc byte[96];
        var text = new Aurora.Base.Utf8Writer(buffer);
        text.Append(what);
        text.Append(", errno "u8);
        text.AppendDecimal(-error);
        return Tell(verb, group, text.Written, 0);
    }

    private static int Tell(ReadOnlySpan<byte> verb, byte* group, ReadOnlySpan<byte> why, long result)
    {
        Span<byte> buffer = stackalloc byte[384];
        var line = new Aurora.Base.Utf8Writer(buffer);
        line.Append("sls: "u8);
        line.Append(verb);
        line.Append(" "u8);
        ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group);
        line.Append(name[..Math.Min(name.Length, 64)]);
        line.Append(": "u8);
        line.Append(why);
        if (why.IsEmpty)
        {
            line.Append("refused, errno "u8);
            line.AppendDecimal(-result);
        }
        line.Append((byte)'\n');
        GuestCalls.Write(2, line.Written);
        return RefusedStatus;
    }

    private static ReadOnlySpan<byte> SendReasonOf(long result) => -result switch
    {
        2 => "there is no such group or checkpoint; 'sls history N' lists those there are"u8,
        16 => "something else is being sent; try again when that is done"u8,
        22 => "the checkpoint of --since is not before the one that is sent"u8,
        28 => "the disk is too full to keep the checkpoint while it is sent"u8,
        125 => "the stream has been broken off: this is a copy of who asked, or the machine restarted meanwhile; ask again"u8,
        _ => SlsCommand.ReasonOf(result),
    };

    private static ReadOnlySpan<byte> SendRegionReasonOf(long result) => -result switch
    {
        2 => "there is no such region, or of that epoch nothing is known any more; 'sls regions' lists them"u8,
        5 => "it is damaged, or the store has failed: the kernel's log says why"u8,
        13 => "it is another user's"u8,
        22 => "the epoch of --since is not before the one that is sent"u8,
        _ => SendReasonOf(result),
    };

    private static ReadOnlySpan<byte> ReceiveRegionReasonOf(long result) => -result switch
    {
        2 => "the stream holds what differs from an epoch that was never received here; receive that first"u8,
        12 => "not enough memory, or as many regions as there may be"u8,
        13 or 17 => "there is a region with that name"u8,
        22 => "a name has 1 to 63 bytes"u8,
        91 => "the stream is of a group: 'sls recv' takes it"u8,
        _ => ReceiveReasonOf(result),
    };

    private static ReadOnlySpan<byte> DumpReasonOf(long result) => -result switch
    {
        2 => "there is no such group or checkpoint; 'sls history N' lists those there are"u8,
        3 => "there is no such process then, or it has no memory; 'sls exec N ps' lists those there are now"u8,
        5 => "its memory cannot be read, or the group could not be brought back: the kernel's log says why"u8,
        16 => "something is being sent or dumped; try again when that is done"u8,
        125 => "it has been broken off: this is a copy of who asked, or the machine restarted meanwhile; ask again"u8,
        _ => SlsCommand.ReasonOf(result),
    };

    private static ReadOnlySpan<byte> ReceiveReasonOf(long result) => -result switch
    {
        2 => "the stream holds what differs from a checkpoint that was never received here; receive that first"u8,
        16 => "something else is being received; try again when that is done"u8,
        17 => "there is a group or a saved volume with that name"u8,
        22 => "that cannot be a name: up to 31 letters, digits, '.', '_', '-', and no number"u8,
        28 => "the disk is full; nothing is left of what was received"u8,
        61 => "the stream ends before its end; nothing is left of what was received"u8,
        74 => "the stream is damaged, or is none; nothing is left of what was received"u8,
        91 => "the stream is of a region: 'sls regions recv' takes it"u8,
        93 => "the stream has a version of the format that this kernel does not know"u8,
        125 => "the stream has been broken off: this is a copy of who asked, or the machine restarted meanwhile; begin again"u8,
        _ => SlsCommand.ReasonOf(result),
    };
}
