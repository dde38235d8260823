using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Posix.Ipc;

/// <summary>The files of /proc/sys/fs/mqueue, each of which has one number.</summary>
internal static class NamedQueueLimits
{
    public static void Write(NamedQueueSettings settings, ProcNode node, ref Utf8Writer writer)
    {
        writer.AppendDecimal((long)Of(ref settings, node));
        writer.Append((byte)'\n');
    }

    /// <summary>Sets one, if it may be that; trimmed text.</summary>
    public static bool TrySet(ref NamedQueueSettings settings, ProcNode node, ReadOnlySpan<byte> text)
    {
        if (!Utf8Parser.TryParse(text, out int value, out int used) || used != text.Length)
            return false;
        NamedQueueSettings wanted = settings;
        Of(ref wanted, node) = value;
        if (!wanted.IsValid)
            return false;
        settings = wanted;
        return true;
    }

    private static ref int Of(ref NamedQueueSettings settings, ProcNode node)
    {
        switch (node)
        {
            case ProcNode.QueueMessagesMax: return ref settings.MessagesMax;
            case ProcNode.QueueBytesMax: return ref settings.BytesMax;
            case ProcNode.QueuesMax: return ref settings.QueuesMax;
            case ProcNode.QueueMessagesDefault: return ref settings.MessagesDefault;
            default: return ref settings.BytesDefault;
        }
    }
}
