using System.Runtime.InteropServices;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>Sizes and offsets of everything the controller reads or writes, against the figures of the specification.</summary>
public sealed unsafe class LayoutTests
{
    [Fact]
    public void Structures_have_the_sizes_of_the_specification()
    {
        Assert.Equal(64, sizeof(SubmissionEntry));
        Assert.Equal(16, sizeof(CompletionEntry));
        Assert.Equal(16, sizeof(DatasetRange));
        Assert.Equal(4096, sizeof(IdentifyController));
        Assert.Equal(4096, sizeof(IdentifyNamespace));
        Assert.Equal(4, sizeof(LbaFormat));
        Assert.Equal(2, sizeof(NvmeStatus));
    }

    [Theory]
    [InlineData(nameof(SubmissionEntry.Opcode), 0)]
    [InlineData(nameof(SubmissionEntry.Flags), 1)]
    [InlineData(nameof(SubmissionEntry.CommandId), 2)]
    [InlineData(nameof(SubmissionEntry.NamespaceId), 4)]
    [InlineData(nameof(SubmissionEntry.Dword2), 8)]
    [InlineData(nameof(SubmissionEntry.Dword3), 12)]
    [InlineData(nameof(SubmissionEntry.MetadataPointer), 16)]
    [InlineData(nameof(SubmissionEntry.Prp1), 24)]
    [InlineData(nameof(SubmissionEntry.Prp2), 32)]
    [InlineData(nameof(SubmissionEntry.Dword10), 40)]
    [InlineData(nameof(SubmissionEntry.Dword11), 44)]
    [InlineData(nameof(SubmissionEntry.Dword12), 48)]
    [InlineData(nameof(SubmissionEntry.Dword13), 52)]
    [InlineData(nameof(SubmissionEntry.Dword14), 56)]
    [InlineData(nameof(SubmissionEntry.Dword15), 60)]
    public void Submission_entry_fields_are_where_figure_105_has_them(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<SubmissionEntry>(field));

    [Theory]
    [InlineData(nameof(CompletionEntry.Result), 0)]
    [InlineData(nameof(CompletionEntry.Dword1), 4)]
    [InlineData(nameof(CompletionEntry.SubmissionHead), 8)]
    [InlineData(nameof(CompletionEntry.SubmissionQueue), 10)]
    [InlineData(nameof(CompletionEntry.CommandId), 12)]
    [InlineData(nameof(CompletionEntry.StatusAndPhase), 14)]
    public void Completion_entry_fields_are_where_figure_121_has_them(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<CompletionEntry>(field));

    [Theory]
    [InlineData(nameof(DatasetRange.ContextAttributes), 0)]
    [InlineData(nameof(DatasetRange.LogicalBlocks), 4)]
    [InlineData(nameof(DatasetRange.StartLba), 8)]
    public void Dataset_range_fields_are_where_figure_366_has_them(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<DatasetRange>(field));

    [Theory]
    [InlineData(nameof(IdentifyController.VendorId), 0)]
    [InlineData(nameof(IdentifyController.SerialNumber), 4)]
    [InlineData(nameof(IdentifyController.ModelNumber), 24)]
    [InlineData(nameof(IdentifyController.MaximumTransferShift), 77)]
    [InlineData(nameof(IdentifyController.ShutdownMicroseconds), 88)]
    [InlineData(nameof(IdentifyController.ControllerType), 111)]
    [InlineData(nameof(IdentifyController.SubmissionEntrySizes), 512)]
    [InlineData(nameof(IdentifyController.CompletionEntrySizes), 513)]
    [InlineData(nameof(IdentifyController.NamespaceCount), 516)]
    [InlineData(nameof(IdentifyController.OptionalCommands), 520)]
    [InlineData(nameof(IdentifyController.VolatileWriteCache), 525)]
    public void Identify_controller_fields_are_where_figure_247_has_them(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<IdentifyController>(field));

    [Theory]
    [InlineData(nameof(IdentifyNamespace.SizeLogicalBlocks), 0)]
    [InlineData(nameof(IdentifyNamespace.CapacityLogicalBlocks), 8)]
    [InlineData(nameof(IdentifyNamespace.FormatCountMinusOne), 25)]
    [InlineData(nameof(IdentifyNamespace.FormattedSize), 26)]
    [InlineData(nameof(IdentifyNamespace.DataProtection), 29)]
    [InlineData(nameof(IdentifyNamespace.Formats), 128)]
    public void Identify_namespace_fields_are_where_figure_245_has_them(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<IdentifyNamespace>(field));

    [Fact]
    public void The_format_in_use_is_found_beyond_the_first_sixteen()
    {
        var data = new IdentifyNamespace { FormattedSize = 0x23 };
        data.Formats[19] = 12 << 16 | 8;
        Assert.Equal(19, data.CurrentFormatIndex);
        Assert.Equal(12, data.CurrentFormat.DataShift);
        Assert.Equal(8, data.CurrentFormat.MetadataBytes);
    }
}
