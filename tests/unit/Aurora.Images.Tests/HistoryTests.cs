using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>Looking at an image as it was, giving history up, and large trees.</summary>
public sealed class HistoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_can_be_read_as_of_a_checkpoint()
    {
        string image = Path.Combine(_folder, "test.img");
        DiskImage.Create(image, 64L << 20, [File("/file", "first")]);
        DiskImage.Put(image, [File("/file", "second")]);
        IReadOnlyList<ImageCheckpoint> history = DiskImage.History(image);
        Assert.True(history.Count >= 2);
        string first = history[^2].Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("first", Cat(image, first));
        Assert.Equal("second", Cat(image, null));
        Assert.Equal(5UL, Assert.Single(DiskImage.List(image, "/file", recursive: false, first)).Size);
        DiskImage.Extract(image, "/file", Path.Combine(_folder, "out"), first);
        Assert.Equal("first", System.IO.File.ReadAllText(Path.Combine(_folder, "out/file")));
        Assert.Contains("no checkpoint nowhere", Assert.Throws<ImageException>(() => Cat(image, "nowhere")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void The_files_of_a_live_session_can_be_read()
    {
        string image = Path.Combine(_folder, "test.img");
        DiskImage.Create(image, 64L << 20, [File("/file", "first")]);

        // An open file whose terminal the host does not know, and a process: records as only the kernel makes them.
        using (Aurora.Host.FileBlockDevice device = Aurora.Host.FileBlockDevice.Open(image, readOnly: false))
        {
            Store.StoreStatus status = Store.ObjectStore.Open(
                device, new Aurora.Host.HostPages(), new Aurora.Host.SynchronousFibers(), default, out Store.ObjectStore? store, out _);
            Assert.Equal(Store.StoreStatus.Ok, status);
            Store.StoreCommit* commit = store!.Begin(Store.VolumeId.First);
            foreach (Base.ObjectKind kind in (Base.ObjectKind[])[Base.ObjectKind.OpenFile, Base.ObjectKind.Process])
            {
                byte[] record = new byte[64];
                var header = new Checkpoint.RecordHeader { Kind = kind };
                System.Runtime.InteropServices.MemoryMarshal.Write(record, in header);
                store.PutRecord(commit, new Base.ObjectId(9000 + (ulong)kind), record);
            }
            var info = new Store.CommitInfo { Epoch = new Base.Epoch(99), RealtimeNanoseconds = 5 };
            Assert.Equal(Store.StoreStatus.Ok, store.Submit(commit, in info));
            Assert.Equal(Store.StoreStatus.Ok, store.WaitDurable(commit));
            store.Release(commit);
            store.Close();
        }
        Assert.Equal("first", Cat(image, null));
        Assert.Equal("first", Cat(image, "99"));
    }

    [Fact]
    public void A_kept_checkpoint_can_be_dropped_and_the_image_stays_whole()
    {
        string image = Path.Combine(_folder, "test.img");
        DiskImage.Create(image, 64L << 20, [File("/file", "first")]);
        for (int i = 0; i < 4; i++)
            DiskImage.Put(image, [File("/file", $"version {i}")]);
        ImageCheckpoint kept = DiskImage.History(image).First(checkpoint => checkpoint.IsKept);
        DiskImage.DropCheckpoint(image, kept.Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.DoesNotContain(DiskImage.History(image), checkpoint => checkpoint.Sequence == kept.Sequence && checkpoint.IsKept);
        Assert.Empty(DiskImage.Check(image).Faults);
        Assert.Equal("version 3", Cat(image, null));
    }

    [Fact]
    public void Many_small_files_take_several_checkpoints()
    {
        string image = Path.Combine(_folder, "many.img");
        IEnumerable<RootEntry> entries = Enumerable.Range(0, 9000).Select(number => number < 4500
            ? new RootEntry { Path = $"/d{number}", Kind = RootEntryKind.Directory }
            : File($"/d{number - 4500}/f", "x"));
        DiskImage.Create(image, 256L << 20, entries);
        Assert.True(DiskImage.Check(image).LastSequence >= 3);
        Assert.Equal(9000, DiskImage.List(image, "/", recursive: true).Count(entry => entry.Path.StartsWith("/d", StringComparison.Ordinal) && !entry.Path.StartsWith("/dev", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_check_counts_data_and_names_faults_for_programs()
    {
        string image = Path.Combine(_folder, "test.img");
        byte[] data = new byte[100_000];
        new Random(3).NextBytes(data);
        DiskImage.Create(image, 64L << 20, [new RootEntry { Path = "/data", Kind = RootEntryKind.File, Open = () => new MemoryStream(data) }]);
        ImageReport whole = DiskImage.Check(image);
        Assert.InRange(whole.DataBlocks, 25UL, 60UL);
        Assert.True(whole.TreeNodes > 0);

        byte[] bytes = System.IO.File.ReadAllBytes(image);
        int at = bytes.AsSpan().IndexOf(data.AsSpan(4096, 64));
        bytes[at + 7] ^= 1;
        System.IO.File.WriteAllBytes(image, bytes);
        ImageFault fault = Assert.Single(DiskImage.Check(image).Details);
        Assert.Equal(("BadChecksum", "Data", 1UL, (ulong)at / 4096), (fault.Status, fault.Place, fault.Page, fault.Block));
        Assert.NotEqual(0UL, fault.Object);
    }

    [Fact]
    public void A_sparse_image_of_16_tebibytes_opens_and_checks_in_bounded_time()
    {
        string image = Path.Combine(_folder, "large.img");
        long bytes = 16L << 40;
        try
        {
            using FileStream probe = System.IO.File.Create(image + ".probe");
            probe.SetLength(bytes);
        }
        catch (Exception failure) when (failure is IOException or ArgumentOutOfRangeException)
        {
            // Not every file system has files of this size; the largest most have is a little smaller.
            bytes -= 1 << 20;
        }
        System.IO.File.Delete(image + ".probe");
        DiskImage.Create(image, bytes, [File("/file", "x")]);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("x", Cat(image, null));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"opening took {watch.Elapsed.TotalSeconds:F1} s");
        watch.Restart();
        Assert.Empty(DiskImage.Check(image).Faults);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"the check took {watch.Elapsed.TotalSeconds:F1} s");
    }

    private static string Cat(string image, string? checkpoint)
    {
        using var stream = new MemoryStream();
        DiskImage.Cat(image, "/file", stream, checkpoint);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static RootEntry File(string path, string text)
        => new() { Path = path, Kind = RootEntryKind.File, Open = () => new MemoryStream(Encoding.UTF8.GetBytes(text)) };
}
