// How a kind of kernel object is written into a checkpoint and read back. A record is at most MaxRecordBytes: a two-byte kind and
// version written by the checkpoint engine, then the codec's payload: a blittable struct, and a variable tail where the kind has one.
// Restore runs in phases over all records: Create every object, Link references between them (ids become pointers), Finish (start
// threads, rebuild derived state). Records are input from a disk: every field is checked, and a bad one is refused, never a panic.
using System;

namespace Aurora.Base;

/// <summary>Captures and restores the objects of one <see cref="ObjectKind"/>. The instance is made at boot and has no per-call
/// state.</summary>
public abstract unsafe class StateCodec
{
    /// <summary>The largest payload a record can hold, in bytes.</summary>
    public const int MaxPayloadBytes = 3000;

    public abstract ObjectKind Kind { get; }

    /// <summary>The payload's format version; Create gets the stored one and refuses what it does not know.</summary>
    public abstract byte Version { get; }

    /// <summary>The most bytes <see cref="Capture"/> writes for any object of this kind: what an epoch may hold is reckoned with
    /// it.</summary>
    public virtual int LargestPayload => MaxPayloadBytes;

    /// <summary>Writes the object's state and returns the payload's length in bytes. Runs inside the stop window: no allocation, no
    /// I/O.</summary>
    public abstract int Capture(ObjectHeader* header, Span<byte> payload);

    /// <summary>
    /// The check before commit: false when the object contradicts itself, refers to something that has ended, or has a count that cannot
    /// be. Such a state must not be made durable. Runs inside the stop window on every object that changed: a few comparisons.
    /// </summary>
    public virtual bool IsSound(ObjectHeader* header) => true;

    /// <summary>True when a pointer leads to an object of this kind that has not ended; freed ones are poisoned.</summary>
    protected static bool IsLive(void* referred, ObjectKind kind)
        => referred != null && ((ObjectHeader*)referred)->Kind == kind && (((ObjectHeader*)referred)->Flags & ObjectFlags.Tracked) != 0;

    /// <summary>As above, or nothing.</summary>
    protected static bool IsLiveOrNone(void* referred, ObjectKind kind) => referred == null || IsLive(referred, kind);

    /// <summary>True for an object of this kind that is held by somebody.</summary>
    protected static bool IsHeld(void* referred, ObjectKind kind) => IsLive(referred, kind) && ((ObjectHeader*)referred)->References > 0;

    /// <summary>Allocates the object, fills what needs no other object, and adopts <paramref name="id"/> with the group's
    /// tracker.</summary>
    public abstract RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload);

    /// <summary>The most ids that <see cref="References"/> tells of.</summary>
    public const int MostReferences = 4;

    /// <summary>
    /// What of files a payload that Create has accepted refers to (<see cref="FileIds"/>), by the id of the inode or of one of its records:
    /// it is read before anything is linked. Returns how many there are; none may be among them, and what does not exist.
    /// </summary>
    public virtual int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids) => 0;

    /// <summary>Resolves the ids in the payload to live objects and takes references on them.</summary>
    public abstract RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload);

    /// <summary>Rebuilds derived state once everything is linked. Most kinds need nothing.</summary>
    public virtual RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header) => RestoreStatus.Ok;
}
