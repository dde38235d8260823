using System.Runtime.InteropServices;
using Aurora.Linux.Calls;
using Aurora.Posix.Ipc;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Sizes and offsets of the records of System V objects, and of the structures that programs see of them.</summary>
public sealed unsafe class IpcLayoutTests
{
    [Fact]
    public void Sizes()
    {
        Assert.Equal(IpcIdentityRecord.Bytes, sizeof(IpcIdentityRecord));
        Assert.Equal(IpcSpaceRecord.Bytes, sizeof(IpcSpaceRecord));
        Assert.Equal(SharedSegmentRecord.Bytes, sizeof(SharedSegmentRecord));
        Assert.Equal(MessageQueueRecord.Bytes, sizeof(MessageQueueRecord));
        Assert.Equal(MessageRecord.Bytes, sizeof(MessageRecord));
        Assert.Equal(NamedQueueRecord.Bytes, sizeof(NamedQueueRecord));
        Assert.Equal(QueueAttributes.Bytes, sizeof(QueueAttributes));
        Assert.Equal(IpcWaiterRecord.Bytes, sizeof(IpcWaiterRecord));
        Assert.Equal(SemaphoreSetRecord.Bytes, sizeof(SemaphoreSetRecord));
        Assert.Equal(SemaphoreBlockRecord.Bytes, sizeof(SemaphoreBlockRecord));
        Assert.Equal(SemaphoreUndoRecord.Bytes, sizeof(SemaphoreUndoRecord));
        Assert.Equal(6, sizeof(SemaphoreOperation));
        Assert.Equal(IpcPermissions.Bytes, sizeof(IpcPermissions));
        Assert.Equal(SegmentStatus.Bytes, sizeof(SegmentStatus));
        Assert.Equal(SegmentLimits.Bytes, sizeof(SegmentLimits));
        Assert.Equal(SegmentTotals.Bytes, sizeof(SegmentTotals));
        Assert.Equal(QueueStatus.Bytes, sizeof(QueueStatus));
        Assert.Equal(QueueLimits.Bytes, sizeof(QueueLimits));
        Assert.Equal(SetStatus.Bytes, sizeof(SetStatus));
        Assert.Equal(SetLimits.Bytes, sizeof(SetLimits));
        Assert.Equal(SemaphoreBuffer.Bytes, sizeof(SemaphoreBuffer));
    }

    [Theory]
    [InlineData(typeof(IpcIdentityRecord), nameof(IpcIdentityRecord.Mode), 24)]
    [InlineData(typeof(IpcSpaceRecord), nameof(IpcSpaceRecord.Segments), 48)]
    [InlineData(typeof(IpcSpaceRecord), nameof(IpcSpaceRecord.Queues), 80)]
    [InlineData(typeof(IpcSettings), nameof(IpcSettings.MostSegments), 16)]
    [InlineData(typeof(IpcSettings), nameof(IpcSettings.SemaphoresInSet), 32)]
    [InlineData(typeof(SharedSegmentRecord), nameof(SharedSegmentRecord.Object), 40)]
    [InlineData(typeof(SharedSegmentRecord), nameof(SharedSegmentRecord.Creator), 72)]
    [InlineData(typeof(MessageQueueRecord), nameof(MessageQueueRecord.MostBytes), 32)]
    [InlineData(typeof(MessageQueueRecord), nameof(MessageQueueRecord.LastSender), 64)]
    [InlineData(typeof(MessageRecord), nameof(MessageRecord.Type), 24)]
    [InlineData(typeof(MessageRecord), nameof(MessageRecord.Part), 36)]
    [InlineData(typeof(IpcWaiterRecord), nameof(IpcWaiterRecord.Order), 16)]
    [InlineData(typeof(IpcWaiterRecord), nameof(IpcWaiterRecord.WaitKind), 48)]
    [InlineData(typeof(IpcWaiterRecord), nameof(IpcWaiterRecord.Priority), 52)]
    [InlineData(typeof(IpcWaiterRecord), nameof(IpcWaiterRecord.OperationCount), 56)]
    [InlineData(typeof(IpcSpaceRecord), nameof(IpcSpaceRecord.Named), 96)]
    [InlineData(typeof(IpcSpaceRecord), nameof(IpcSpaceRecord.NamedSettings), 112)]
    [InlineData(typeof(IpcSpaceRecord), nameof(IpcSpaceRecord.NamesChanged), 136)]
    [InlineData(typeof(NamedQueueRecord), nameof(NamedQueueRecord.User), 20)]
    [InlineData(typeof(NamedQueueRecord), nameof(NamedQueueRecord.NoticeProcess), 28)]
    [InlineData(typeof(NamedQueueRecord), nameof(NamedQueueRecord.NoticeValue), 56)]
    [InlineData(typeof(QueueAttributes), nameof(QueueAttributes.Count), 24)]
    [InlineData(typeof(SemaphoreSetRecord), nameof(SemaphoreSetRecord.OperationSeconds), 40)]
    [InlineData(typeof(SemaphoreBlockRecord), nameof(SemaphoreBlockRecord.Values), 16)]
    [InlineData(typeof(SemaphoreBlockRecord), nameof(SemaphoreBlockRecord.Processes), 144)]
    [InlineData(typeof(SemaphoreUndoRecord), nameof(SemaphoreUndoRecord.Changes), 16)]
    [InlineData(typeof(IpcPermissions), nameof(IpcPermissions.Sequence), 24)]
    [InlineData(typeof(SegmentStatus), nameof(SegmentStatus.Size), 48)]
    [InlineData(typeof(SegmentStatus), nameof(SegmentStatus.Creator), 80)]
    [InlineData(typeof(SegmentStatus), nameof(SegmentStatus.Attaches), 88)]
    [InlineData(typeof(SegmentTotals), nameof(SegmentTotals.AllPages), 8)]
    [InlineData(typeof(QueueStatus), nameof(QueueStatus.HeldBytes), 72)]
    [InlineData(typeof(QueueStatus), nameof(QueueStatus.LastSender), 96)]
    [InlineData(typeof(QueueLimits), nameof(QueueLimits.Segments), 28)]
    [InlineData(typeof(SetStatus), nameof(SetStatus.ChangeSeconds), 64)]
    [InlineData(typeof(SetStatus), nameof(SetStatus.Count), 80)]
    [InlineData(typeof(SetLimits), nameof(SetLimits.MostValue), 32)]
    [InlineData(typeof(SemaphoreBuffer), nameof(SemaphoreBuffer.Flags), 4)]
    public void Offsets(System.Type type, string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf(type, field));
}
