using System;

namespace Aurora.Store;

/// <summary>Reads frames of a stream, which may hold anything. One is made for each stream, with a buffer as FrameWriter's.</summary>
internal unsafe ref struct FrameReader(StoreContext context, VolumeSource source, byte* buffer)
{
    private ulong _number;

    /// <summary>The frame read last; its bytes follow it.</summary>
    public readonly StreamFrame* Frame => (StreamFrame*)buffer;

    public readonly ReadOnlySpan<byte> Bytes => new(Frame + 1, (int)Frame->Length);

    /// <summary>Reads the next frame: StreamEnded when there is none, BadChecksum or Corrupt when it is not one.</summary>
    public StoreStatus Read()
    {
        if (!source.Read(new Span<byte>(buffer, StreamFrame.Bytes)))
            return StoreStatus.StreamEnded;
        StreamFrame* frame = Frame;
        uint most = frame->Kind switch
        {
            StreamFrameKind.Start => StreamStart.Bytes,
            StreamFrameKind.Record => StoreFormat.MaxRecordBytes,
            StreamFrameKind.Page => Base.PageSize.Bytes,
            _ => 0,
        };
        bool isFixed = frame->Kind is StreamFrameKind.Start or StreamFrameKind.Page;
        if (frame->Length > most || (isFixed && frame->Length != most))
            return Refuse(StoreStatus.Corrupt);
        int padded = (int)(frame->Length + 7) & ~7;
        if (!source.Read(new Span<byte>(frame + 1, padded)))
            return StoreStatus.StreamEnded;
        ulong sum = frame->Checksum;
        frame->Checksum = 0;
        bool isWhole = BlockHash.Compute(frame, StreamFrame.Bytes + padded, _number++) == sum;
        return isWhole ? StoreStatus.Ok : Refuse(StoreStatus.BadChecksum);
    }

    private readonly StoreStatus Refuse(StoreStatus status)
        => context.Refuse(status, FaultPlace.Stream, _number, Frame->Object, Frame->Page);
}
