// How a kind of kernel object is written into a checkpoint and read back. A record is at most MaxRecordBytes: a two-byte kind and
// version written by the checkpoint engine, then the codec's payload: a blittable struct, and a variable tail where the kind has one.
// Restore runs in phases over all records: Create every object, Link references between them (ids become pointers), Finish (start
// threads, rebuild derived state). Records are input from a disk: every field is checked, and a bad one is refused, never a panic.
using System;

namespace Aurora.Base;

/// <summary>Captures and restores the objects of one <see cref="ObjectKind"/>. The instance is made at boot and has no per-call state.</summary>
public abstract unsafe class StateCodec
{
    /// <summary>The largest payload a record can hold, in bytes.</summary>
    public const int MaxPayloadBytes = 3000;

    public abstract ObjectKind Kind { get; }

    /// <summary>The payload's format version; Create gets the stored one and refuses what it does not know.</summary>
    public abstract byte Version { get; }

    /// <summary>Writes the object's state and returns the payload's length in bytes. Runs inside the stop window: no allocation, no I/O.</summary>
    public abstract int Capture(ObjectHeader* header, Span<byte> payload);

    /// <summary>Allocates the object, fills what needs no other object, and adopts <paramref name="id"/> with the group's tracker.</summary>
    public abstract RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload);

    /// <summary>Resolves the ids in the payload to live objects and takes references on them.</summary>
    public abstract RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload);

    /// <summary>Rebuilds derived state once everything is linked. Most kinds need nothing.</summary>
    public virtual RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header) => RestoreStatus.Ok;
}
