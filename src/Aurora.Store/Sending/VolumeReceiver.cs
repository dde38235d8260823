// Receiving: a new volume takes what a stream says, in commits of a bounded size, and is Partial until the stream's end has come and all of
// it is durable. Its last commit has a name that says what it is a copy of, `recv:STORE:SEQUENCE`, and so is kept: a later stream that only
// holds what differs from that checkpoint starts with a clone of it. What comes in is not trusted: every frame is summed, and every
// number in it checked, as those of a program's commits are.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Receives checkpoints.</summary>
internal sealed unsafe class VolumeReceiver(
    StoreContext context, VolumeCommits volumes, VolumeDirectory directory, Checkpoints checkpoints, CommitBuilder builder,
        Committer committer)
{
    private const int MostPages = 64;

    // Far below what any store takes in one commit.
    private const ulong MostLayerBytes = 32 << 10;

    // The commit that is being filled.
    private ref struct Filling
    {
        public StoreCommit* Commit;
        public byte* Pages;
        public int Used;
    }

    /// <summary>See <see cref="ObjectStore.ReceiveVolume"/>.</summary>
    public StoreStatus Receive(VolumeSource source, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
    {
        volume = default;
        byte* memory = (byte*)context.Pages.Allocate(FrameWriter.BufferPages + MostPages);
        if (memory == null)
            return StoreStatus.OutOfMemory;
        var reader = new FrameReader(context, source, memory);
        StoreStatus status = ReadStart(ref reader, out StreamStart start);
        if (status == StoreStatus.Ok)
            status = MakeVolume(start, name, info, out volume);
        if (status == StoreStatus.Ok)
        {
            status = Fill(ref reader, memory + (FrameWriter.BufferPages * PageSize.Bytes), volume, start, info);
            if (status == StoreStatus.Ok)
                status = volumes.Set(volume, VolumeFlags.None, name, info);
            if (status != StoreStatus.Ok && context.PoisonStatus == StoreStatus.Ok)
                volumes.Drop(volume, info);
        }
        context.Pages.Free(memory, FrameWriter.BufferPages + MostPages);
        volume = status == StoreStatus.Ok ? volume : default;
        return status;
    }

    private StoreStatus ReadStart(ref FrameReader reader, out StreamStart start)
    {
        start = default;
        StoreStatus status = reader.Read();
        if (status != StoreStatus.Ok)
            return status;
        if (reader.Frame->Kind == StreamFrameKind.Start)
            start = *(StreamStart*)(reader.Frame + 1);
        if (start.Magic != StreamStart.ExpectedMagic || start.BaseSequence >= start.Sequence
            || start.Sequence > StoreFormat.MaxCounter || start.Epoch > StoreFormat.MaxCounter)
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.Stream, 0);
        return start.Version == StreamStart.CurrentVersion
            ? StoreStatus.Ok
            : context.Refuse(StoreStatus.UnknownVersion, FaultPlace.Stream, 0, 0, 0, start.Version);
    }

    // Empty, or a clone of the checkpoint that the stream is based on.
    private StoreStatus MakeVolume(in StreamStart start, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
    {
        volume = default;
        if (start.BaseSequence == 0)
            return volumes.Create(VolumeFlags.Partial, name, info, out volume);
        Span<byte> wanted = stackalloc byte[CommitInfo.MaxNameBytes];
        ReadOnlySpan<byte> copy = NameOf(start, start.BaseSequence, wanted);
        VolumeId at = default;
        while (directory.Next(at, out VolumeInfo candidate) == StoreStatus.Ok)
        {
            at = candidate.Id;
            if (checkpoints.Find(at, copy, out CheckpointInfo found) == StoreStatus.Ok)
                return volumes.Clone(at, found.Sequence, VolumeFlags.Partial, name, info, waits: true, out volume);
        }
        return context.Refuse(StoreStatus.NotFound, FaultPlace.Stream, 0, 0, start.BaseSequence);
    }

    private static ReadOnlySpan<byte> NameOf(in StreamStart start, ulong sequence, Span<byte> buffer)
    {
        var text = new Utf8Writer(buffer);
        text.Append("recv:"u8);
        text.AppendHex(start.UuidHigh, 16);
        text.AppendHex(start.UuidLow, 16);
        text.Append(":"u8);
        text.AppendDecimal(sequence);
        return text.Written;
    }

    private StoreStatus Fill(ref FrameReader reader, byte* pages, VolumeId volume, in StreamStart start, in CommitInfo info)
    {
        var filling = new Filling { Pages = pages };
        StoreStatus status = StoreStatus.Ok;
        bool isEnd = false;
        while (status == StoreStatus.Ok && !isEnd)
        {
            status = reader.Read();
            if (status == StoreStatus.Ok && filling.Commit == null)
                status = Begin(ref filling, volume);
            isEnd = status == StoreStatus.Ok && reader.Frame->Kind == StreamFrameKind.End;
            if (status == StoreStatus.Ok && !isEnd)
                status = Add(ref reader, ref filling);
            bool isFull = filling.Used == MostPages || (filling.Commit != null && filling.Commit->LayerBytes >= MostLayerBytes);
            if (status == StoreStatus.Ok && (isEnd || isFull))
                status = Submit(ref filling, isEnd, start, info);
        }
        if (filling.Commit != null)
            builder.Abort(filling.Commit);
        return status;
    }

    private StoreStatus Begin(ref Filling filling, VolumeId volume)
    {
        filling.Used = 0;
        filling.Commit = builder.Begin(volume);
        return filling.Commit != null ? StoreStatus.Ok : context.PoisonStatus == StoreStatus.Ok ? StoreStatus.OutOfMemory
            : StoreStatus.Poisoned;
    }

    private StoreStatus Add(ref FrameReader reader, ref Filling filling)
    {
        StoreStatus status = AddFrame(ref reader, ref filling);
        return status == StoreStatus.BadArgument
            ? context.Refuse(StoreStatus.Corrupt, FaultPlace.Stream, 0, reader.Frame->Object, reader.Frame->Page)
            : status;
    }

    private StoreStatus AddFrame(ref FrameReader reader, ref Filling filling)
    {
        var id = new ObjectId(reader.Frame->Object);
        switch (reader.Frame->Kind)
        {
            case StreamFrameKind.Record:
                return builder.PutRecord(filling.Commit, id, reader.Bytes);
            case StreamFrameKind.Delete:
                return builder.DeleteObject(filling.Commit, id);
            case StreamFrameKind.Hole:
                return builder.WriteHole(filling.Commit, id, reader.Frame->Page);
            case StreamFrameKind.Page:
                byte* page = filling.Pages + (filling.Used++ * PageSize.Bytes);
                reader.Bytes.CopyTo(new Span<byte>(page, PageSize.Bytes));
                return builder.WritePage(filling.Commit, id, reader.Frame->Page, page);
            default:
                return context.Refuse(StoreStatus.Corrupt, FaultPlace.Stream, 0, id.Value);
        }
    }

    // Durable before the pages are used again. The last commit is the checkpoint that was sent.
    private StoreStatus Submit(ref Filling filling, bool isEnd, in StreamStart start, in CommitInfo info)
    {
        StoreCommit* commit = filling.Commit;
        filling.Commit = null;
        CommitInfo about = info;
        about.NameLength = 0;
        if (isEnd)
        {
            about.Epoch = new Epoch(start.Epoch);
            about.NameLength = NameOf(start, start.Sequence, new Span<byte>(about.Name, CommitInfo.MaxNameBytes)).Length;
        }
        StoreStatus status = committer.Submit(commit, about);
        if (status == StoreStatus.Ok)
            status = committer.WaitDurable(commit);
        committer.Release(commit);
        return status;
    }
}
