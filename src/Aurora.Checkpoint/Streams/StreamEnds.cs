// The fiber's side of streams of volumes: what the store writes to and reads from. Each waits for the program, holding nothing of the
// store but what its operation needs, and gives up when who asked is not there any more.
using System;
using Aurora.Base;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Where a volume is sent to.</summary>
internal sealed unsafe class StreamSink(VolumeStreamTable table, ThreadScheduler scheduler, FiberScheduler fibers) : VolumeSink
{
    private readonly VolumeStream* _stream = table.Of(isIncoming: false);

    public override bool Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _stream->HasAsker)
        {
            Span<byte> room = _stream->Room;
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            bytes = bytes[count..];
            _stream->Written += (ulong)count;
            if (_stream->Used >= VolumeStream.RingBytes / 2)
                scheduler.WakeAll(&_stream->Changed);
            if (count == 0)
                fibers.Block(&_stream->Moved);
        }
        fibers.GiveWay();
        return _stream->HasAsker;
    }
}

/// <summary>Where a volume is received from.</summary>
internal sealed unsafe class StreamSource(VolumeStreamTable table, ThreadScheduler scheduler, FiberScheduler fibers) : VolumeSource
{
    private readonly VolumeStream* _stream = table.Of(isIncoming: true);

    public override bool Read(Span<byte> bytes)
    {
        while (!bytes.IsEmpty && _stream->HasAsker)
        {
            ReadOnlySpan<byte> there = _stream->Bytes;
            int count = Math.Min(there.Length, bytes.Length);
            there[..count].CopyTo(bytes);
            bytes = bytes[count..];
            _stream->Taken += (ulong)count;
            if (_stream->Used <= VolumeStream.RingBytes / 2)
                scheduler.WakeAll(&_stream->Changed);
            if (count == 0 && _stream->HasEnded)
                return false;
            if (count == 0)
                fibers.Block(&_stream->Moved);
        }
        fibers.GiveWay();
        return _stream->HasAsker;
    }
}
