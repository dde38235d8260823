using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Records;

/// <summary>What the codecs of processes, threads and terminals share: one format version, and fixed records read with a length check.</summary>
public abstract unsafe class RecordCodec : StateCodec
{
    public override byte Version => 1;

    /// <summary>Reads the fixed part of a payload, which must be at least that long.</summary>
    protected RestoreStatus Read<T>(byte version, ReadOnlySpan<byte> payload, out T record)
        where T : unmanaged
    {
        record = default;
        if (version != Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length < sizeof(T))
            return RestoreStatus.BadRecord;
        record = Reread<T>(payload);
        return RestoreStatus.Ok;
    }

    /// <summary>As <see cref="Read{T}"/>, for kinds whose payload is nothing but the record.</summary>
    protected RestoreStatus ReadExactly<T>(byte version, ReadOnlySpan<byte> payload, out T record)
        where T : unmanaged
    {
        RestoreStatus status = Read(version, payload, out record);
        return status == RestoreStatus.Ok && payload.Length != sizeof(T) ? RestoreStatus.BadRecord : status;
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

    protected static ObjectId IdOf(void* tracked) => tracked == null ? default : ((ObjectHeader*)tracked)->Id;
}
