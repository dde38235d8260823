using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What the codecs of this layer share: the format's version, and fixed records read with a length check.</summary>
public abstract unsafe class FileCodec(FileServices files) : StateCodec
{
    protected FileServices Files { get; } = files;

    public override byte Version => 1;

    /// <summary>The oldest version that can still be read.</summary>
    protected virtual byte OldestVersion => Version;

    /// <summary>Reads the fixed part of a payload; the rest must have exactly <paramref name="tailBytes"/> bytes unless that is negative.</summary>
    protected RestoreStatus Read<T>(byte version, ReadOnlySpan<byte> payload, int tailBytes, out T record)
        where T : unmanaged
    {
        record = default;
        if (version < OldestVersion || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length < sizeof(T) || (tailBytes >= 0 && payload.Length != sizeof(T) + tailBytes))
            return RestoreStatus.BadRecord;
        record = Unsafe.ReadUnaligned<T>(ref MemoryMarshal.GetReference(payload));
        return RestoreStatus.Ok;
    }

    /// <summary>Reads a payload that is all record; an older one is shorter, and what it does not have is zero.</summary>
    protected RestoreStatus ReadGrown<T>(byte version, ReadOnlySpan<byte> payload, int bytesOfVersion, out T record)
        where T : unmanaged
    {
        record = default;
        if (version < OldestVersion || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != bytesOfVersion)
            return RestoreStatus.BadRecord;
        record = RereadGrown<T>(payload);
        return RestoreStatus.Ok;
    }

    /// <summary>Reads such a payload again that Create has accepted.</summary>
    protected static T RereadGrown<T>(ReadOnlySpan<byte> payload)
        where T : unmanaged
    {
        T record = default;
        payload.CopyTo(new Span<byte>(&record, sizeof(T)));
        return record;
    }

    /// <summary>Reads a payload again that Create has accepted.</summary>
    protected static T Reread<T>(ReadOnlySpan<byte> payload)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(ref MemoryMarshal.GetReference(payload));

    protected static int Write<T>(Span<byte> payload, in T record)
        where T : unmanaged
    {
        Unsafe.WriteUnaligned(ref MemoryMarshal.GetReference(payload), record);
        return sizeof(T);
    }

    protected static ObjectId IdOf(ObjectHeader* header) => header == null ? default : header->Id;
}
