using System;
using System.Linq;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Records with the right checksums that nobody can have written: the log is damaged, and does not end there.</summary>
public sealed unsafe class LogDamageTests
{
    private delegate void Change(LogBlockHeader* header);

    [Theory]
    [InlineData(VolumeRecord.HiddenBit - 1)]
    [InlineData(VolumeRecord.DroppedBit)]
    [InlineData(ulong.MaxValue)]
    public void A_number_of_a_volume_behind_which_there_is_none_is_refused(ulong number)
    {
        using StoreHarness harness = WithLastRecord(header => header->Volume = number);
        RequireRefused(harness);
    }

    [Fact]
    public void The_last_number_of_a_volume_is_taken_and_there_is_no_other()
    {
        using StoreHarness harness = WithLastRecord(header => header->Volume = VolumeRecord.LastNumber);
        for (int round = 0; round < 2; round++)
        {
            harness.Open();
            Assert.Equal(StoreStatus.Ok, harness.Store.FindVolume(new VolumeId(VolumeRecord.LastNumber), out _));
            Assert.Equal(StoreStatus.NoSpace,
                harness.Store.CreateVolume(VolumeFlags.None, "one more"u8, harness.Info(), out _));
            Assert.Equal(StoreStatus.NoSpace,
                harness.Store.CloneVolume(VolumeId.First, 0, VolumeFlags.None, default, harness.Info(), out _));
            Assert.Equal(StoreStatus.NoSpace, harness.Store.BeginLarge(VolumeId.First, harness.Info(), out _));
            Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
            harness.CommitTo(VolumeId.First, new PageValue(1, 0, 9));
            Assert.Equal(StoreStatus.Ok, harness.Store.Close());
        }
        harness.CheckClean();
        harness.Open();
    }

    [Fact]
    public void A_record_that_does_not_begin_with_what_the_commit_was_is_refused()
    {
        using StoreHarness harness = WithLastRecord(header => EntryOf(header, 0)->Kind = LogEntryKind.Delete, isNew: false);
        RequireRefused(harness);
    }

    [Fact]
    public void A_record_that_says_twice_what_the_commit_was_is_refused()
    {
        using StoreHarness harness = WithLastRecord(header => *EntryOf(header, 1) = *EntryOf(header, 0));
        RequireRefused(harness);
    }

    [Fact]
    public void A_record_of_nothing_is_refused()
    {
        using StoreHarness harness = WithLastRecord(header => header->UsedBytes = 0);
        RequireRefused(harness);
    }

    // All of its log is behind the last cut, and its last record makes a volume, or is one of the first volume.
    private static StoreHarness WithLastRecord(Change change, bool isNew = true)
    {
        var harness = new StoreHarness();
        harness.Options.CutIntervalNanoseconds = ulong.MaxValue;
        harness.Open();
        harness.CommitTo(VolumeId.First, new PageValue(1, 0, 7));
        if (isNew)
            Assert.Equal(StoreStatus.Ok, harness.Store.CreateVolume(VolumeFlags.None, default, harness.Info(), out _));
        harness.Store.Abandon();
        var image = new SealedImage(harness.Memory);
        ulong last = image.Metadata.Last(block => block.Kind == "log").Block;
        byte[] contents = (byte[])image.Contents(last).Clone();
        fixed (byte* bytes = contents)
            change((LogBlockHeader*)bytes);
        harness.Device = image.With((last, contents));
        return harness;
    }

    private static LogEntry* EntryOf(LogBlockHeader* header, int number)
    {
        LogEntry* entry = LogReader.EntryAt(header, 0);
        for (uint offset = 0; number > 0; number--)
        {
            offset += (uint)entry->TotalBytes;
            entry = LogReader.EntryAt(header, offset);
        }
        return entry;
    }

    private static void RequireRefused(StoreHarness harness)
    {
        Assert.Equal(StoreStatus.Corrupt, harness.TryOpen());
        Assert.Equal(FaultPlace.Log, harness.OpenFault.Place);
    }
}
