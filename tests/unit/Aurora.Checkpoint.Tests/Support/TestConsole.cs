using System;
using System.Text;

namespace Aurora.Checkpoint.Tests;

/// <summary>A console device that takes a limited number of bytes a time and keeps them.</summary>
internal sealed class TestConsole : ConsoleOutput
{
    private readonly StringBuilder _text = new();

    /// <summary>Bytes it still takes.</summary>
    public int Room { get; set; } = int.MaxValue;

    /// <summary>Bytes taken that are still in its queue.</summary>
    public int Queued { get; set; }

    public override int Undelivered => Queued;

    public string Text => _text.ToString();

    public override int Write(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(Room, bytes.Length);
        Room -= count;
        _text.Append(Encoding.ASCII.GetString(bytes[..count]));
        return count;
    }
}
