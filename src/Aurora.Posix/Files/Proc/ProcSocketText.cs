using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>/proc/N/net/unix: the sockets of a group.</summary>
internal sealed unsafe class ProcSocketText(FileState state)
{
    // SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED and SS_DISCONNECTING; the last two are those of sockets without a file.
    private const uint Unconnected = 1, Connecting = 2, Connected = 3, Disconnecting = 4;
    private const uint Accepts = 0x10000;

    // Whole lines only: the next part begins with the socket whose line did not fit.
    public void Write(ushort group, ref ProcPart part, ref Utf8Writer writer)
    {
        if (part.Start == 0)
            writer.Append("Num       RefCount Protocol Flags    Type St Inode Path\n"u8);
        part.Length = writer.Length;
        for (ulong index = part.Address; index < state.Sockets.IndexBound; index++)
        {
            Socket* socket = state.Sockets.LiveAt((uint)index);
            if (socket == null || socket->Header.Group != group)
                continue;
            WriteSocket(socket, ref writer);
            part.NextAddress = index;
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    // Addresses in the kernel are nobody's business.
    private static void WriteSocket(Socket* socket, ref Utf8Writer writer)
    {
        writer.Append("0000000000000000: "u8);
        writer.AppendHex((uint)socket->Header.References + 1, 8);
        writer.Append(" 00000000 "u8);
        writer.AppendHex(socket->IsListening ? Accepts : 0, 8);
        writer.Append((byte)' ');
        writer.AppendHex((uint)socket->Type, 4);
        bool isConnected = socket->Peer != null;
        uint told = socket->File != null ? (isConnected ? Connected : Unconnected) : isConnected ? Connecting : Disconnecting;
        writer.Append((byte)' ');
        writer.AppendHex(told, 2);
        writer.Append((byte)' ');
        writer.AppendDecimal(socket->File == null ? 0 : socket->File->Inode->Number, 5);
        if (socket->NameLength > 0)
            WriteName(socket, ref writer);
        writer.Append((byte)'\n');
    }

    private static void WriteName(Socket* socket, ref Utf8Writer writer)
    {
        writer.Append((byte)' ');
        ReadOnlySpan<byte> name = socket->IsAbstract ? socket->NameBytes : socket->NameBytes[..^1];
        foreach (byte each in name)
            writer.Append(each == 0 ? (byte)'@' : each);
    }
}
