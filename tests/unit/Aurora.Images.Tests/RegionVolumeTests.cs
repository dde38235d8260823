using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Images.Root;
using Aurora.Images.Session;
using Aurora.Store;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>Regions of images: told apart, sent to another image, received, forked; copies are regions of their own.</summary>
public sealed unsafe class RegionVolumeTests : IDisposable
{
    private const ulong Address = 0x6000_0000_0000;
    private const int Pages = 10;
    private static readonly ObjectId Object = new(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-regions").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_region_is_sent_to_another_image_whole_and_then_what_differs()
    {
        string from = Create("from.img");
        string to = Create("to.img");
        MakeRegion(from, "accounts");
        Assert.Equal([false, true], DiskImage.Volumes(from).Select(volume => volume.IsRegion));
        byte[] whole = Send(from, "accounts", null, null);
        ImageVolume copy = DiskImage.Receive(to, "copy", new MemoryStream(whole));
        Assert.Equal(("copy", true, false), (copy.Name, copy.IsRegion, copy.IsPartial));
        Change(from, "accounts", 3, 70_000);
        byte[] difference = Send(from, "accounts", "70000", "2");
        Assert.True(difference.Length < whole.Length / 2, $"{difference.Length} of {whole.Length}");
        DiskImage.Receive(to, "newer", new MemoryStream(difference));
        Assert.Equal(["", "copy", "newer"], DiskImage.Volumes(to).Select(volume => volume.Name));
        RequireOwn(from, "accounts", to, "copy", changedPage: -1);
        RequireOwn(from, "accounts", to, "newer", changedPage: 3);
        Assert.NotEqual(RecordOf(to, "copy")[32..48], RecordOf(to, "newer")[32..48]);
        Assert.Empty(DiskImage.Check(from).Details);
        Assert.Empty(DiskImage.Check(to).Details);
    }

    /// <summary>Sending what is old, and so commits anew, gives no number twice.</summary>
    [Fact]
    public void Sending_does_not_change_the_number_of_the_last_persist()
    {
        string image = Create("image.img");
        MakeRegion(image, "a");
        for (int i = 0; i < 4; i++)
            DiskImage.Put(image, [Entry($"file{i}")]);
        Send(image, "a", null, null);
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        Assert.Equal(StoreStatus.Ok, store.Store.FindVolume(new VolumeId(2), out VolumeInfo info));
        Assert.Equal(2UL, info.LastEpoch.Value);
    }

    [Fact]
    public void A_fork_of_a_region_is_a_region_of_its_own()
    {
        string image = Create("image.img");
        MakeRegion(image, "a");
        ImageVolume fork = DiskImage.Fork(image, "a", "b", null);
        Assert.Equal((true, false), (fork.IsRegion, fork.IsPartial));
        RequireOwn(image, "a", image, "b", changedPage: -1);
        Assert.Empty(DiskImage.Check(image).Details);
    }

    [Fact]
    public void What_cannot_be_done_says_why()
    {
        string image = Create("image.img");
        MakeRegion(image, "a");
        byte[] stream = Send(image, "a", null, null);
        RequireRefused("is a region", () => DiskImage.List(image, "/", false, null, "a"));
        RequireRefused("at most 63", () => DiskImage.Receive(image, new string('x', 64), new MemoryStream(stream)));
        stream[200] ^= 1;
        RequireRefused("nothing was received", () => DiskImage.Receive(image, "b", new MemoryStream(stream)));
        RequireRefused("nothing was received", () => DiskImage.Receive(image, "b", new MemoryStream(stream[..5000])));
        RequireRefused("no checkpoint 5", () => Send(image, "a", "5", null));
        Assert.Equal(["", "a"], DiskImage.Volumes(image).Select(volume => volume.Name));
        Assert.Empty(DiskImage.Check(image).Details);
    }

    private static void RequireRefused(string reason, Action action)
        => Assert.Contains(reason, Assert.Throws<ImageException>(action).Message, StringComparison.Ordinal);

    // The record but for identity, owner and numbers, and the pages, are the same.
    private static void RequireOwn(string from, string source, string to, string copy, int changedPage)
    {
        byte[] original = RecordOf(from, source);
        byte[] own = RecordOf(to, copy);
        Assert.Equal(original[..24], own[..24]);
        Assert.NotEqual(original[32..48], own[32..48]);
        Assert.True(BinaryPrimitives.ReadUInt64LittleEndian(own.AsSpan(48)) >= CopiedRegions.FirstNumber);
        using ImageStore store = ImageStore.Open(to, readOnly: true);
        for (int page = 0; page < Pages; page++)
            Assert.Equal((byte)(page == changedPage ? 200 : page + 1), FirstByteOf(store, Find(store, copy), page));
    }

    private static byte FirstByteOf(ImageStore store, VolumeId volume, int page)
    {
        byte* memory = (byte*)store.Machine.Pages.Allocate(1);
        Assert.Equal(StoreStatus.Ok, store.Store.ReadPage(volume, Object, (ulong)page, memory));
        byte first = *memory;
        store.Machine.Pages.Free(memory, 1);
        return first;
    }

    private static byte[] RecordOf(string image, string name)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        byte[] record = new byte[ObjectStore.MaxRecordBytes];
        Assert.Equal(StoreStatus.Ok, store.Store.ReadRecord(Find(store, name), Object, record, out int length));
        return record[(length - 72)..length];
    }

    private static VolumeId Find(ImageStore store, string name) => new(ImageVolumes.Read(store).Single(each => each.Name == name).Number);

    private static byte[] Send(string image, string volume, string? at, string? since)
    {
        var stream = new MemoryStream();
        DiskImage.Send(image, volume, at, since, stream);
        return stream.ToArray();
    }

    private static void MakeRegion(string image, string name)
    {
        byte[] record = new byte[72];
        BinaryPrimitives.WriteUInt64LittleEndian(record, Address);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8), 16384);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(16), Pages);
        record[24] = 9;
        for (int i = 32; i < 48; i++)
            record[i] = (byte)i;
        foreach (int number in (int[])[48, 56, 64])
            record[number] = 1;
        byte[] whole = new byte[RecordHeader.Size + 80];
        int header = RecordHeader.Write(whole, ObjectKind.Region, 1, user: 0);
        record.CopyTo(whole, header);
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        Assert.Equal(StoreStatus.Ok, store.Store.CreateVolume(
            VolumeFlags.Region, System.Text.Encoding.UTF8.GetBytes(name), ImageVolumes.Now(), out VolumeId volume));
        (int Page, byte Value)[] pages = [.. Enumerable.Range(0, Pages).Select(page => (page, (byte)(page + 1)))];
        Commit(store, volume, 2, whole.AsSpan(0, header + 72), pages);
    }

    private static void Change(string image, string name, int page, ulong epoch)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        Commit(store, Find(store, name), epoch, default, (page, 200));
    }

    private static void Commit(
        ImageStore store, VolumeId volume, ulong epoch, ReadOnlySpan<byte> record, params (int Page, byte Value)[] pages)
    {
        StoreCommit* commit = store.Store.Begin(volume);
        if (!record.IsEmpty)
            Assert.Equal(StoreStatus.Ok, store.Store.PutRecord(commit, Object, record));
        byte* memory = (byte*)store.Machine.Pages.Allocate(pages.Length);
        for (int i = 0; i < pages.Length; i++)
        {
            memory[i * 4096] = pages[i].Value;
            Assert.Equal(StoreStatus.Ok, store.Store.WritePage(commit, Object, (ulong)pages[i].Page, memory + (i * 4096)));
        }
        CommitInfo info = ImageVolumes.Now();
        info.Epoch = new Epoch(epoch);
        Assert.Equal(StoreStatus.Ok, store.Store.Submit(commit, in info));
        Assert.Equal(StoreStatus.Ok, store.Store.WaitDurable(commit));
        store.Store.Release(commit);
        store.Machine.Pages.Free(memory, pages.Length);
    }

    private string Create(string name)
    {
        string image = Path.Combine(_folder, name);
        DiskImage.Create(image, 64L << 20, [Entry("first")]);
        return image;
    }

    private static RootEntry Entry(string text)
        => new() { Path = "/" + text, Kind = RootEntryKind.File, Open = () => new MemoryStream(new byte[5000]) };
}
