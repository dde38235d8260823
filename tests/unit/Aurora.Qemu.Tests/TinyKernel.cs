// A kernel of a few dozen bytes: an ELF file with a PVH entry note, whose 32-bit code writes given bytes to given I/O ports and then
// powers off, halts, or echoes COM1. It lets the launcher be tested against a real QEMU without the real kernel.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Aurora.Qemu.Tests;

/// <summary>Assembles a tiny bootable ELF image.</summary>
internal sealed class TinyKernel
{
    public const ushort Com1 = 0x3F8;
    public const ushort Com2 = 0x2F8;
    private const ushort DebugExit = 0xF4;
    private const ushort LineStatusOffset = 5;
    private const uint LoadAddress = 0x100000;
    private const int HeaderBytes = 64 + (2 * 56);
    private const int NoteBytes = 20;

    private readonly List<byte> _code = [];

    /// <summary>Prints text on a serial port.</summary>
    public TinyKernel Print(ushort port, string text)
    {
        Append(0x66, 0xBA, (byte)port, (byte)(port >> 8)); // mov dx, port
        foreach (byte character in Encoding.UTF8.GetBytes(text))
            Append(0xB0, character, 0xEE); // mov al, character; out dx, al
        return this;
    }

    /// <summary>Ends the machine with this value on the debug-exit port.</summary>
    public TinyKernel PowerOff(byte value) => Append(0x66, 0xBA, (byte)DebugExit, 0, 0xB0, value, 0xEE).Hang();

    /// <summary>Stops for ever.</summary>
    public TinyKernel Hang() => Append(0xFA, 0xF4, 0xEB, 0xFD); // cli; hlt; jmp back to hlt

    /// <summary>Sends every byte that arrives on a port out again on another, for ever.</summary>
    public TinyKernel EchoForever(ushort from, ushort to)
    {
        int start = _code.Count;
        ushort status = (ushort)(from + LineStatusOffset);
        Append(0x66, 0xBA, (byte)status, (byte)(status >> 8)); // mov dx, line status
        Append(0xEC, 0xA8, 0x01, 0x74, 0xFB); // in al, dx; test al, 1; jz back to in
        Append(0x66, 0xBA, (byte)from, (byte)(from >> 8), 0xEC); // mov dx, from; in al, dx
        Append(0x66, 0xBA, (byte)to, (byte)(to >> 8), 0xEE); // mov dx, to; out dx, al
        return Append(0xEB, (byte)(sbyte)(start - (_code.Count + 2))); // jmp start
    }

    /// <summary>Writes the image.</summary>
    public void Save(string path)
    {
        using var writer = new BinaryWriter(File.Create(path));
        uint entry = LoadAddress + HeaderBytes + NoteBytes;
        int total = HeaderBytes + NoteBytes + _code.Count;
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((ushort)2); // executable
        writer.Write((ushort)62); // x86-64
        writer.Write(1u);
        writer.Write((ulong)entry);
        writer.Write(64ul); // program headers
        writer.Write(0ul);
        writer.Write(0u);
        foreach (ushort size in (ushort[])[64, 56, 2, 0, 0, 0])
            writer.Write(size);
        WriteProgramHeader(writer, type: 1, flags: 7, offset: 0, bytes: total);
        WriteProgramHeader(writer, type: 4, flags: 4, offset: HeaderBytes, bytes: NoteBytes);
        foreach (uint word in (uint[])[4, 4, 18, 0x006E6558, entry]) // name "Xen", type 18: the PVH entry point
            writer.Write(word);
        writer.Write(_code.ToArray());
    }

    private static void WriteProgramHeader(BinaryWriter writer, uint type, uint flags, int offset, int bytes)
    {
        writer.Write(type);
        writer.Write(flags);
        foreach (ulong value in (ulong[])[(ulong)offset, LoadAddress + (ulong)offset, LoadAddress + (ulong)offset, (ulong)bytes, (ulong)bytes, 4])
            writer.Write(value);
    }

    private TinyKernel Append(params ReadOnlySpan<byte> bytes)
    {
        _code.AddRange(bytes);
        return this;
    }
}
