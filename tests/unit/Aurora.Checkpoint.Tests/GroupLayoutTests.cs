using System.Runtime.InteropServices;
using Aurora.Posix.Persistence;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What is on the disk, and what programs hand over, is where it is described.</summary>
public sealed unsafe class GroupLayoutTests
{
    [Fact]
    public void The_record_of_a_group_is_as_long_as_its_version_says()
    {
        Assert.Equal((96, GroupRecord.Size), (sizeof(GroupRecord), sizeof(GroupRecord)));
        Assert.Equal(GroupRecord.SizeOfVersion1, Offset<GroupRecord>(nameof(GroupRecord.LastProcessId)));
        Assert.Equal(GroupRecord.SizeOfVersion3, Offset<GroupRecord>(nameof(GroupRecord.Flags)));
        Assert.Equal((84, 88), (Offset<GroupRecord>(nameof(GroupRecord.WaitStatus)), Offset<GroupRecord>(nameof(GroupRecord.Generation))));
    }

    [Fact]
    public void The_structures_of_the_calls_are_as_the_header_declares_them()
    {
        Assert.Equal((GroupRequest.Size, SlsGroup.Size), (sizeof(GroupRequest), sizeof(SlsGroup)));
        Assert.Equal((0, 4, 8), (Offset<GroupRequest>(nameof(GroupRequest.Verb)), Offset<GroupRequest>(nameof(GroupRequest.Flags)),
            Offset<GroupRequest>(nameof(GroupRequest.Group))));
        Assert.Equal((72, 136, 200), (Offset<GroupRequest>(nameof(GroupRequest.Target)),
            Offset<GroupRequest>(nameof(GroupRequest.Checkpoint)), Offset<GroupRequest>(nameof(GroupRequest.Root))));
        Assert.Equal((456, 464), (Offset<GroupRequest>(nameof(GroupRequest.Arguments)),
            Offset<GroupRequest>(nameof(GroupRequest.Environment))));
        Assert.Equal((40, 44, 48), (Offset<SlsGroup>(nameof(SlsGroup.State)), Offset<SlsGroup>(nameof(SlsGroup.WaitStatus)),
            Offset<SlsGroup>(nameof(SlsGroup.Name))));
        Assert.Equal((16, SlsOutput.Size), (sizeof(SlsOutput), sizeof(SlsOutput)));
        Assert.Equal((0, 4, 8, 12), (Offset<SlsOutput>(nameof(SlsOutput.Stream)), Offset<SlsOutput>(nameof(SlsOutput.ProcessId)),
            Offset<SlsOutput>(nameof(SlsOutput.WaitStatus)), Offset<SlsOutput>(nameof(SlsOutput.Error))));
        Assert.Equal((9u, 2u), ((uint)GroupVerb.Exec, GroupRequest.IsDetached));
    }

    private static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
