// Sending: a kept checkpoint of a volume, or what of it differs from another one, as a stream (StreamFormat). Both are open as views
// meanwhile, so that nothing they need is reused. Costs what is sent: what both share is passed over unread (TreeDifference).
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Sends checkpoints.</summary>
internal sealed unsafe class VolumeSender(
    StoreContext context,
    CommitTurns turns,
    TargetKeeper keeper,
    CheckpointViews views,
    Checkpoints checkpoints,
    VolumeDirectory directory,
    TreeReader trees,
    ObjectReader objects,
    TreeDifference difference)
{
    // The pages of an object: a tree or a few entries.
    private readonly ref struct Map(RecordEntry* entry)
    {
        public NodePointer Root { get; } = entry == null ? default : entry->Root;
        public MapEntry* Inline { get; } = (MapEntry*)(entry + 1);
        public int InlineCount { get; } = entry == null ? 0 : entry->InlinePages;
    }

    /// <summary>See <see cref="ObjectStore.SendVolume"/>.</summary>
    public StoreStatus Send(VolumeId volume, ulong sequence, ulong baseSequence, VolumeSink sink)
    {
        if (sequence == 0 || baseSequence >= sequence)
            return StoreStatus.BadArgument;
        StoreStatus status = checkpoints.Next(volume, sequence - 1, out CheckpointInfo info);
        if (status == StoreStatus.Ok && info.Sequence != sequence)
            status = StoreStatus.NotFound;
        VolumeInfo about = default;
        if (status == StoreStatus.Ok)
            status = directory.Get(volume, out about);
        StreamContent content = (about.Flags & VolumeFlags.Region) != 0 ? StreamContent.Region : StreamContent.Group;
        StoreView? target = null;
        if (status == StoreStatus.Ok)
            status = Open(volume, sequence, out target);
        StoreView? since = null;
        if (status == StoreStatus.Ok && baseSequence != 0)
            status = Open(volume, baseSequence, out since);
        byte* buffer = (byte*)context.Pages.Allocate(FrameWriter.BufferPages + 1);
        if (buffer == null && status == StoreStatus.Ok)
            status = StoreStatus.OutOfMemory;
        if (status == StoreStatus.Ok)
        {
            var writer = new FrameWriter(sink, buffer + PageSize.Bytes);
            status = SendStart(ref writer, content, sequence, baseSequence, info.Commit);
            if (status == StoreStatus.Ok)
                status = SendObjects(ref writer, buffer, since == null ? default : since.Objects, target!.Objects);
            if (status == StoreStatus.Ok)
                status = writer.Write(StreamFrameKind.End, 0, 0, default);
        }
        if (buffer != null)
            context.Pages.Free(buffer, FrameWriter.BufferPages + 1);
        since?.Close();
        target?.Close();
        return status;
    }

    // What is only in the log so far gets a root first.
    private StoreStatus Open(VolumeId volume, ulong sequence, out StoreView? view)
    {
        view = null;
        if (context.Options.ReadOnly)
            return views.OpenKept(volume, sequence, out view);
        turns.Take();
        StoreStatus status = keeper.Keep(volume, sequence);
        if (status == StoreStatus.Ok)
            status = views.OpenKept(volume, sequence, out view);
        keeper.Forget();
        turns.End();
        return status;
    }

    private StoreStatus SendStart(
        ref FrameWriter writer, StreamContent content, ulong sequence, ulong baseSequence, in CommitInfo info)
    {
        var start = new StreamStart
        {
            Magic = StreamStart.ExpectedMagic,
            Version = StreamStart.VersionOf(content),
            Content = content,
            UuidLow = context.Super->UuidLow,
            UuidHigh = context.Super->UuidHigh,
            Sequence = sequence,
            BaseSequence = baseSequence,
            Epoch = info.Epoch.Value,
            RealtimeNanoseconds = info.RealtimeNanoseconds,
        };
        return writer.Write(StreamFrameKind.Start, 0, 0, new ReadOnlySpan<byte>(&start, StreamStart.Bytes));
    }

    private StoreStatus SendObjects(ref FrameWriter writer, byte* page, in NodePointer before, in NodePointer now)
    {
        StoreStatus status;
        ulong key = 0;
        while ((status = difference.Next(TreeKind.Objects, before, now, ref key, out NodeFrame* old, out NodeFrame* leaf, out ulong end))
            == StoreStatus.Ok)
        {
            while (status == StoreStatus.Ok && key < end)
                status = SendNextObject(ref writer, page, old, leaf, end, ref key);
            if (old != null)
                NodeCache.Unpin(old);
            if (leaf != null)
                NodeCache.Unpin(leaf);
            if (status != StoreStatus.Ok)
                return status;
            key = end;
            context.Fibers.Yield();
        }
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    // The first object at or behind the key in either leaf; the key goes behind it, or to the end.
    private StoreStatus SendNextObject(ref FrameWriter writer, byte* page, NodeFrame* old, NodeFrame* leaf, ulong end, ref ulong key)
    {
        RecordEntry* before = old == null ? null : TreeReader.FirstAtOrAfter(old, key);
        RecordEntry* now = leaf == null ? null : TreeReader.FirstAtOrAfter(leaf, key);
        ulong next = Math.Min(before == null ? end : before->Key, now == null ? end : now->Key);
        key = next >= end ? end : next + 1;
        if (next >= end)
            return StoreStatus.Ok;
        before = before != null && before->Key == next ? before : null;
        now = now != null && now->Key == next ? now : null;
        if (now == null)
            return writer.Write(StreamFrameKind.Delete, next, 0, default);
        bool hasRecord = (now->Flags & RecordEntry.HasRecord) != 0;
        StoreStatus status = StoreStatus.Ok;
        if (before != null && !hasRecord && (before->Flags & RecordEntry.HasRecord) != 0)
        {
            status = writer.Write(StreamFrameKind.Delete, next, 0, default);
            before = null;
        }
        ReadOnlySpan<byte> record = RecordOf(now);
        bool isChanged = before == null || (before->Flags & RecordEntry.HasRecord) == 0 || !record.SequenceEqual(RecordOf(before));
        if (status == StoreStatus.Ok && hasRecord && isChanged)
            status = writer.Write(StreamFrameKind.Record, next, 0, record);
        return status == StoreStatus.Ok ? SendPages(ref writer, page, next, new Map(before), new Map(now)) : status;
    }

    private static ReadOnlySpan<byte> RecordOf(RecordEntry* entry)
        => new((byte*)(entry + 1) + (entry->InlinePages * MapEntry.Bytes), entry->RecordLength);

    private StoreStatus SendPages(ref FrameWriter writer, byte* page, ulong id, in Map before, in Map now)
    {
        if (!before.Root.IsEmpty && !now.Root.IsEmpty)
            return SendTrees(ref writer, page, id, before.Root, now.Root);
        StoreStatus status = StoreStatus.Ok;
        for (ulong key = 0; status == StoreStatus.Ok && key <= StoreFormat.MaxPage;)
        {
            status = Find(before, key, out MapEntry old, out bool hasOld);
            MapEntry entry = default;
            bool hasEntry = false;
            if (status == StoreStatus.Ok)
                status = Find(now, key, out entry, out hasEntry);
            if (status != StoreStatus.Ok || (!hasOld && !hasEntry))
                return status;
            key = !hasEntry ? old.Key : !hasOld ? entry.Key : Math.Min(old.Key, entry.Key);
            bool isThere = hasEntry && entry.Key == key;
            status = SendPage(ref writer, page, id, key, hasOld && old.Key == key ? old.Block : 0, isThere ? entry : default);
            key++;
            context.Fibers.Yield();
        }
        return status;
    }

    private StoreStatus Find(in Map map, ulong from, out MapEntry entry, out bool isFound)
    {
        entry = default;
        isFound = false;
        if (!map.Root.IsEmpty)
            return trees.FindPageFrom(map.Root, from, out entry, out isFound, out _);
        for (int i = 0; i < map.InlineCount && !isFound; i++)
        {
            isFound = map.Inline[i].Key >= from;
            entry = isFound ? map.Inline[i] : default;
        }
        return StoreStatus.Ok;
    }

    private StoreStatus SendTrees(ref FrameWriter writer, byte* page, ulong id, in NodePointer before, in NodePointer now)
    {
        StoreStatus status;
        ulong key = 0;
        while ((status = difference.Next(TreeKind.Pages, before, now, ref key, out NodeFrame* old, out NodeFrame* leaf, out ulong end))
            == StoreStatus.Ok)
        {
            status = SendLeaves(ref writer, page, id, key, old, leaf, end);
            if (old != null)
                NodeCache.Unpin(old);
            if (leaf != null)
                NodeCache.Unpin(leaf);
            if (status != StoreStatus.Ok)
                return status;
            key = end;
            context.Fibers.Yield();
        }
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    private StoreStatus SendLeaves(ref FrameWriter writer, byte* page, ulong id, ulong from, NodeFrame* old, NodeFrame* leaf, ulong end)
    {
        StoreStatus status = StoreStatus.Ok;
        int a = 0;
        int b = 0;
        int countOfA = old == null ? 0 : old->Header->Count;
        int countOfB = leaf == null ? 0 : leaf->Header->Count;
        while (status == StoreStatus.Ok && (a < countOfA || b < countOfB))
        {
            ulong keyOfA = a < countOfA ? old->Entries[a].Key : ulong.MaxValue;
            ulong keyOfB = b < countOfB ? leaf->Entries[b].Key : ulong.MaxValue;
            ulong key = Math.Min(keyOfA, keyOfB);
            if (key >= end)
                break;
            ulong oldBlock = keyOfA == key ? old->Entries[a].Block : 0;
            MapEntry entry = keyOfB == key ? leaf->Entries[b] : default;
            a += keyOfA == key ? 1 : 0;
            b += keyOfB == key ? 1 : 0;
            if (key >= from)
                status = SendPage(ref writer, page, id, key, oldBlock, entry);
        }
        return status;
    }

    private StoreStatus SendPage(ref FrameWriter writer, byte* page, ulong id, ulong number, ulong oldBlock, in MapEntry entry)
    {
        if (entry.Block == oldBlock)
            return StoreStatus.Ok;
        if (entry.Block == 0)
            return writer.Write(StreamFrameKind.Hole, id, number, default);
        StoreStatus status = objects.ReadData(id, entry, page);
        return status == StoreStatus.Ok
            ? writer.Write(StreamFrameKind.Page, id, number, new ReadOnlySpan<byte>(page, PageSize.Bytes))
            : status;
    }
}
