using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Tells the kernel's log of groups.</summary>
internal static class GroupReport
{
    /// <summary>What is to be said of a group (up to 200 bytes), under its name.</summary>
    public static void Line(ReadOnlySpan<byte> name, ReadOnlySpan<byte> what)
    {
        Span<byte> buffer = stackalloc byte[320];
        var line = new Utf8Writer(buffer);
        line.Append("group "u8);
        line.Append(name);
        line.Append(": "u8);
        line.Append(what);
        KernelLog.Line(line.Written);
    }
}
