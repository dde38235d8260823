// Deliberate faults of codecs, put between a kernel and its codecs by the test: the kernel's own code has none of them.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Tests;

namespace Aurora.States.Tests;

/// <summary>How a codec goes wrong.</summary>
internal enum CodecFaultKind
{
    /// <summary>A field is not captured: it is zero.</summary>
    ForgottenField,

    /// <summary>A change of a field does not mark the object: the record keeps what it held first.</summary>
    ForgottenMark,

    /// <summary>What follows the fixed part is lost.</summary>
    DroppedTail,

    /// <summary>A reference names the object before the right one of the same kind.</summary>
    WrongReference,
}

/// <summary>One seeded fault.</summary>
internal sealed class SeededCodecFault(CodecFaultKind fault, ObjectKind kind, int offset, int length)
{
    // So far apart are two files at most; between a directory and the others are more numbers than one can try.
    private const ulong MostIds = 1 << 16;

    private readonly Dictionary<ulong, byte[]> _first = [];

    /// <summary>A fault in one field of a record, or in all of it when no field is named.</summary>
    public static SeededCodecFault Of(CodecFaultKind fault, ObjectKind kind, string? field)
    {
        IReadOnlyList<ObjectField> fields = ObjectFields.OfRecord(kind);
        if (field == null)
            return new SeededCodecFault(fault, kind, 0, StateCodec.MaxPayloadBytes);
        ObjectField found = fields.First(each => each.Name == field || each.Name == field + ".Value");
        return new SeededCodecFault(fault, kind, found.Offset, found.Length);
    }

    /// <summary>A fault in what follows the record.</summary>
    public static SeededCodecFault OfTail(ObjectKind kind)
    {
        ObjectField last = ObjectFields.OfRecord(kind)[^1];
        return new SeededCodecFault(CodecFaultKind.DroppedTail, kind, last.Offset + last.Length, 0);
    }

    public void Seed(TestKernel kernel) => kernel.Codecs[kind] = new FaultyCodec(this, kernel.Codecs[kind], kernel);

    /// <summary>Another program begins.</summary>
    public void Forget() => _first.Clear();

    private int Corrupt(TestKernel kernel, ulong id, Span<byte> payload, int bytes)
    {
        Span<byte> field = payload[Math.Min(offset, bytes)..Math.Min(offset + length, bytes)];
        switch (fault)
        {
            case CodecFaultKind.ForgottenField:
                field.Clear();
                return bytes;
            case CodecFaultKind.ForgottenMark:
                if (!_first.TryGetValue(id, out byte[]? first))
                    _first[id] = first = field.ToArray();
                first.AsSpan(0, Math.Min(first.Length, field.Length)).CopyTo(field);
                return bytes;
            case CodecFaultKind.DroppedTail:
                return Math.Min(bytes, offset);
            default:
                Misdirect(kernel, field);
                return bytes;
        }
    }

    private static unsafe void Misdirect(TestKernel kernel, Span<byte> field)
    {
        ulong right = BitConverter.ToUInt64(field);
        ObjectHeader* target = kernel.Tracker.Find(new ObjectId(right));
        ulong lowest = right > MostIds ? right - MostIds : 0;
        for (ulong id = right - 1; target != null && id > lowest; id--)
        {
            if (kernel.Tracker.Find(new ObjectId(id), target->Kind) == null)
                continue;
            BitConverter.TryWriteBytes(field, id);
            return;
        }
    }

    private sealed unsafe class FaultyCodec(SeededCodecFault seeded, StateCodec inner, TestKernel kernel) : StateCodec
    {
        public override ObjectKind Kind => inner.Kind;

        public override byte Version => inner.Version;

        public override int Capture(ObjectHeader* header, Span<byte> payload)
            => seeded.Corrupt(kernel, header->Id.Value, payload, inner.Capture(header, payload));

        public override bool IsSound(ObjectHeader* header) => inner.IsSound(header);

        public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
            => inner.Create(tracker, id, version, payload);

        public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids) => inner.References(payload, ids);

        public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
            => inner.Link(tracker, header, payload);

        public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header) => inner.Finish(tracker, header);
    }
}
