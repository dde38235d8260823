using System;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Host;
using Aurora.Images;
using Aurora.Store;
using Xunit;

namespace Aurora.Testing;

/// <summary>Makes images whose store is whole and whose newest state no kernel can continue from.</summary>
internal static unsafe class BadRecord
{
    /// <summary>The id of the object that is put in.</summary>
    public const ulong Id = 1UL << 40;

    /// <summary>Opens the store for writing and makes cuts, after which nothing is recent any more.</summary>
    public static void Open(string image)
    {
        using FileBlockDevice device = FileBlockDevice.Open(image, readOnly: false);
        using var pages = new HostPages();
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, pages, new SynchronousFibers(), default, out ObjectStore? store, out _));
        Assert.Equal(StoreStatus.Ok, store!.CutNow());
        Assert.Equal(StoreStatus.Ok, store.CutNow());
        store.Close();
    }

    /// <summary>Commits half a timer, as the next epoch, which is returned. The files of the state can still be read.</summary>
    public static ulong Add(string image)
    {
        ulong epoch = DiskImage.History(image).Max(checkpoint => checkpoint.Epoch) + 1;
        byte[] record = new byte[RecordHeader.Size + 8];
        var header = new RecordHeader { Kind = ObjectKind.Timer, Version = 1 };
        MemoryMarshal.Write(record, in header);
        using FileBlockDevice device = FileBlockDevice.Open(image, readOnly: false);
        using var pages = new HostPages();
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, pages, new SynchronousFibers(), default, out ObjectStore? store, out _));
        StoreCommit* commit = store!.Begin(VolumeId.First);
        Assert.Equal(StoreStatus.Ok, store.PutRecord(commit, new ObjectId(Id), record));
        var info = new CommitInfo { Epoch = new Epoch(epoch), RealtimeNanoseconds = (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100 };
        Assert.Equal(StoreStatus.Ok, store.Submit(commit, in info));
        Assert.Equal(StoreStatus.Ok, store.WaitDurable(commit));
        store.Release(commit);
        store.Close();
        return epoch;
    }

    /// <summary>Commits the end of the first regular file's inode, whose number is returned. A kernel can go on, without that
    /// file.</summary>
    public static ulong LoseFile(string image)
    {
        ulong epoch = DiskImage.History(image).Max(checkpoint => checkpoint.Epoch) + 1;
        using FileBlockDevice device = FileBlockDevice.Open(image, readOnly: false);
        using var pages = new HostPages();
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, pages, new SynchronousFibers(), default, out ObjectStore? store, out _));
        byte[] record = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = new(FileIds.FirstOnDemand);
        while (record[0] != (byte)ObjectKind.Inode || (record[RecordHeader.Size + 5] & 0xF0) != 0x80)
            Assert.Equal(StoreStatus.Ok, store!.NextRecord(VolumeId.First, ref id, record, out _));
        StoreCommit* commit = store!.Begin(VolumeId.First);
        Assert.Equal(StoreStatus.Ok, store.DeleteObject(commit, id));
        var info = new CommitInfo { Epoch = new Epoch(epoch) };
        Assert.Equal(StoreStatus.Ok, store.Submit(commit, in info));
        Assert.Equal(StoreStatus.Ok, store.WaitDurable(commit));
        store.Release(commit);
        store.Close();
        return FileIds.NumberOf(id);
    }
}
