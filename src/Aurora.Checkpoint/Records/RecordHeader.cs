// The first bytes of every stored record; the codec's payload follows. On-disk format:
//
//   0  kind                       1  version of the payload, and HasUser      2  zero
//   4  with HasUser: the user the object is charged to (UserAccounts), never 0; the payload then begins at 8
//
// The flag is part of the version so that a kernel that does not know it refuses the record.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The kind and version of a stored record.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct RecordHeader
{
    public const int Size = 4;

    /// <summary>The most that precedes a payload.</summary>
    public const int MaxSize = Size + sizeof(uint);

    private const byte HasUser = 0x80;

    public ObjectKind Kind;

    /// <summary>The payload's format version, the codec's own.</summary>
    public byte Version;

    /// <summary>Zero.</summary>
    public ushort Reserved;

    /// <summary>Writes what precedes the payload and returns its length in bytes.</summary>
    public static int Write(Span<byte> record, ObjectKind kind, byte version, uint user)
    {
        Panic.Unless((version & HasUser) == 0, "checkpoint: a version is not below 128"u8);
        var header = new RecordHeader { Kind = kind, Version = user == 0 ? version : (byte)(version | HasUser) };
        MemoryMarshal.Write(record, in header);
        if (user == 0)
            return Size;
        MemoryMarshal.Write(record[Size..], in user);
        return MaxSize;
    }

    /// <summary>Takes a record apart; false when its header is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> record, out RecordHeader header, out uint user, out ReadOnlySpan<byte> payload)
    {
        header = default;
        user = 0;
        payload = default;
        if (record.Length < Size)
            return false;
        header = MemoryMarshal.Read<RecordHeader>(record);
        payload = record[Size..];
        if ((header.Version & HasUser) == 0)
            return header.Reserved == 0;
        header.Version &= HasUser - 1;
        if (payload.Length < sizeof(uint))
            return false;
        user = MemoryMarshal.Read<uint>(payload);
        payload = payload[sizeof(uint)..];
        return user != 0 && header.Reserved == 0;
    }
}
