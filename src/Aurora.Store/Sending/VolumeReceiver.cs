// Receiving: a new volume takes what a stream says, in commits of a bounded size, and is Partial until the stream's end has come and all of
// it is durable. Its last commit has a name that says what it is a copy of, `recv:STORE:SEQUENCE`, and so is kept: a later stream that only
// holds what differs from that checkpoint starts with a clone of it. What comes in is not trusted: every frame is summed, and every
// number in it checked, as those of a program's commits are. A stream says whether it is of a group or of a region (RegionIntake); a
// region's volume stays Partial when all is there, until whoever lists regions takes it up.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Receives checkpoints.</summary>
internal sealed unsafe class VolumeReceiver(
    StoreContext context, VolumeCommits volumes, VolumeDirectory directory, Checkpoints checkpoints, PresentReader present,
        CommitBuilder builder, Committer committer)
{
    private const int MostPages = 64;

    // The frame that was read, a record that is kept, the pages of a commit.
    private const int RecordPlace = FrameWriter.BufferPages;
    private const int PagesPlace = RecordPlace + 1;
    private const int BufferPages = PagesPlace + MostPages;

    // Far below what any store takes in one commit.
    private const ulong MostLayerBytes = 32 << 10;

    // What is being filled: a volume, and the commit of it that has begun.
    private ref struct Filling
    {
        public VolumeId Volume;
        public StreamStart Start;
        public CommitInfo Info;
        public RegionIntake Region;
        public StoreCommit* Commit;
        public byte* Pages;
        public int Used;
    }

    /// <summary>See <see cref="ObjectStore.ReceiveVolume"/>.</summary>
    public StoreStatus Receive(
        VolumeSource source, ReadOnlySpan<byte> name, in CommitInfo info, in ReceivedKinds kinds, out VolumeId volume)
    {
        volume = default;
        byte* memory = (byte*)context.Pages.Allocate(BufferPages);
        if (memory == null)
            return StoreStatus.OutOfMemory;
        var reader = new FrameReader(context, source, memory);
        StoreStatus status = ReadStart(ref reader, in kinds, out StreamStart start);
        if (status == StoreStatus.Ok)
            status = MakeVolume(start, name, info, out volume);
        if (status == StoreStatus.Ok)
        {
            status = Fill(ref reader, memory, volume, start, info, kinds.Region);
            if (status == StoreStatus.Ok && start.Content == StreamContent.Group)
                status = volumes.Set(volume, VolumeFlags.None, name, info);
            if (status != StoreStatus.Ok && context.PoisonStatus == StoreStatus.Ok)
                volumes.Drop(volume, info);
        }
        context.Pages.Free(memory, BufferPages);
        volume = status == StoreStatus.Ok ? volume : default;
        return status;
    }

    private StoreStatus ReadStart(ref FrameReader reader, in ReceivedKinds kinds, out StreamStart start)
    {
        start = default;
        StoreStatus status = reader.Read();
        if (status != StoreStatus.Ok)
            return status;
        if (reader.Frame->Kind == StreamFrameKind.Start)
            start = *(StreamStart*)(reader.Frame + 1);
        if (!start.IsPlausible)
            return context.Refuse(StoreStatus.Corrupt, FaultPlace.Stream, 0);
        bool isKnown = start.Content is StreamContent.Group or StreamContent.Region
            && start.Version == StreamStart.VersionOf(start.Content);
        if (!isKnown)
            return context.Refuse(StoreStatus.UnknownVersion, FaultPlace.Stream, 0, 0, 0, start.Version);
        bool isTaken = start.Content == StreamContent.Region ? kinds.Region != null : kinds.Groups;
        return isTaken ? StoreStatus.Ok : context.Refuse(StoreStatus.WrongKind, FaultPlace.Stream, 0);
    }

    // Empty, or a clone of the checkpoint that the stream is based on.
    private StoreStatus MakeVolume(in StreamStart start, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
    {
        volume = default;
        VolumeFlags kind = start.Content == StreamContent.Region ? VolumeFlags.Region : VolumeFlags.None;
        if (start.BaseSequence == 0)
            return volumes.Create(VolumeFlags.Partial | kind, name, info, out volume);
        Span<byte> wanted = stackalloc byte[CommitInfo.MaxNameBytes];
        ReadOnlySpan<byte> copy = NameOf(start, start.BaseSequence, wanted);
        VolumeId at = default;
        while (directory.Next(at, out VolumeInfo candidate) == StoreStatus.Ok)
        {
            at = candidate.Id;
            if ((candidate.Flags & (VolumeFlags.Region | VolumeFlags.Partial)) == kind
                && checkpoints.Find(at, copy, out CheckpointInfo found) == StoreStatus.Ok)
                return volumes.Clone(at, found.Sequence, VolumeFlags.Partial | kind, name, info, waits: true, out volume);
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

    private StoreStatus Fill(
        ref FrameReader reader, byte* memory, VolumeId volume, in StreamStart start, in CommitInfo info, ReceivedRegion? region)
    {
        var filling = new Filling
        {
            Volume = volume, Start = start, Info = info, Pages = memory + (PagesPlace * PageSize.Bytes),
        };
        StoreStatus status = StoreStatus.Ok;
        if (start.Content == StreamContent.Region)
            status = BeginRegion(ref filling, new RegionIntake(builder, region!, memory + (RecordPlace * PageSize.Bytes)));
        bool isEnd = false;
        while (status == StoreStatus.Ok && !isEnd)
        {
            status = reader.Read();
            if (status == StoreStatus.Ok && filling.Commit == null)
                status = Begin(ref filling);
            isEnd = status == StoreStatus.Ok && reader.Frame->Kind == StreamFrameKind.End;
            if (status == StoreStatus.Ok && !isEnd)
                status = Add(ref reader, ref filling);
            bool isFull = filling.Used == MostPages || (filling.Commit != null && filling.Commit->LayerBytes >= MostLayerBytes);
            if (status == StoreStatus.Ok && (isEnd || isFull))
                status = Submit(ref filling, isEnd);
        }
        if (filling.Commit != null)
            builder.Abort(filling.Commit);
        return status;
    }

    // The clone of a base has that one's record.
    private StoreStatus BeginRegion(ref Filling filling, RegionIntake region)
    {
        StoreStatus status = StoreStatus.Ok;
        if (filling.Start.BaseSequence != 0)
        {
            Span<byte> record = stackalloc byte[StoreFormat.MaxRecordBytes];
            status = present.ReadRecord(filling.Volume, RegionIntake.Only, record, out int length);
            if (status == StoreStatus.Ok && !region.Begin(record[..length]))
                status = context.Refuse(StoreStatus.Corrupt, FaultPlace.ObjectTree, 0, RegionIntake.Only.Value);
        }
        filling.Region = region;
        return status;
    }

    private StoreStatus Begin(ref Filling filling)
    {
        filling.Used = 0;
        filling.Commit = builder.Begin(filling.Volume);
        return filling.Commit != null ? StoreStatus.Ok : context.PoisonStatus == StoreStatus.Ok ? StoreStatus.OutOfMemory
            : StoreStatus.Poisoned;
    }

    private StoreStatus Add(ref FrameReader reader, ref Filling filling)
    {
        bool isRegion = filling.Start.Content == StreamContent.Region;
        StoreStatus status = isRegion && !filling.Region.Allows(reader.Frame) ? StoreStatus.BadArgument
            : isRegion && reader.Frame->Kind == StreamFrameKind.Record ? filling.Region.Take(filling.Commit, reader.Bytes)
            : AddFrame(ref reader, ref filling);
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
    private StoreStatus Submit(ref Filling filling, bool isEnd)
    {
        StoreCommit* commit = filling.Commit;
        CommitInfo about = filling.Info;
        about.NameLength = 0;
        StoreStatus status = isEnd ? Finish(ref filling, ref about) : StoreStatus.Ok;
        if (status != StoreStatus.Ok)
            return status;
        filling.Commit = null;
        status = committer.Submit(commit, about);
        if (status == StoreStatus.Ok)
            status = committer.WaitDurable(commit);
        committer.Release(commit);
        return status;
    }

    private StoreStatus Finish(ref Filling filling, ref CommitInfo about)
    {
        CommitInfo named = about;
        named.Epoch = new Epoch(filling.Start.Epoch);
        named.NameLength = NameOf(filling.Start, filling.Start.Sequence, new Span<byte>(named.Name, CommitInfo.MaxNameBytes)).Length;
        about = named;
        if (filling.Start.Content == StreamContent.Group)
            return StoreStatus.Ok;
        return filling.Region.HasRecord
            ? filling.Region.Finish(filling.Commit, out about.Epoch)
            : context.Refuse(StoreStatus.Corrupt, FaultPlace.Stream, 0, RegionIntake.Only.Value);
    }
}
