using System;
using System.Runtime.InteropServices;

namespace Aurora.Hal.Tests;

/// <summary>A few KiB of physical memory at a chosen address, with a builder for what firmware leaves there.</summary>
internal sealed unsafe class MemoryImage(ulong start, int length) : PhysicalMemory
{
    private readonly byte[] _bytes = GC.AllocateArray<byte>(length, pinned: true);

    public override byte* View(ulong address, ulong length)
    {
        if (address < start || address - start > (ulong)_bytes.Length || length > (ulong)_bytes.Length - (address - start))
            return null;
        return (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0) + (address - start);
    }

    public Span<byte> At(ulong address) => _bytes.AsSpan((int)(address - start));

    public void Put<T>(ulong address, T value)
        where T : unmanaged => MemoryMarshal.Write(At(address), in value);

    public void PutBytes(ulong address, ReadOnlySpan<byte> bytes) => bytes.CopyTo(At(address));

    /// <summary>Completes a table: writes the header around its body and fixes the checksum.</summary>
    public void PutTable(ulong address, uint signature, ReadOnlySpan<byte> body, byte revision = 1)
    {
        Put(address, new AcpiTableHeader { Signature = signature, Length = (uint)(AcpiTableHeader.Bytes + body.Length), Revision = revision });
        PutBytes(address + AcpiTableHeader.Bytes, body);
        At(address)[9] = ChecksumOf(At(address)[..(AcpiTableHeader.Bytes + body.Length)]);
    }

    public static byte ChecksumOf(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
            sum += value;
        return (byte)-sum;
    }
}
