using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Aurora.Images.Root;
using Aurora.Testing;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>A check tells which states a machine could continue from, and the way back to the newest of them.</summary>
public sealed class RestoreCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_check_names_the_object_that_no_kernel_would_restore_and_writes_nothing()
    {
        string image = Create();
        Assert.Empty(DiskImage.Check(image, history: true).Faults);
        ulong epoch = BadRecord.Add(image);
        byte[] before = File.ReadAllBytes(image);
        ImageReport report = DiskImage.Check(image);
        Assert.Empty(report.Details);
        ImageUnrestorable lost = Assert.Single(report.Unrestorable);
        Assert.Equal((0UL, epoch, "timer", 17, BadRecord.Id), (lost.Sequence, lost.Epoch, lost.Kind, lost.KindNumber, lost.Object));
        string number = BadRecord.Id.ToString(CultureInfo.InvariantCulture);
        Assert.Equal($"the present state (epoch {epoch}) cannot be restored: a record is impossible: timer {number} (kind 17)", Assert.Single(report.Faults));
        Assert.Equal(before, File.ReadAllBytes(image));
    }

    [Fact]
    public void A_check_names_what_leads_to_no_file_and_the_state_can_still_be_restored()
    {
        string image = Create();
        BadRecord.LoseFile(image);
        ImageReport report = DiskImage.Check(image);
        Assert.True(report.IsRestorable);
        Assert.Contains("leads to no file", Assert.Single(report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_of_the_history_names_every_checkpoint_that_is_lost()
    {
        string image = Create();
        ulong first = BadRecord.Add(image);
        DiskImage.GoBack(image, (first - 1).ToString(CultureInfo.InvariantCulture));
        Assert.Empty(DiskImage.Check(image).Faults);
        ImageReport report = DiskImage.Check(image, history: true);
        ImageUnrestorable lost = Assert.Single(report.Unrestorable);
        Assert.Equal(first, lost.Epoch);
        Assert.StartsWith($"checkpoint (epoch {first}) cannot be restored: ", Assert.Single(report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void The_way_back_leads_to_the_newest_state_that_can_be_restored_and_keeps_the_lost_one_by_name()
    {
        string image = Create();
        ulong good = DiskImage.History(image)[^1].Epoch;
        Assert.Null(DiskImage.FindWayBack(image));
        ulong bad = BadRecord.Add(image);
        BadRecord.Add(image);
        ImageWayBack way = DiskImage.FindWayBack(image)!;
        Assert.Equal((bad + 1, good), (way.Lost.Epoch, way.Target!.Epoch));

        Assert.Equal(good, DiskImage.GoBack(image, way).Epoch);
        Assert.Null(DiskImage.FindWayBack(image));
        Assert.Empty(DiskImage.Check(image).Faults);
        ImageCheckpoint kept = Assert.Single(DiskImage.History(image), checkpoint => checkpoint.Name == $"unrestorable-{bad + 1}");
        Assert.True(kept is { IsKept: true, IsAutomatic: false, IsLeft: true });
        Assert.Equal("first", Cat(image, kept.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_check_of_an_image_whose_history_is_damaged_says_so_and_a_machine_continues_from_it(bool history)
    {
        string image = Create();
        ulong first = BadRecord.Add(image);
        DiskImage.GoBack(image, (first - 1).ToString(CultureInfo.InvariantCulture));

        // After two cuts more both superblocks name the same history.
        BadRecord.Open(image);
        DamageHistory(image);
        ImageReport report = DiskImage.Check(image, history: history);
        Assert.Contains(report.Details, fault => fault.Place == "HistoryTree");
        Assert.Empty(report.Unrestorable);
        Assert.True(report.IsRestorable);
        Assert.NotNull(DiskImage.HistoryDamage(image));
    }

    [Fact]
    public void A_check_of_an_image_whose_history_and_present_are_lost_says_that_nothing_can_be_restored()
    {
        string image = Create();
        Assert.True(DiskImage.Check(image).IsRestorable);
        ulong first = BadRecord.Add(image);
        DiskImage.GoBack(image, (first - 1).ToString(CultureInfo.InvariantCulture));
        BadRecord.Add(image);
        DamageHistory(image);
        ImageReport report = DiskImage.Check(image);
        Assert.Single(report.Unrestorable);
        Assert.False(report.IsRestorable);
        File.WriteAllBytes(image, new byte[64 << 20]);
        Assert.False(DiskImage.Check(image).IsRestorable);
    }

    // The root of the first volume's history tree: its record is the first of the volume table, which is one node.
    private static void DamageHistory(string image)
    {
        const int WriteVersion = 48;
        const int VolumeTable = 160;
        const int FirstRecord = 64 + 40;
        const int SlotBytes = 8192;
        const int BlockBytes = 4096;
        byte[] all = File.ReadAllBytes(image);
        int newest = BitConverter.ToUInt64(all, WriteVersion) > BitConverter.ToUInt64(all, SlotBytes + WriteVersion) ? 0 : SlotBytes;
        long table = BitConverter.ToInt64(all, newest + VolumeTable);
        long root = BitConverter.ToInt64(all, (int)(table * BlockBytes) + FirstRecord);
        Assert.NotEqual(0, root);
        using FileStream file = File.OpenWrite(image);
        file.Position = (root * BlockBytes) + 100;
        file.WriteByte((byte)~all[file.Position]);
    }

    private string Create()
    {
        string image = Path.Combine(_folder, "test.img");
        DiskImage.Create(image, 64L << 20, [Entry("first")]);
        return image;
    }

    private static RootEntry Entry(string text)
        => new() { Path = "/file", Kind = RootEntryKind.File, Open = () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) };

    private static string Cat(string image, string checkpoint)
    {
        using var stream = new MemoryStream();
        DiskImage.Cat(image, "/file", stream, checkpoint);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
