using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Lists the checkpoints of an image.</summary>
internal static unsafe class ImageHistory
{
    private const int NanosecondsPerTick = 100;

    /// <summary>Those of the machine's own group, oldest first.</summary>
    public static IReadOnlyList<ImageCheckpoint> Read(ImageStore image) => Read(image, VolumeId.First);

    /// <summary>Those of any group, by its volume.</summary>
    public static IReadOnlyList<ImageCheckpoint> Read(ImageStore image, VolumeId volume)
    {
        var checkpoints = new List<ImageCheckpoint>();
        bool isKnown = GroupState.TryRead(image.Store, volume, out GroupRecord group, out LeftBranches left);
        image.Store.FindVolume(volume, out VolumeInfo about);
        ulong sequence = 0;
        StoreStatus status;
        while ((status = image.Store.NextCheckpoint(volume, sequence, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            // What a rollback on the host has left is in no record before the next boot.
            bool isAfter = isKnown && info.Commit.Epoch.Value > group.Epoch && sequence < about.LastSequence;
            checkpoints.Add(Describe(in info) with { IsLeft = isAfter || left.Contains(info.Commit.Epoch) });
        }
        return status == StoreStatus.NotFound ? checkpoints : throw new ImageException($"the history cannot be read: {image.Explain(status)}");
    }

    /// <summary>The newest commit; null when there has been none.</summary>
    public static ImageCheckpoint? Newest(ImageStore image) => Read(image) is [.., ImageCheckpoint newest] ? newest : null;

    /// <summary>The checkpoint with this epoch, or else this name; of several, the newest.</summary>
    public static ImageCheckpoint Find(ImageStore image, string checkpoint)
        => TryFind(image, VolumeId.First, checkpoint)
            ?? throw new ImageException($"no checkpoint {checkpoint} in the history (see aurora history)");

    /// <summary>The same of any volume; null when it has none.</summary>
    public static ImageCheckpoint? TryFind(ImageStore image, VolumeId volume, string checkpoint)
    {
        CheckpointInfo info = default;
        StoreStatus status = ulong.TryParse(checkpoint, NumberStyles.None, CultureInfo.InvariantCulture, out ulong epoch)
            ? image.Store.FindCheckpoint(volume, new Epoch(epoch), out info)
            : StoreStatus.NotFound;
        if (status == StoreStatus.NotFound)
            status = image.Store.FindCheckpoint(volume, Encoding.UTF8.GetBytes(checkpoint), out info);
        return status switch
        {
            StoreStatus.Ok => Describe(in info),
            StoreStatus.NotFound => null,
            _ => throw new ImageException($"the history cannot be read: {image.Explain(status)}"),
        };
    }

    /// <summary>What is damaged in the history, with its place; null when nothing is.</summary>
    public static string? DamageOf(ImageStore image, VolumeId volume)
    {
        StoreFault fault = image.Store.HistoryFault(volume);
        return fault.Status == StoreStatus.Ok ? null : StoreText.Of(in fault);
    }

    private static void RequireWhole(ImageStore image, VolumeId volume)
    {
        if (DamageOf(image, volume) is { } damage)
            throw new ImageException($"the history is damaged and stays as it is: {damage}");
    }

    /// <summary>Drops a kept checkpoint; what only it needs becomes free.</summary>
    public static void Drop(ImageStore image, VolumeId volume, string checkpoint)
    {
        RequireWhole(image, volume);
        ImageCheckpoint found = TryFind(image, volume, checkpoint)
            ?? throw new ImageException($"no checkpoint {checkpoint} in the history (see aurora history)");
        if (!found.IsKept)
            throw new ImageException($"checkpoint {checkpoint} is not kept: it disappears by itself");
        StoreStatus status = Commit(image, volume, found.Sequence, "");
        if (status == StoreStatus.Ok)
            status = image.Store.CutNow();
        if (status != StoreStatus.Ok)
            throw new ImageException($"checkpoint {checkpoint} cannot be dropped: {image.Explain(status)}");
    }

    /// <summary>Keeps the present state under a name, until that is dropped.</summary>
    public static void KeepPresent(ImageStore image, string name)
    {
        RequireWhole(image, VolumeId.First);
        StoreStatus status = Commit(image, VolumeId.First, 0, name);
        if (status != StoreStatus.Ok)
            throw new ImageException($"the present state cannot be kept: {image.Explain(status)}");
    }

    // A commit that changes nothing of the state: it has the newest one's epoch and time.
    private static StoreStatus Commit(ImageStore image, VolumeId volume, ulong dropped, string name)
    {
        StoreCommit* commit = image.Store.Begin(volume);
        if (commit == null)
            throw new ImageException("not enough memory");
        if (dropped != 0)
            image.Store.DropCheckpoint(commit, dropped);
        ImageCheckpoint newest = Read(image, volume)[^1];
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        var info = new CommitInfo
        {
            Epoch = new Epoch(Math.Max(newest.Epoch, LastEpochOf(image, volume))),
            RealtimeNanoseconds = (ulong)(newest.Time - DateTimeOffset.UnixEpoch).Ticks * (ulong)NanosecondsPerTick,
            NameLength = bytes.Length,
        };
        bytes.CopyTo(new Span<byte>(info.Name, CommitInfo.MaxNameBytes));
        StoreStatus status = image.Store.Submit(commit, in info);
        if (status == StoreStatus.Ok)
            status = image.Store.WaitDurable(commit);
        image.Store.Release(commit);
        return status;
    }

    /// <summary>
    /// Makes a checkpoint the image's present state, by the number of its epoch or by name; what came later stays in the history. The
    /// kernel sees from the numbers that it continues from an older one.
    /// </summary>
    public static ImageCheckpoint GoBack(ImageStore image, string target) => GoBack(image, Find(image, target));

    /// <summary>As above.</summary>
    public static ImageCheckpoint GoBack(ImageStore image, ImageCheckpoint target)
    {
        var about = new CommitInfo
        {
            Epoch = new Epoch(Math.Max(Read(image).Max(checkpoint => checkpoint.Epoch), LastEpochOf(image, VolumeId.First)) + 1),
            RealtimeNanoseconds = (ulong)((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * (long)NanosecondsPerTick),
        };
        StoreStatus status = image.Store.Rollback(VolumeId.First, target.Sequence, in about);
        // Another state, or the same once more because somebody wants it so: it is given new starts.
        if (status == StoreStatus.Ok)
            status = image.Store.WriteFailedStarts(0);
        return status == StoreStatus.Ok ? target : throw new ImageException($"the image cannot go back to epoch {target.Epoch}: {image.Explain(status)}");
    }

    // A commit that took the volume back may be in no list any more, and its number is not given again.
    private static ulong LastEpochOf(ImageStore image, VolumeId volume)
    {
        StoreStatus status = image.Store.FindVolume(volume, out VolumeInfo info);
        return status == StoreStatus.Ok ? info.LastEpoch.Value
            : throw new ImageException($"the volume cannot be read: {image.Explain(status)}");
    }

    private static ImageCheckpoint Describe(in CheckpointInfo info)
    {
        CommitInfo commit = info.Commit;
        string name = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(commit.Name, commit.NameLength));
        DateTimeOffset time = DateTimeOffset.UnixEpoch.AddTicks((long)commit.RealtimeNanoseconds / NanosecondsPerTick);
        return new ImageCheckpoint(info.Sequence, commit.Epoch.Value, time, info.Bytes, name, info.IsKept, info.IsAutomatic, IsLeft: false);
    }
}
