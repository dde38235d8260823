using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The volumes of an image: listed, forked, removed, sent and received.</summary>
internal static unsafe class ImageVolumes
{
    private const int NanosecondsPerTick = 100;

    public static IReadOnlyList<ImageVolume> Read(ImageStore image)
    {
        var volumes = new List<ImageVolume>();
        VolumeId at = default;
        StoreStatus status;
        while ((status = image.Store.NextVolume(at, out VolumeInfo info)) == StoreStatus.Ok)
        {
            at = info.Id;
            volumes.Add(Describe(info));
        }
        return status == StoreStatus.NotFound ? volumes : throw new ImageException($"the volumes cannot be read: {image.Explain(status)}");
    }

    /// <summary>A new volume with the state that another has, or had at a checkpoint (epoch or name).</summary>
    public static ImageVolume Fork(ImageStore image, string source, string name, string? checkpoint)
    {
        RequireNew(image, name);
        ImageVolume volume = Find(image, source);
        RequireWhole(volume);
        ulong sequence = checkpoint == null ? 0 : SequenceOf(image, volume, checkpoint);
        VolumeFlags flags = volume.IsRegion ? VolumeFlags.Region | VolumeFlags.Partial : VolumeFlags.None;
        StoreStatus status = image.Store.CloneVolume(
            new VolumeId(volume.Number), sequence, flags, Encoding.UTF8.GetBytes(name), Now(), out VolumeId clone);
        if (status != StoreStatus.Ok)
            throw new ImageException($"volume {source} cannot be forked: {image.Explain(status)}");
        if (volume.IsRegion)
            ImageRegions.Own(image, clone, name);
        return Find(image, clone.Value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Ends a volume; what only it held becomes free.</summary>
    public static void Remove(ImageStore image, string name)
    {
        ImageVolume volume = Find(image, name);
        if (volume.Number == VolumeId.First.Value)
            throw new ImageException("the first volume is the machine's own and cannot be removed");
        StoreStatus status = image.Store.DropVolume(new VolumeId(volume.Number), Now());
        if (status != StoreStatus.Ok)
            throw new ImageException($"volume {name} cannot be removed: {image.Explain(status)}");
    }

    /// <summary>
    /// Writes a checkpoint of a volume (its present state for null) to a stream, or what differs from another. Returns the sent one's
    /// epoch.
    /// </summary>
    public static ulong Send(ImageStore image, string name, string? checkpoint, string? since, Stream output)
    {
        ImageVolume volume = Find(image, name);
        RequireWhole(volume);
        var id = new VolumeId(volume.Number);
        ulong sequence = checkpoint == null ? Mark(image, volume) : SequenceOf(image, volume, checkpoint);
        ulong from = since == null ? 0 : SequenceOf(image, volume, since);
        if (from >= sequence)
            throw new ImageException($"checkpoint {since} is not before the one that is sent");
        StoreStatus status = image.Store.SendVolume(id, sequence, from, new StreamSink(output));
        if (status != StoreStatus.Ok)
            throw new ImageException($"volume {name} cannot be sent: {image.Explain(status)}");
        return image.Store.NextCheckpoint(id, sequence - 1, out CheckpointInfo info) == StoreStatus.Ok ? info.Commit.Epoch.Value : 0;
    }

    /// <summary>Makes a new volume of a stream.</summary>
    public static ImageVolume Receive(ImageStore image, string name, Stream input)
    {
        RequireNew(image, name);
        var kinds = new ReceivedKinds { Groups = true, Region = ImageRegions.Copies() };
        StoreStatus status = image.Store.ReceiveVolume(
            new StreamSource(input), Encoding.UTF8.GetBytes(name), Now(), in kinds, out VolumeId volume);
        if (status == StoreStatus.NotFound)
            throw new ImageException("the stream holds what differs from a checkpoint that this image has not received");
        if (status != StoreStatus.Ok)
            throw new ImageException($"nothing was received: {image.Explain(status)}");
        ImageVolume received = Find(image, volume.Value.ToString(CultureInfo.InvariantCulture));
        if (!received.IsRegion)
            return received;
        ImageRegions.Finish(image, volume, name);
        return received with { IsPartial = false };
    }

    private static void RequireWhole(ImageVolume volume)
    {
        if (volume.IsPartial)
            throw new ImageException($"volume {volume.Number} ({volume.Name}) is incomplete");
    }

    // By name, or by number.
    private static ImageVolume Find(ImageStore image, string name)
    {
        IReadOnlyList<ImageVolume> all = Read(image);
        ImageVolume? found = all.FirstOrDefault(volume => volume.Name == name)
            ?? all.FirstOrDefault(volume => volume.Number.ToString(CultureInfo.InvariantCulture) == name);
        return found ?? throw new ImageException($"no volume {name} in the image (see aurora volume ls)");
    }

    private static void RequireNew(ImageStore image, string name)
    {
        if (name.Length == 0 || name.All(char.IsAsciiDigit) || name.Any(char.IsControl)
            || Encoding.UTF8.GetByteCount(name) > VolumeInfo.MaxNameBytes)
            throw new ImageException($"'{name}' is no name for a volume: 1 to {VolumeInfo.MaxNameBytes} bytes, and not only digits");
        if (Read(image).Any(volume => volume.Name == name))
            throw new ImageException($"there is a volume {name} already");
    }

    private static ulong SequenceOf(ImageStore image, ImageVolume volume, string checkpoint)
        => ImageHistory.TryFind(image, new VolumeId(volume.Number), checkpoint)?.Sequence
            ?? throw new ImageException($"no checkpoint {checkpoint} in the history of volume {volume.Name}");

    // The present state as a checkpoint: that of the newest commit, if it is still on offer, else that of an empty one.
    private static ulong Mark(ImageStore image, ImageVolume volume)
    {
        var id = new VolumeId(volume.Number);
        CheckpointInfo newest = default;
        ulong last = volume.LastSequence;
        if (last != 0 && image.Store.NextCheckpoint(id, last - 1, out newest) == StoreStatus.Ok && newest.Sequence == last)
            return last;
        StoreCommit* commit = image.Store.Begin(new VolumeId(volume.Number));
        if (commit == null)
            throw new ImageException("not enough memory");
        CommitInfo info = Now();
        StoreStatus status = image.Store.FindVolume(id, out VolumeInfo about);
        info.Epoch = about.LastEpoch;
        if (status == StoreStatus.Ok)
            status = image.Store.Submit(commit, in info);
        if (status == StoreStatus.Ok)
            status = image.Store.WaitDurable(commit);
        ulong sequence = commit->SequenceNumber;
        image.Store.Release(commit);
        return status == StoreStatus.Ok ? sequence : throw new ImageException($"volume {volume.Name}: {image.Explain(status)}");
    }

    /// <summary>The epoch of the newest commit that can be read.</summary>
    public static Epoch NewestEpochOf(ImageStore image, VolumeId volume)
    {
        CheckpointInfo info = default;
        for (ulong sequence = 0; image.Store.NextCheckpoint(volume, sequence, out CheckpointInfo next) == StoreStatus.Ok; info = next)
            sequence = next.Sequence;
        return info.Commit.Epoch;
    }

    /// <summary>What is said of a commit of now.</summary>
    public static CommitInfo Now()
        => new() { RealtimeNanoseconds = (ulong)((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * (long)NanosecondsPerTick) };

    private static ImageVolume Describe(VolumeInfo info)
    {
        string name = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(info.Name, info.NameLength));
        DateTimeOffset? made = info.CreatedNanoseconds == 0
            ? null
            : DateTimeOffset.UnixEpoch.AddTicks((long)(info.CreatedNanoseconds / NanosecondsPerTick));
        bool isPartial = (info.Flags & VolumeFlags.Partial) != 0;
        // A machine runs the first one without its saying so.
        bool isGroup = info.Id.Value == VolumeId.First.Value || (info.Flags & VolumeFlags.Group) != 0;
        bool isImage = (info.Flags & VolumeFlags.Image) != 0;
        bool isRegion = (info.Flags & VolumeFlags.Region) != 0;
        return new ImageVolume(info.Id.Value, name, info.Parent.Value, info.LastSequence, made, isPartial, isGroup, isImage, isRegion);
    }

    private sealed class StreamSink(Stream stream) : VolumeSink
    {
        public override bool Write(ReadOnlySpan<byte> bytes)
        {
            try
            {
                stream.Write(bytes);
                return true;
            }
            catch (IOException)
            {
                // The store lets go of what it holds and says that the stream cannot be written.
                return false;
            }
        }
    }

    private sealed class StreamSource(Stream stream) : VolumeSource
    {
        public override bool Read(Span<byte> bytes)
        {
            try
            {
                return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
