using System;
using System.Buffers;
using System.Runtime.InteropServices;

namespace Aurora.Images.Dump;

/// <summary>Notes one after the other, as the PT_NOTE segment has them.</summary>
internal sealed class NoteStream
{
    private const int Alignment = 4;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>A note of the generic format.</summary>
    public void Add(uint type, ReadOnlySpan<byte> contents) => Add("CORE\0"u8, type, contents);

    /// <summary>A note of Linux's own.</summary>
    public void AddLinux(uint type, ReadOnlySpan<byte> contents) => Add("LINUX\0"u8, type, contents);

    private void Add(ReadOnlySpan<byte> owner, uint type, ReadOnlySpan<byte> contents)
    {
        var header = new ElfNote { NameBytes = (uint)owner.Length, ContentBytes = (uint)contents.Length, Type = type };
        _bytes.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ElfNote>(in header)));
        Append(owner);
        Append(contents);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        int over = _bytes.WrittenCount % Alignment;
        if (over != 0)
            _bytes.Write("\0\0\0"u8[..(Alignment - over)]);
    }
}
