using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Aurora.Testing;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed unsafe class ShutdownTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Shutdown_finishes_requests_deletes_queues_announces_itself_and_disables(int pairs)
    {
        TestBench bench = TestBench.Started(null, new NvmeOptions { QueuePairs = pairs });
        BlockRequest* write = bench.Request(BlockOperation.Write, 7, 1);
        TestBench.Fill(write, 1);
        bench.Driver.Submit(write);
        Assert.True(bench.Driver.Shutdown());
        Assert.Equal(BlockStatus.Ok, write->Status);
        Assert.Equal(TestBench.Pattern(1, 7), bench.Block(7, durable: true));
        Assert.Equal(NvmeState.ShutDown, bench.Driver.State);
        Assert.False(bench.Device.IsEnabled);
        Assert.Contains("nvme: shut down", bench.LogText);
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Read, 0, 1));
        bench.Free(write);
        bench.Driver.Release();
        Assert.Equal(0, bench.Memory.PagesOutstanding);
        bench.Idle(100);
    }

    [Fact]
    public void A_device_that_does_not_confirm_is_given_up_in_time()
    {
        TestBench bench = TestBench.Started();
        bench.Host.PauseNanoseconds = 1_000_000;
        bench.Device.IgnoresShutdown = true;
        Assert.False(bench.Driver.Shutdown());
        Assert.Contains("not confirmed", bench.LogText);
    }

    [Fact]
    public void A_dead_device_is_not_shut_down()
    {
        TestBench bench = TestBench.Started();
        bench.Device.Hangs = _ => true;
        bench.Driver.Submit(bench.Request(BlockOperation.Flush));
        bench.Device.Die();
        Assert.False(bench.Driver.Shutdown());
        Assert.Equal(NvmeState.Gone, bench.Driver.State);
        Assert.False(bench.Driver.Shutdown());
    }

    [Fact]
    public void Releasing_a_running_controller_panics()
        => Assert.Throws<PanicException>(TestBench.Started().Driver.Release);
}
