using System;
using System.Collections.Generic;
using System.Text;

namespace Aurora.Checkpoint.Tests;

/// <summary>What the launcher is told, line by line; there is room for so many more.</summary>
internal sealed class TestLines : LauncherLines
{
    private readonly Queue<string> _lines = new();

    public int Left { get; set; } = int.MaxValue;

    public override bool HasRoom => Left > 0;

    public override void Write(ReadOnlySpan<byte> line)
    {
        Left--;
        _lines.Enqueue(Encoding.UTF8.GetString(line));
    }

    /// <summary>Takes all that was told.</summary>
    public string[] Take()
    {
        string[] lines = [.. _lines];
        _lines.Clear();
        return lines;
    }
}
