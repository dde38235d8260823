using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>The records are a disk format: sizes and offsets may only change together with a version.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Records_have_their_sizes()
    {
        Assert.Equal(InodeRecord.Bytes, Marshal.SizeOf<InodeRecord>());
        Assert.Equal(ExtendedAttributesRecord.Bytes, Marshal.SizeOf<ExtendedAttributesRecord>());
        Assert.Equal(8, (int)Marshal.OffsetOf<ExtendedAttributesRecord>(nameof(ExtendedAttributesRecord.Length)));
        Assert.Equal(SymbolicLinkTailRecord.Bytes, Marshal.SizeOf<SymbolicLinkTailRecord>());
        Assert.Equal(NameRecord.Bytes, Marshal.SizeOf<NameRecord>());
        Assert.Equal(DirectoryEntryRecord.Bytes, Marshal.SizeOf<DirectoryEntryRecord>());
        Assert.Equal(8, (int)Marshal.OffsetOf<DirectoryEntryRecord>(nameof(DirectoryEntryRecord.TargetType)));
        Assert.Equal(FileTreeRecord.Bytes, Marshal.SizeOf<FileTreeRecord>());
        Assert.Equal(OpenFileRecord.Bytes, Marshal.SizeOf<OpenFileRecord>());
        Assert.Equal(DescriptorTableRecord.Bytes, Marshal.SizeOf<DescriptorTableRecord>());
        Assert.Equal(DescriptorChunkRecord.Bytes, Marshal.SizeOf<DescriptorChunkRecord>());
        Assert.Equal(PipeRecord.Bytes, Marshal.SizeOf<PipeRecord>());
        Assert.Equal(EventCounterRecord.Bytes, Marshal.SizeOf<EventCounterRecord>());
        Assert.Equal(TimerFileRecord.Bytes, Marshal.SizeOf<TimerFileRecord>());
        Assert.Equal(SignalFileRecord.Bytes, Marshal.SizeOf<SignalFileRecord>());
        Assert.Equal(ProcessHandleRecord.Bytes, Marshal.SizeOf<ProcessHandleRecord>());
        Assert.Equal(SignalFileInfo.Bytes, Marshal.SizeOf<SignalFileInfo>());
        Assert.Equal(FileLockRecord.Bytes, Marshal.SizeOf<FileLockRecord>());
        Assert.Equal(FileContextRecord.Bytes, Marshal.SizeOf<FileContextRecord>());
        Assert.Equal(12, Marshal.SizeOf<ProcKey>());
    }

    [Theory]
    [InlineData(nameof(InodeRecord.Mode), 4)]
    [InlineData(nameof(InodeRecord.Size), 16)]
    [InlineData(nameof(InodeRecord.AccessTime), 24)]
    [InlineData(nameof(InodeRecord.BirthTime), 48)]
    [InlineData(nameof(InodeRecord.Device), 56)]
    [InlineData(nameof(InodeRecord.Data), 64)]
    [InlineData(nameof(InodeRecord.ProcKey), 72)]
    [InlineData(nameof(InodeRecord.TargetLength), 84)]
    [InlineData(nameof(InodeRecord.Seals), 88)]
    [InlineData(nameof(InodeRecord.Number), 96)]
    [InlineData(nameof(InodeRecord.Name), 104)]
    [InlineData(nameof(InodeRecord.Names), 112)]
    [InlineData(nameof(InodeRecord.Entries), 116)]
    [InlineData(nameof(InodeRecord.Subdirectories), 120)]
    public void Inode_record_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<InodeRecord>(field));

    [Theory]
    [InlineData(nameof(FileTreeRecord.HashKey1), 8)]
    [InlineData(nameof(FileTreeRecord.NextDirectory), 16)]
    [InlineData(nameof(FileTreeRecord.Root), 24)]
    [InlineData(nameof(FileTreeRecord.ProcRoot), 32)]
    [InlineData(nameof(FileTreeRecord.HasKey), 40)]
    public void Tree_record_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<FileTreeRecord>(field));

    [Fact]
    public void Ids_say_what_they_are_about()
    {
        var file = FileIds.OfFile(FileIds.NumberLimit - 1, FilePart.TargetTail);
        Assert.Equal(
            (0x7FFF_FFFF_FFFF_FFFFUL, FileIds.NumberLimit - 1, FilePart.TargetTail),
            (file.Value, FileIds.NumberOf(file), FileIds.PartOf(file)));
        Assert.Equal(0x4000_0000_0000_0014UL, FileIds.OfFile(5, FilePart.Inode).Value);
        var name = FileIds.OfName(FileIds.DirectoryLimit - 1, 0x1FFF_FFFF);
        Assert.Equal(
            (0xFFFF_FFFF_DFFF_FFFFUL, FileIds.DirectoryLimit - 1, 0x1FFF_FFFFU),
            (name.Value, FileIds.DirectoryOf(name), FileIds.PlaceOf(name)));
        Assert.Equal(0x8000_0000_6000_0011UL, FileIds.OfName(3, 0x11).Value);
        Assert.True(FileIds.IsName(name) && !FileIds.IsFile(name) && FileIds.IsFile(file)
            && !FileIds.IsOnDemand(new ObjectId(FileIds.FirstOnDemand - 1)));
        Assert.Equal(FileIds.OfFile(5, FilePart.Inode), FileIds.InodeOf(FileIds.OfFile(5, FilePart.Data)));
        Assert.Equal(FileIds.OfFile(5, FilePart.Inode), FileIds.InodeOf(new ObjectId(5)));
        Assert.Equal(0x1FF_FFFEU, NameBucketTable.Reverse(0x0FF_FFFF));
        Assert.Equal(1U, NameBucketTable.Reverse(1U << 24));
    }

    [Theory]
    [InlineData(nameof(OpenFileRecord.Inode), 0)]
    [InlineData(nameof(OpenFileRecord.Offset), 8)]
    [InlineData(nameof(OpenFileRecord.Attachment), 16)]
    [InlineData(nameof(OpenFileRecord.Flags), 24)]
    [InlineData(nameof(OpenFileRecord.Kind), 28)]
    [InlineData(nameof(OpenFileRecord.Owner), 32)]
    [InlineData(nameof(OpenFileRecord.OwnerObject), 48)]
    [InlineData(nameof(OpenFileRecord.OwnerUid), 56)]
    [InlineData(nameof(OpenFileRecord.OwnerEffectiveUid), 60)]
    [InlineData(nameof(OpenFileRecord.Lease), 64)]
    public void Open_file_record_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<OpenFileRecord>(field));

    [Theory]
    [InlineData(nameof(FileLease.Kind), 0)]
    [InlineData(nameof(FileLease.Break), 1)]
    [InlineData(nameof(FileLease.Descriptor), 4)]
    [InlineData(nameof(FileLease.DowngradeNanoseconds), 8)]
    [InlineData(nameof(FileLease.RemoveNanoseconds), 16)]
    public void Lease_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<FileLease>(field));

    [Theory]
    [InlineData(nameof(PipeRecord.Data), 8)]
    [InlineData(nameof(PipeRecord.Capacity), 16)]
    [InlineData(nameof(PipeRecord.Head), 20)]
    [InlineData(nameof(PipeRecord.Length), 24)]
    [InlineData(nameof(PipeRecord.WriterOpens), 32)]
    [InlineData(nameof(PipeRecord.Reserved), 36)]
    [InlineData(nameof(PipeRecord.Rest), 40)]
    [InlineData(nameof(PipeRecord.RestHead), 48)]
    [InlineData(nameof(PipeRecord.RestLength), 52)]
    public void Pipe_record_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<PipeRecord>(field));

    [Theory]
    [InlineData(nameof(EventCounterRecord.Count), 8)]
    [InlineData(nameof(EventCounterRecord.IsSemaphore), 16)]
    [InlineData(nameof(EventCounterRecord.Reserved), 20)]
    public void Event_counter_record_offsets(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<EventCounterRecord>(field));

    [Theory]
    [InlineData(nameof(TimerFileRecord.Clock), 8)]
    [InlineData(nameof(TimerFileRecord.Flags), 12)]
    [InlineData(nameof(TimerFileRecord.ExpiryNanoseconds), 16)]
    [InlineData(nameof(TimerFileRecord.IntervalNanoseconds), 24)]
    [InlineData(nameof(TimerFileRecord.Ticks), 32)]
    [InlineData(nameof(TimerFileRecord.LeadNanoseconds), 40)]
    [InlineData(nameof(TimerFileRecord.State), 48)]
    public void Timer_file_record_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<TimerFileRecord>(field));

    [Theory]
    [InlineData(nameof(SignalFileInfo.Code), 8)]
    [InlineData(nameof(SignalFileInfo.Pid), 12)]
    [InlineData(nameof(SignalFileInfo.Descriptor), 20)]
    [InlineData(nameof(SignalFileInfo.TimerId), 24)]
    [InlineData(nameof(SignalFileInfo.Overruns), 32)]
    [InlineData(nameof(SignalFileInfo.Status), 40)]
    [InlineData(nameof(SignalFileInfo.Integer), 44)]
    [InlineData(nameof(SignalFileInfo.Pointer), 48)]
    [InlineData(nameof(SignalFileInfo.UserTicks), 56)]
    [InlineData(nameof(SignalFileInfo.Address), 72)]
    [InlineData(nameof(SignalFileInfo.AddressGranule), 80)]
    [InlineData(nameof(SignalFileInfo.SystemCall), 84)]
    [InlineData(nameof(SignalFileInfo.CallAddress), 88)]
    [InlineData(nameof(SignalFileInfo.Architecture), 96)]
    public void Signal_file_info_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<SignalFileInfo>(field));

    [Theory]
    [InlineData(nameof(DescriptorChunkRecord.Index), 8)]
    [InlineData(nameof(DescriptorChunkRecord.Open), 16)]
    [InlineData(nameof(DescriptorChunkRecord.CloseOnExec), 24)]
    public void Descriptor_record_offsets(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<DescriptorChunkRecord>(field));
}
