using Xunit;

namespace Aurora.Nvme.Tests;

public sealed class RegisterTests
{
    [Fact]
    public void Capabilities_are_decoded_bit_by_bit()
    {
        // MQES 2047, CQR, TO 15 (7.5 s), DSTRD 0, CSS NVM, MPSMIN 0, MPSMAX 4: what QEMU's controller reports.
        var capabilities = new ControllerCapabilities(0x0040_0020_0F01_07FF);
        Assert.Equal(2048, capabilities.MaximumQueueEntries);
        Assert.True(capabilities.ContiguousQueuesRequired);
        Assert.Equal(7_500_000_000ul, capabilities.ReadyTimeoutNanoseconds);
        Assert.Equal(4u, capabilities.DoorbellStrideBytes);
        Assert.True(capabilities.HasNvmCommandSet);
        Assert.Equal(12, capabilities.MinimumPageShift);
        Assert.Equal(16, capabilities.MaximumPageShift);
        Assert.False(capabilities.HasReadyTimeouts);
        Assert.False(capabilities.IsAllOnes);
    }

    [Fact]
    public void A_ready_timeout_of_zero_still_waits()
        => Assert.Equal(500_000_000ul, new ControllerCapabilities(0).ReadyTimeoutNanoseconds);

    [Theory]
    [InlineData(0, 1, 0x1008u, 0x100Cu)]
    [InlineData(2, 1, 0x1020u, 0x1030u)]
    [InlineData(0, 0, 0x1000u, 0x1004u)]
    [InlineData(4, 3, 0x1180u, 0x11C0u)]
    public void Doorbells_follow_the_stride(int strideShift, int queue, uint tail, uint head)
    {
        var layout = new DoorbellLayout(new ControllerCapabilities((ulong)strideShift << 32));
        Assert.Equal(tail, layout.SubmissionTail(queue));
        Assert.Equal(head, layout.CompletionHead(queue));
        Assert.Equal(head + 4ul, layout.EndBytes(queue));
    }

    [Fact]
    public void Status_bits_are_read_apart()
    {
        Assert.True(new ControllerStatus(1).IsReady);
        Assert.True(new ControllerStatus(2).IsFatal);
        Assert.True(new ControllerStatus(8).IsShutdownComplete);
        Assert.False(new ControllerStatus(4).IsShutdownComplete);
        Assert.True(new ControllerStatus(uint.MaxValue).IsAllOnes);
    }

    [Fact]
    public void Versions_and_queue_attributes_are_coded_as_specified()
    {
        var version = new NvmeVersion(0x0002_0103);
        Assert.Equal((2u, 1u, 3u), (version.Major, version.Minor, version.Tertiary));
        Assert.Equal(0x001F_000Fu, AdminQueueAttributes.Encode(16, 32));
        Assert.Equal(0x0046_0001u, ControllerConfiguration.Running);
    }
}
