using System;
using System.Runtime.InteropServices;

namespace Aurora.Checkpoint;

/// <summary>
/// Writes notes one after the other, as the PT_NOTE segment has them; without a sink it only counts. Once the sink has refused something
/// nothing more is written.
/// </summary>
internal struct NoteWriter(CoreSink? sink)
{
    private const int Alignment = 4;

    private ulong _left;

    /// <summary>All bytes so far.</summary>
    public ulong Bytes { get; private set; }

    public bool IsRefused { get; private set; }

    /// <summary>A note of the generic format.</summary>
    public void Add(uint type, ReadOnlySpan<byte> contents)
    {
        Begin("CORE\0"u8, type, (ulong)contents.Length);
        Append(contents);
    }

    /// <summary>A note of Linux's own.</summary>
    public void AddLinux(uint type, ReadOnlySpan<byte> contents)
    {
        Begin("LINUX\0"u8, type, (ulong)contents.Length);
        Append(contents);
    }

    /// <summary>A note of the generic format whose contents, so many bytes, are appended piece by piece.</summary>
    public void Begin(uint type, ulong bytes) => Begin("CORE\0"u8, type, bytes);

    /// <summary>The next piece of the contents.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Base.Panic.Unless((ulong)bytes.Length <= _left, "core file: a note is longer than was said"u8);
        _left -= (ulong)bytes.Length;
        Put(bytes);
        if (_left == 0)
            Pad();
    }

    private void Begin(ReadOnlySpan<byte> owner, uint type, ulong bytes)
    {
        Base.Panic.Unless(_left == 0, "core file: a note is shorter than was said"u8);
        var header = new ElfNote { NameBytes = (uint)owner.Length, ContentBytes = (uint)bytes, Type = type };
        Put(MemoryMarshal.AsBytes(new ReadOnlySpan<ElfNote>(in header)));
        Put(owner);
        Pad();
        _left = bytes;
    }

    private void Pad()
    {
        int over = (int)(Bytes % Alignment);
        if (over != 0)
            Put("\0\0\0"u8[..(Alignment - over)]);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Bytes += (ulong)bytes.Length;
        if (sink != null && !IsRefused)
            IsRefused = !sink.Write(bytes);
    }
}
