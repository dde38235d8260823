using System;
using System.Runtime.InteropServices;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>The on-disk structures have the sizes and offsets that docs/disk-format.md gives.</summary>
public sealed unsafe class FormatTests
{
    [Fact]
    public void Sizes_are_those_of_the_format()
    {
        Assert.Equal(4096, sizeof(Superblock));
        Assert.Equal(64, sizeof(Cut));
        Assert.Equal(24, sizeof(NodePointer));
        Assert.Equal(112, sizeof(LogBlockHeader));
        Assert.Equal(32, sizeof(LogEntry));
        Assert.Equal(64, sizeof(NodeHeader));
        Assert.Equal(24, sizeof(MapEntry));
        Assert.Equal(40, sizeof(RecordEntry));
        Assert.Equal(16, sizeof(SpaceEntry));
        Assert.Equal(32, sizeof(SpacePageHeader));
        Assert.Equal(96, sizeof(HistoryRecord));
        Assert.Equal(4096, sizeof(StartBlock));
        Assert.Equal(8, Marshal.OffsetOf<StartBlock>(nameof(StartBlock.WriteVersion)));
        Assert.Equal(16, Marshal.OffsetOf<StartBlock>(nameof(StartBlock.FailedStarts)));
        Assert.Equal(168, sizeof(VolumeRecord));
        Assert.Equal(2032, SpacePage.BlocksPerGroup);
        Assert.Equal(254, SpacePage.EntriesPerPage);
        Assert.Equal(168, MapEntry.PerNode);
    }

    [Theory]
    [InlineData(nameof(Superblock.Magic), 0)]
    [InlineData(nameof(Superblock.FormatVersion), 8)]
    [InlineData(nameof(Superblock.Algorithm), 12)]
    [InlineData(nameof(Superblock.RequiredFeatures), 16)]
    [InlineData(nameof(Superblock.UuidLow), 32)]
    [InlineData(nameof(Superblock.WriteVersion), 48)]
    [InlineData(nameof(Superblock.Generation), 56)]
    [InlineData(nameof(Superblock.DurableSequence), 80)]
    [InlineData(nameof(Superblock.EndSequence), 88)]
    [InlineData(nameof(Superblock.UsedBlocks), 96)]
    [InlineData(nameof(Superblock.NodeBlocks), 112)]
    [InlineData(nameof(Superblock.Current), 128)]
    [InlineData(nameof(Superblock.Previous), 192)]
    [InlineData(nameof(Superblock.NextVolume), 120)]
    [InlineData(nameof(Superblock.AutomaticCount), 256)]
    [InlineData(nameof(Superblock.SpaceRoots), 280)]
    [InlineData(nameof(Superblock.Checksum), 4088)]
    public void Superblock_fields_are_where_the_format_says(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<Superblock>(field));

    [Theory]
    [InlineData(nameof(LogBlockHeader.UuidLow), 8)]
    [InlineData(nameof(LogBlockHeader.Generation), 24)]
    [InlineData(nameof(LogBlockHeader.Sequence), 32)]
    [InlineData(nameof(LogBlockHeader.Position), 40)]
    [InlineData(nameof(LogBlockHeader.Chain), 48)]
    [InlineData(nameof(LogBlockHeader.Watermark), 56)]
    [InlineData(nameof(LogBlockHeader.Part), 64)]
    [InlineData(nameof(LogBlockHeader.UsedBytes), 72)]
    [InlineData(nameof(LogBlockHeader.DataBlocks), 80)]
    [InlineData(nameof(LogBlockHeader.Volume), 88)]
    [InlineData(nameof(LogBlockHeader.Checksum), 104)]
    public void Log_header_fields_are_where_the_format_says(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<LogBlockHeader>(field));

    [Theory]
    [InlineData(nameof(VolumeRecord.History), 0)]
    [InlineData(nameof(VolumeRecord.Flags), 24)]
    [InlineData(nameof(VolumeRecord.NameLength), 28)]
    [InlineData(nameof(VolumeRecord.Parent), 32)]
    [InlineData(nameof(VolumeRecord.ParentSequence), 40)]
    [InlineData(nameof(VolumeRecord.CreatedNanoseconds), 48)]
    [InlineData(nameof(VolumeRecord.LastSequence), 56)]
    [InlineData(nameof(VolumeRecord.LastEpoch), 64)]
    [InlineData(nameof(VolumeRecord.LastNanoseconds), 72)]
    [InlineData(nameof(VolumeRecord.LastBytes), 80)]
    [InlineData(nameof(VolumeRecord.LastKeptNanoseconds), 88)]
    [InlineData(nameof(VolumeRecord.AutomaticCount), 96)]
    [InlineData(nameof(VolumeRecord.NextDueSeconds), 100)]
    [InlineData(nameof(VolumeRecord.Name), 104)]
    public void Volume_record_fields_are_where_the_format_says(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<VolumeRecord>(field));

    [Fact]
    public void Numbers_of_hidden_and_dropped_volumes_and_kinds_of_entries_are_those_of_the_format()
    {
        Assert.Equal(1UL << 62, VolumeRecord.HiddenBit);
        Assert.Equal(1UL << 63, VolumeRecord.DroppedBit);
        Assert.Equal((11, 12, 13, 14),
            ((int)LogEntryKind.CloneVolume, (int)LogEntryKind.DropVolume, (int)LogEntryKind.SetVolume, (int)LogEntryKind.TakeVolume));
        Assert.Equal(32, new LogEntry { Kind = LogEntryKind.TakeVolume, Count = 9, Length = 9 }.TotalBytes);
    }

    [Fact]
    public void Required_features_have_the_bits_of_the_format()
    {
        Assert.Equal((1UL, 2UL, 4UL), (StoreFormat.RollbackFeature, StoreFormat.LargeCommitFeature, StoreFormat.JoinedCommitFeature));
        Assert.Equal((6UL, 7UL), (StoreFormat.WrittenFeatures, StoreFormat.KnownFeatures));
    }

    [Theory]
    [InlineData(512UL, 64UL)]
    [InlineData(16UL << 18, 16384UL)]
    [InlineData(1UL << 32, 16384UL)]
    public void The_layout_fits_its_device(ulong blocks, ulong logBlocks)
    {
        Assert.True(Geometry.TryCreate(blocks, logBlocks, out Geometry geometry));
        Assert.True(geometry.DataStart + geometry.DataBlocks == blocks && geometry.DataBlocks > 0);
        Assert.True(geometry.Level2Start + (geometry.Level2Pages * 3) <= geometry.DataStart);
        Assert.True(geometry.Groups * SpacePage.BlocksPerGroup >= geometry.DataBlocks);
    }

    [Fact]
    public void A_page_sum_depends_on_page_and_block()
    {
        byte* data = stackalloc byte[4096];
        new Span<byte>(data, 4096).Fill(7);
        ulong sum = BlockChecksum.OfPage(1, 2, 3, data);
        Assert.NotEqual(sum, BlockChecksum.OfPage(1, 3, 2, data));
        Assert.NotEqual(sum, BlockChecksum.OfPage(2, 2, 3, data));
        Assert.NotEqual(sum, BlockChecksum.OfNode(1, 3, data));
        data[4095] ^= 1;
        Assert.NotEqual(sum, BlockChecksum.OfPage(1, 2, 3, data));
    }
}
