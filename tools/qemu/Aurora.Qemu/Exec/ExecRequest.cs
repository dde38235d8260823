// On the socket: 1 for a program in the background, else 0 (1 byte); how many arguments and variables (4 bytes each, little-endian);
// then the strings as the kernel gets them: the group, the directory, the arguments and the variables, each with its NUL.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Aurora.Qemu;

/// <summary>A program to be run in a group of a machine that runs.</summary>
/// <param name="Group">Its name or number.</param>
/// <param name="Directory">Where the program begins; empty for the root.</param>
/// <param name="IsDetached">In the background, its output on the group's console.</param>
/// <param name="Arguments">The program and its arguments.</param>
/// <param name="Variables">Its environment.</param>
public sealed record ExecRequest(
    string Group, string Directory, bool IsDetached, IReadOnlyList<string> Arguments, IReadOnlyList<string> Variables)
{
    private const int HeaderBytes = 9;

    internal ReadOnlyMemory<byte> Encode()
    {
        IEnumerable<string> strings = [Group, Directory, .. Arguments, .. Variables];
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(strings.Select(each => each + "\0")));
        byte[] bytes = new byte[HeaderBytes + text.Length];
        bytes[0] = IsDetached ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), Arguments.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(5), Variables.Count);
        text.CopyTo(bytes, HeaderBytes);
        return bytes;
    }

    /// <summary>The command of the control channel with which a request begins, and its strings; null when that is no request.</summary>
    internal static (string Command, ReadOnlyMemory<byte> Text)? Decode(ExecFrame frame)
    {
        if (frame.Kind != ExecFrameKind.Request || frame.Payload.Length <= HeaderBytes)
            return null;
        ReadOnlySpan<byte> header = frame.Payload.Span;
        int arguments = BinaryPrimitives.ReadInt32LittleEndian(header[1..]);
        int variables = BinaryPrimitives.ReadInt32LittleEndian(header[5..]);
        if (arguments < 1 || variables < 0)
            return null;
        ReadOnlyMemory<byte> text = frame.Payload[HeaderBytes..];
        string how = header[0] != 0 ? "detached" : "wait";
        return (FormattableString.Invariant($"run {how} {text.Length} {arguments} {variables}"), text);
    }
}
