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

    // Most polls are in vain, the first ones and then one each two milliseconds; one that is not by chance has two more tried.
    [Fact]
    public void A_device_too_slow_for_polling_is_rarely_polled_until_it_is_quick_again()
    {
        TestBench bench = Polling();
        ulong start = bench.Clock.Now;
        WriteSlowly(bench, 1, 200);
        Assert.InRange(bench.Driver.Statistics.MissedPolls, 2ul, 2 + (2 * (bench.Clock.Now - start) / 2_000_000));
        bench.Clock.Now += 2_000_000;
        Assert.Equal(0ul, BlockedOf(bench, () => WriteQuickly(bench, 20)));
    }

    /// <summary>A few waits, each long after the one before: that polling pays again is seen by the first.</summary>
    [Fact]
    public void Rare_waits_notice_a_quick_device_as_soon_as_many()
    {
        TestBench bench = Polling();
        WriteSlowly(bench, 1, 3);
        bench.Clock.Now += 10_000_000;
        Assert.Equal(0ul, BlockedOf(bench, () => WriteQuickly(bench, 3)));
    }

    [Fact]
    public void Waits_for_large_requests_neither_poll_nor_count()
    {
        TestBench bench = Polling();
        WriteSlowly(bench, 64, 5);
        Assert.Equal(0ul, bench.Driver.Statistics.MissedPolls);
        Assert.Equal(0ul, BlockedOf(bench, () => WriteQuickly(bench, 20)));
    }

    [Fact]
    public void The_flush_of_much_neither_polls_nor_counts()
    {
        TestBench bench = Polling();
        for (int i = 0; i < 3; i++)
        {
            WriteSlowly(bench, 64, 1);
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        }
        Assert.Equal(0ul, bench.Driver.Statistics.MissedPolls);
        bench.Host.PauseNanoseconds = 100;
        Assert.Equal(0ul, BlockedOf(bench, () => bench.Run(BlockOperation.Flush)));
    }

    [Fact]
    public void A_small_request_behind_large_ones_neither_polls_nor_counts()
    {
        TestBench bench = Polling();
        bench.Host.PauseNanoseconds = 30_000;
        for (int i = 0; i < 3; i++)
        {
            BlockRequest* large = bench.Request(BlockOperation.Write, 0, 64);
            bench.Driver.Submit(large);
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 100, 1));
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(large));
            bench.Free(large);
        }
        Assert.Equal(0ul, bench.Driver.Statistics.MissedPolls);
        Assert.Equal(0ul, BlockedOf(bench, () => WriteQuickly(bench, 20)));
    }

    [Fact]
    public void A_device_that_is_slow_to_flush_is_polled_for_writes()
    {
        TestBench bench = Polling();
        for (int i = 0; i < 30; i++)
        {
            Assert.Equal(0ul, BlockedOf(bench, () => WriteQuickly(bench, 1)));
            bench.Host.PauseNanoseconds = 30_000;
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        }
        Assert.InRange(bench.Driver.Statistics.MissedPolls, 2ul, 6ul);
    }

    [Fact]
    public void What_is_complete_before_it_is_waited_for_says_nothing()
    {
        TestBench bench = Polling();
        for (int i = 0; i < 10; i++)
        {
            WriteSlowly(bench, 1, 1);
            BlockRequest* request = bench.Request(BlockOperation.Write, 0, 1);
            bench.Driver.Submit(request);
            bench.Idle(2);
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(request));
            bench.Free(request);
        }
        Assert.InRange(bench.Driver.Statistics.MissedPolls, 2ul, 3ul);
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

    private static TestBench Polling()
        => TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 0 }, new NvmeOptions { PollNanoseconds = 20_000 });

    private static void WriteSlowly(TestBench bench, int blocks, int count)
    {
        bench.Host.PauseNanoseconds = 30_000;
        for (int i = 0; i < count; i++)
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, blocks));
    }

    private static void WriteQuickly(TestBench bench, int count)
    {
        bench.Host.PauseNanoseconds = 100;
        for (int i = 0; i < count; i++)
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
    }

    private static ulong BlockedOf(TestBench bench, Action action)
    {
        ulong before = bench.Driver.Statistics.BlockedWaits;
        action();
        return bench.Driver.Statistics.BlockedWaits - before;
    }

    private static void SubmitAll(TestBench bench, BlockRequest*[] requests)
    {
        foreach (BlockRequest* request in requests)
            bench.Driver.Submit(request);
        foreach (BlockRequest* request in requests)
            bench.Driver.Wait(request);
    }
}
