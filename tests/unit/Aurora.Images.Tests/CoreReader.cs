using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>A segment of memory of a core file.</summary>
internal sealed record CoreSegment(ulong Address, ulong MemoryBytes, ulong FileOffset, ulong FileBytes, uint Flags);

/// <summary>A note of a core file.</summary>
internal sealed record CoreNote(string Owner, uint Type, byte[] Contents)
{
    public ulong Word(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(Contents.AsSpan(offset));

    public int Int(int offset) => BinaryPrimitives.ReadInt32LittleEndian(Contents.AsSpan(offset));

    public string Text(int offset, int bytes) => Encoding.UTF8.GetString(Contents, offset, bytes).TrimEnd('\0');
}

/// <summary>Reads ELF core files by the offsets of the specification, not by the structures that wrote them.</summary>
internal sealed class CoreReader : IDisposable
{
    private readonly FileStream _file;

    public CoreReader(string path)
    {
        _file = File.OpenRead(path);
        byte[] header = Read(0, 64);
        Assert.Equal(new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0 }, header[..8]);
        Assert.Equal((4, 62, 1u), (Half(header, 16), Half(header, 18), Single(header, 20)));
        Assert.Equal((64UL, 64, 56), (Word(header, 32), Half(header, 52), Half(header, 54)));
        for (int i = 0; i < Half(header, 56); i++)
            Add(Read(64 + (56 * i), 56));
    }

    public List<CoreSegment> Memory { get; } = [];
    public List<CoreNote> Notes { get; } = [];
    public long Length => _file.Length;

    public void Dispose() => _file.Dispose();

    public CoreNote Note(uint type) => Assert.Single(Notes, note => note.Type == type);

    public CoreNote[] AllOf(uint type) => [.. Notes.Where(note => note.Type == type)];

    /// <summary>A page of memory; null where the file says nothing of it.</summary>
    public byte[]? PageAt(ulong address)
    {
        CoreSegment? segment = Memory.SingleOrDefault(each => address >= each.Address && address - each.Address < each.FileBytes);
        return segment == null ? null : Read((long)(segment.FileOffset + (address - segment.Address)), 4096);
    }

    private void Add(byte[] segment)
    {
        (ulong offset, ulong bytes) = (Word(segment, 8), Word(segment, 32));
        Assert.True(offset + bytes <= (ulong)_file.Length);
        if (Single(segment, 0) == 4)
        {
            AddNotes(Read((long)offset, (int)bytes));
            return;
        }
        Assert.Equal((1u, 4096UL, 0UL), (Single(segment, 0), Word(segment, 48), offset % 4096));
        Memory.Add(new CoreSegment(Word(segment, 16), Word(segment, 40), offset, bytes, Single(segment, 4)));
    }

    private void AddNotes(byte[] notes)
    {
        for (int at = 0; at < notes.Length;)
        {
            (int name, int contents) = ((int)Single(notes, at), (int)Single(notes, at + 4));
            string owner = Encoding.ASCII.GetString(notes, at + 12, name - 1);
            int start = at + 12 + Padded(name);
            Notes.Add(new CoreNote(owner, Single(notes, at + 8), notes[start..(start + contents)]));
            at = start + Padded(contents);
        }
    }

    private static int Padded(int bytes) => (bytes + 3) & ~3;

    private byte[] Read(long offset, int bytes)
    {
        byte[] result = new byte[bytes];
        _file.Position = offset;
        _file.ReadExactly(result);
        return result;
    }

    private static int Half(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(offset));

    private static uint Single(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    private static ulong Word(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));
}
