using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Writes frames of a stream. One is made for each stream, with a buffer of at least <see cref="BufferPages"/> pages.</summary>
internal unsafe ref struct FrameWriter(VolumeSink sink, byte* buffer)
{
    public const int BufferPages = 2;

    private ulong _number;

    /// <summary>Sends a frame; StreamEnded when the sink does not take it.</summary>
    public StoreStatus Write(StreamFrameKind kind, ulong objectId, ulong page, ReadOnlySpan<byte> bytes)
    {
        var frame = (StreamFrame*)buffer;
        *frame = new StreamFrame { Kind = kind, Length = (uint)bytes.Length, Object = objectId, Page = page };
        int padded = (bytes.Length + 7) & ~7;
        var payload = new Span<byte>(frame + 1, padded);
        payload.Clear();
        bytes.CopyTo(payload);
        frame->Checksum = BlockHash.Compute(frame, StreamFrame.Bytes + padded, _number++);
        return sink.Write(new ReadOnlySpan<byte>(buffer, StreamFrame.Bytes + padded)) ? StoreStatus.Ok : StoreStatus.StreamEnded;
    }
}
