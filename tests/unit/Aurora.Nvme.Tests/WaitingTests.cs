using System;
using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>How Wait gets its answer: by polling, through an interrupt, and never by allocating.</summary>
public sealed unsafe class WaitingTests
{
    [Fact]
    public void A_quick_command_is_waited_for_without_blocking()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 0 }, new NvmeOptions { PollNanoseconds = 1_000_000 });
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(1ul, bench.Driver.Statistics.PolledWaits);
        Assert.Equal(0ul, bench.Driver.Statistics.BlockedWaits);
    }

    [Fact]
    public void A_slow_command_blocks_the_fiber_until_its_interrupt()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 50_000_000, Seed = 5 }, new NvmeOptions { PollNanoseconds = 2_000 });
        for (int i = 0; i < 10; i++)
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, (ulong)i, 1));
        Assert.True(bench.Driver.Statistics.BlockedWaits > 0);
        Assert.True(bench.Host.Interrupts >= 10);
    }

    [Fact]
    public void A_device_too_slow_for_polling_is_rarely_polled_until_it_is_quick_again()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 0 }, new NvmeOptions { PollNanoseconds = 20_000 });
        bench.Host.PauseNanoseconds = 30_000;
        for (int i = 0; i < 200; i++)
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.InRange(bench.Driver.Statistics.MissedPolls, 1ul, 20ul);
        bench.Host.PauseNanoseconds = 100;
        ulong before = bench.Driver.Statistics.PolledWaits;
        for (int i = 0; i < 200; i++)
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.True(bench.Driver.Statistics.PolledWaits - before > 130);
    }

    [Fact]
    public void Without_a_vector_the_controller_is_polled()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 5_000_000 }, null, vectors: 0);
        Assert.True(bench.Driver.IsPolled);
        for (int i = 0; i < 10; i++)
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, (ulong)i, 1));
        Assert.Equal(0, bench.Host.Interrupts);
        Assert.Contains("polled", bench.LogText);
    }

    [Fact]
    public void Before_there_are_fibers_waiting_polls_to_the_end()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 5_000_000 });
        bench.Host.FibersRun = false;
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(0ul, bench.Driver.Statistics.BlockedWaits);
    }

    [Fact]
    public void The_interrupt_handler_only_posts()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 0 });
        BlockRequest* request = bench.Request(BlockOperation.Flush);
        bench.Driver.Submit(request);
        bench.Idle(50);
        Assert.True(bench.Driver.HasInterruptPending);
        Assert.False(BlockDevice.IsComplete(request));
        Assert.True(bench.Driver.ProcessCompletions());
        Assert.True(BlockDevice.IsComplete(request));
        Assert.False(bench.Driver.HasInterruptPending);
    }

    [Fact]
    public void An_interrupt_for_a_pair_that_does_not_exist_is_ignored()
    {
        TestBench bench = TestBench.Started();
        bench.Driver.OnInterrupt(7);
        bench.Driver.OnInterrupt(-1);
        Assert.False(bench.Driver.HasInterruptPending);
    }

    [Fact]
    public void Running_takes_no_device_memory_and_no_managed_memory()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumQueueEntries = 8 });
        BlockRequest*[] requests = new BlockRequest*[32];
        for (int i = 0; i < requests.Length; i++)
            requests[i] = bench.Request(BlockOperation.Write, (ulong)i * 8, 8);
        SubmitAll(bench, requests);
        int allocations = bench.Memory.Allocations;
        long before = GC.GetAllocatedBytesForCurrentThread() - bench.Device.AllocatedBytes;
        SubmitAll(bench, requests);
        long after = GC.GetAllocatedBytesForCurrentThread() - bench.Device.AllocatedBytes;
        Assert.Equal(allocations, bench.Memory.Allocations);
        Assert.Equal(before, after);
        Assert.True(bench.Driver.IsIdle);
        Assert.True(bench.Driver.Statistics.Queued > 0);
    }

    private static void SubmitAll(TestBench bench, BlockRequest*[] requests)
    {
        foreach (BlockRequest* request in requests)
            bench.Driver.Submit(request);
        foreach (BlockRequest* request in requests)
            bench.Driver.Wait(request);
    }
}
