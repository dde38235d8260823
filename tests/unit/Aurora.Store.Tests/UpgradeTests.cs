using System.IO;
using System.IO.Compression;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>
/// An image of format version 1, made by that version and left as a power cut would: commits 1 to 9 wrote their number to page 0 of object
/// 1; the first made object 3, the fourth was named, the fifth cloned object 3 to 4, the sixth was gone back from; the last two are in the
/// log.
/// </summary>
public sealed unsafe class UpgradeTests
{
    private const int Blocks = 1024;

    [Fact]
    public void It_is_refused_with_what_to_do_about_it()
    {
        using StoreHarness harness = Load();
        Assert.Equal(StoreStatus.OldVersion, harness.TryOpen());
        Assert.Contains("aurora image upgrade", System.Text.Encoding.UTF8.GetString(StoreMessages.Of(StoreStatus.OldVersion)),
            System.StringComparison.Ordinal);
        Assert.Contains("OldVersion", Assert.Single(harness.Check(out _)), System.StringComparison.Ordinal);
    }

    [Fact]
    public void An_upgrade_keeps_everything()
    {
        using StoreHarness harness = Load();
        Assert.Equal(StoreStatus.Ok, Upgrade(harness));
        RequireAll(harness);
        harness.Store.Abandon();
        Assert.Equal(StoreStatus.BadArgument, Upgrade(harness));
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 10));
        Assert.Equal(StoreStatus.Ok, harness.Store.FindCheckpoint(VolumeId.First, "kept"u8, out CheckpointInfo kept));
        Assert.Equal(StoreStatus.Ok, harness.Store.Rollback(VolumeId.First, kept.Sequence, harness.Info()));
        harness.Reopen(crash: true);
        Assert.Equal(4UL, harness.Read(1, 0));
        harness.CheckClean();
    }

    [Fact]
    public void A_power_cut_at_any_write_of_an_upgrade_loses_nothing()
    {
        int writes = int.MaxValue;
        for (int at = 0; at < writes; at++)
        {
            using StoreHarness harness = Load();
            int count = 0;
            harness.Memory.Fail = (operation, _)
                => operation == BlockOperation.Write && count++ >= at ? BlockStatus.MediaError : BlockStatus.Ok;
            bool isWhole = Upgrade(harness) == StoreStatus.Ok;
            harness.Memory.Fail = null;
            if (isWhole)
                writes = 0;
            StoreStatus status = harness.TryOpen();
            if (status == StoreStatus.OldVersion)
                Assert.Equal(StoreStatus.Ok, Upgrade(harness));
            else
                Assert.Equal(StoreStatus.Ok, status);
            harness.Store?.Abandon();
            RequireAll(harness);
            Assert.True(at < 100, "no end");
        }
    }

    private static void RequireAll(StoreHarness harness)
    {
        harness.CheckClean();
        harness.Open();
        Assert.Equal(9UL, harness.Read(1, 0));
        Assert.Equal("three", harness.Record(3));
        for (ulong page = 0; page < 8; page++)
            Assert.Equal((200 + page, 200 + page), (harness.Read(3, page), harness.Read(4, page)));
        Assert.Equal(4UL, PageAt(harness, "kept"));
        Assert.Equal(9UL, PageAt(harness, "in the log"));
        ulong sequence = 0;
        while (harness.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, sequence, out StoreView? view));
            Assert.Equal(207UL, harness.Read(view!, 3, 7));
            view!.Close();
        }
    }

    private static ulong PageAt(StoreHarness harness, string name)
    {
        Assert.Equal(StoreStatus.Ok,
            harness.Store.FindCheckpoint(VolumeId.First, System.Text.Encoding.UTF8.GetBytes(name), out CheckpointInfo info));
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(VolumeId.First, info.Sequence, out StoreView? view));
        ulong value = harness.Read(view!, 1, 0);
        view!.Close();
        return value;
    }

    private static StoreStatus Upgrade(StoreHarness harness)
        => ObjectStore.Upgrade(harness.Device, harness.Pages, new HostFibers(), harness.Options, out _);

    private static StoreHarness Load()
    {
        var harness = new StoreHarness(Blocks, 64);
        using Stream resource = typeof(UpgradeTests).Assembly.GetManifestResourceStream("version1.img.gz")!;
        using var image = new GZipStream(resource, CompressionMode.Decompress);
        for (ulong block = 0; block < Blocks; block++)
        {
            byte[] contents = new byte[4096];
            image.ReadExactly(contents);
            harness.Memory.SetContents(block, contents);
        }
        return harness;
    }
}
