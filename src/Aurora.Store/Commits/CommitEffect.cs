// What a commit does beyond its objects: its volume comes, goes, or goes back; it becomes the volume's newest commit, and, with a name, a
// checkpoint that is kept. The same when it is submitted and when it is replayed. Nothing here blocks.
using System;

namespace Aurora.Store;

/// <summary>Applies what concerns a whole volume.</summary>
internal static unsafe class CommitEffect
{
    /// <summary>
    /// An entry about the volume itself. <paramref name="last"/> is the newest commit of the volume, or of the one that is cloned, as far
    /// as the set does not know better.
    /// </summary>
    public static void OnVolume(
        LayerSet set,
        ulong volume,
        LogEntryKind kind,
        ulong page,
        ulong block,
        uint flags,
        ReadOnlySpan<byte> name,
        in CheckpointInfo last,
        ulong now)
    {
        switch (kind)
        {
            case LogEntryKind.Rollback:
                VolumeEdits.Rollback(set, volume, page, last);
                break;
            case LogEntryKind.CreateVolume:
                VolumeEdits.Create(set, volume, (VolumeFlags)flags, name, now);
                break;
            case LogEntryKind.CloneVolume:
                VolumeEdits.Clone(set, volume, page, block, (VolumeFlags)flags, name, last, now);
                break;
            case LogEntryKind.DropVolume:
                VolumeEdits.Drop(set, volume);
                break;
            case LogEntryKind.TakeVolume:
                VolumeEdits.Take(set, volume, page);
                break;
            case LogEntryKind.SetVolume:
                VolumeEdits.SetAttributes(set, volume, (VolumeFlags)flags, name);
                break;
        }
    }

    /// <summary>The entry changes nothing in the volume: its commit is no checkpoint of it.</summary>
    public static bool IsAboutVolume(LogEntryKind kind) => kind is > LogEntryKind.Rollback and < LogEntryKind.TakeVolume;

    /// <summary>The commit is whole: it is the volume's newest one; a name keeps the state that it makes.</summary>
    public static void Note(LayerSet set, ulong volume, in CheckpointInfo commit)
    {
        Layer* layer = set.TopFor(volume);
        layer->Last = commit;
        if (commit.Commit.NameLength == 0)
            return;
        HistoryRecord record = HistoryRecord.From(commit.Commit, commit.Bytes);
        set.PutHistory(volume, commit.Sequence, record.AsBytes(), layer);
    }
}
