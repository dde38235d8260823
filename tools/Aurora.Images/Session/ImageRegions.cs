using System;
using System.Security.Cryptography;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The regions of an image: a copy gets an identity and numbers of its own, and is root's.</summary>
internal static unsafe class ImageRegions
{
    private static readonly ObjectId Object = new(1);

    /// <summary>What becomes of regions that are received.</summary>
    public static CopiedRegions Copies()
    {
        var random = new RandomSource();
        Span<byte> seed = stackalloc byte[RandomSource.SeedBytes];
        RandomNumberGenerator.Fill(seed);
        random.Reseed(seed);
        return new CopiedRegions(random);
    }

    /// <summary>A volume that holds all of a region becomes one under its name.</summary>
    public static void Finish(ImageStore image, VolumeId volume, string name)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        if (text.Length > RegionRequest.MaxNameBytes)
            throw Dropped(image, volume, $"'{name}' is no name for a region: at most {RegionRequest.MaxNameBytes} bytes");
        StoreStatus status = image.Store.SetVolume(volume, VolumeFlags.Region, text, ImageVolumes.Now());
        if (status != StoreStatus.Ok)
            throw Dropped(image, volume, image.Explain(status));
    }

    /// <summary>A partial clone of a region becomes a region of its own.</summary>
    public static void Own(ImageStore image, VolumeId volume, string name)
    {
        CopiedRegions copies = Copies();
        byte[] record = new byte[ObjectStore.MaxRecordBytes];
        StoreStatus status = image.Store.ReadRecord(volume, Object, record, out int length);
        if (status != StoreStatus.Ok || copies.PagesOf(record.AsSpan(0, length)) == 0)
            throw Dropped(image, volume, "the record of the region is damaged");
        byte[] own = new byte[ObjectStore.MaxRecordBytes];
        length = copies.Renew(record.AsSpan(0, length), own, out Epoch epoch);
        CommitInfo info = ImageVolumes.Now();
        info.Epoch = epoch;
        status = Commit(image.Store, volume, own.AsSpan(0, length), in info);
        if (status != StoreStatus.Ok)
            throw Dropped(image, volume, image.Explain(status));
        Finish(image, volume, name);
    }

    private static StoreStatus Commit(ObjectStore store, VolumeId volume, ReadOnlySpan<byte> record, in CommitInfo info)
    {
        StoreCommit* commit = store.Begin(volume);
        if (commit == null)
            return StoreStatus.OutOfMemory;
        StoreStatus status = store.PutRecord(commit, Object, record);
        if (status == StoreStatus.Ok)
            status = store.Submit(commit, in info);
        if (status == StoreStatus.Ok)
            status = store.WaitDurable(commit);
        store.Release(commit);
        return status;
    }

    private static ImageException Dropped(ImageStore image, VolumeId volume, string why)
    {
        image.Store.DropVolume(volume, ImageVolumes.Now());
        return new ImageException(why);
    }
}
