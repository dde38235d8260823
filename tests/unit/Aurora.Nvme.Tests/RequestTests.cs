using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Aurora.Testing;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed unsafe class RequestTests
{
    [Theory]
    [InlineData(9, 4096ul)]
    [InlineData(12, 512ul)]
    public void What_is_written_is_read_back_at_every_transfer_size(int shift, ulong sectors)
    {
        TestBench bench = TestBench.Started(new ModelOptions { LogicalBlockShift = shift, LogicalBlocks = sectors });
        for (int blocks = 1; blocks <= bench.Driver.MaxBlocksPerRequest; blocks = blocks < 4 ? blocks + 1 : blocks * 2)
        {
            BlockRequest* write = bench.Request(BlockOperation.Write, 17, blocks);
            TestBench.Fill(write, blocks);
            Assert.Equal(BlockStatus.Ok, bench.Run(write));
            BlockRequest* read = bench.Request(BlockOperation.Read, 17, blocks);
            Assert.Equal(BlockStatus.Ok, bench.Run(read));
            for (int i = 0; i < blocks; i++)
                Assert.Equal(TestBench.Pattern(blocks, 17 + (ulong)i), new System.ReadOnlySpan<byte>(read->Pages[i], 4096).ToArray());
            bench.Free(write);
            bench.Free(read);
        }
        Assert.Equal(bench.Driver.MaxBlocksPerRequest * 4096, bench.Device.LargestTransferBytes);
    }

    [Fact]
    public void Chained_PRP_lists_work_when_the_device_takes_them()
    {
        TestBench bench = TestBench.Started(
            new ModelOptions { MaximumTransferShift = 0, LogicalBlocks = 32768 },
            new NvmeOptions { MaximumTransferBlocks = 1200, QueueEntries = 3 });
        BlockRequest* write = bench.Request(BlockOperation.Write, 5, 1200);
        TestBench.Fill(write, 3);
        Assert.Equal(BlockStatus.Ok, bench.Run(write));
        Assert.Equal(TestBench.Pattern(3, 5 + 1199), bench.Block(5 + 1199));
    }

    [Fact]
    public void The_last_block_of_an_odd_sized_namespace_is_the_last_whole_one()
    {
        TestBench bench = TestBench.Started(new ModelOptions { LogicalBlocks = 8 * 10 + 7 });
        Assert.Equal(10ul, bench.Driver.BlockCount);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 9, 1));
        Assert.Equal(BlockStatus.OutOfRange, bench.Run(BlockOperation.Write, 9, 2));
    }

    [Theory]
    [InlineData(BlockOperation.Read, 512ul, 1)]
    [InlineData(BlockOperation.Read, 511ul, 2)]
    [InlineData(BlockOperation.Write, ulong.MaxValue, 2)]
    [InlineData(BlockOperation.Write, 0ul, 0)]
    [InlineData(BlockOperation.Read, 0ul, 129)]
    [InlineData(BlockOperation.Discard, 500ul, 13)]
    [InlineData(BlockOperation.WriteZeroes, 0ul, -1)]
    public void Requests_outside_the_device_are_refused_without_a_command(BlockOperation operation, ulong start, int blocks)
    {
        TestBench bench = TestBench.Started();
        BlockRequest* request = bench.Request(operation, start, int.Max(blocks, 0));
        request->BlockCount = blocks;
        Assert.Equal(BlockStatus.OutOfRange, bench.Run(request));
        Assert.Equal(0ul, bench.Driver.Statistics.Commands);
    }

    [Fact]
    public void Unusable_pages_are_refused()
    {
        TestBench bench = TestBench.Started();
        BlockRequest* request = bench.Request(BlockOperation.Write, 0, 2);
        request->Pages[1] = (byte*)request->Pages[1] + 8;
        Assert.Equal(BlockStatus.OutOfRange, bench.Run(request));
        request->Pages[1] = null;
        Assert.Equal(BlockStatus.OutOfRange, bench.Run(request));
        request->Pages = null;
        Assert.Equal(BlockStatus.OutOfRange, bench.Run(request));
    }

    [Fact]
    public void Discard_and_write_zeroes_work_where_the_device_has_them()
    {
        TestBench bench = TestBench.Started();
        BlockRequest* write = bench.Request(BlockOperation.Write, 0, 100);
        TestBench.Fill(write, 1);
        bench.Run(write);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.WriteZeroes, 10, 20));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Discard, 50, 10));
        Assert.Equal(TestBench.Pattern(1, 9), bench.Block(9));
        Assert.All(bench.Block(10), value => Assert.Equal(0, value));
        Assert.All(bench.Block(29), value => Assert.Equal(0, value));
        Assert.Equal(TestBench.Pattern(1, 30), bench.Block(30));
        Assert.Equal(TestBench.Pattern(1, 49), bench.Block(49));
        Assert.NotEqual(TestBench.Pattern(1, 50), bench.Block(50));
        Assert.Equal(TestBench.Pattern(1, 60), bench.Block(60));
    }

    [Fact]
    public void Commands_that_move_no_data_are_not_bound_by_the_transfer_limit()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumTransferShift = 1 });
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.WriteZeroes, 0, 512));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Discard, 0, 512));
        Assert.Equal(1, bench.Device.Executed[IoOpcode.WriteZeroes]);
    }

    [Fact]
    public void Optional_commands_the_device_lacks_are_unsupported()
    {
        TestBench bench = TestBench.Started(new ModelOptions { HasDatasetManagement = false, HasWriteZeroes = false });
        Assert.Equal(BlockStatus.Unsupported, bench.Run(BlockOperation.Discard, 0, 1));
        Assert.Equal(BlockStatus.Unsupported, bench.Run(BlockOperation.WriteZeroes, 0, 1));
        Assert.Equal(BlockStatus.Unsupported, bench.Run((BlockOperation)99, 0, 1));
    }

    [Fact]
    public void A_flush_makes_completed_writes_durable_and_nothing_else_does()
    {
        TestBench bench = TestBench.Started();
        BlockRequest* write = bench.Request(BlockOperation.Write, 3, 1);
        TestBench.Fill(write, 1);
        bench.Run(write);
        bench.Idle(1000);
        Assert.NotEqual(TestBench.Pattern(1, 3), bench.Block(3, durable: true));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        Assert.Equal(TestBench.Pattern(1, 3), bench.Block(3, durable: true));
    }

    [Fact]
    public void Without_a_volatile_cache_a_flush_costs_no_command()
    {
        TestBench bench = TestBench.Started(new ModelOptions { HasWriteCache = false });
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        Assert.Equal(0ul, bench.Driver.Statistics.Commands);
        Assert.Equal(1ul, bench.Driver.Statistics.FreeFlushes);
    }

    [Fact]
    public void A_batch_rings_the_doorbell_once()
    {
        TestBench bench = TestBench.Started();
        BlockRequest*[] requests = new BlockRequest*[20];
        bench.Driver.BeginBatch();
        bench.Driver.BeginBatch();
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i] = bench.Request(BlockOperation.Write, (ulong)i, 1);
            bench.Driver.Submit(requests[i]);
        }
        bench.Driver.EndBatch();
        Assert.Equal(0ul, bench.Driver.Statistics.SubmissionDoorbells);
        bench.Idle(100);
        Assert.Equal(0, bench.Device.OutstandingIo);
        bench.Driver.EndBatch();
        Assert.Equal(1ul, bench.Driver.Statistics.SubmissionDoorbells);
        foreach (BlockRequest* request in requests)
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(request));
        Assert.True(bench.Driver.Statistics.CompletionDoorbells < 20);
    }

    [Fact]
    public void Completions_that_arrive_together_cost_one_doorbell_write()
    {
        TestBench bench = TestBench.Started();
        BlockRequest*[] requests = new BlockRequest*[10];
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i] = bench.Request(BlockOperation.Write, (ulong)i, 1);
            bench.Driver.Submit(requests[i]);
        }
        bench.Idle(500);
        Assert.True(bench.Driver.ProcessCompletions());
        Assert.False(bench.Driver.ProcessCompletions());
        Assert.Equal(1ul, bench.Driver.Statistics.CompletionDoorbells);
        Assert.True(bench.Driver.IsIdle);
    }

    [Fact]
    public void Waiting_inside_a_batch_panics()
    {
        TestBench bench = TestBench.Started();
        BlockRequest* request = bench.Request(BlockOperation.Flush);
        bench.Driver.BeginBatch();
        bench.Driver.Submit(request);
        Assert.Throws<PanicException>(() => bench.Driver.Wait(request));
        bench.Driver.EndBatch();
        Assert.Throws<PanicException>(bench.Driver.EndBatch);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(16)]
    public void Requests_beyond_the_queue_wait_their_turn_and_queues_wrap(int entries)
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumQueueEntries = entries, Seed = entries });
        const int Count = 700;
        BlockRequest*[] requests = new BlockRequest*[Count];
        for (int i = 0; i < Count; i++)
        {
            requests[i] = bench.Request(BlockOperation.Write, (ulong)(i % 512), 1);
            if (i >= 512)
                Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(requests[i - 512]));
            TestBench.Fill(requests[i], i);
            bench.Driver.Submit(requests[i]);
        }
        for (int i = 0; i < Count; i++)
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(requests[i]));
        for (int i = Count - 512; i < Count; i++)
            Assert.Equal(TestBench.Pattern(i, (ulong)(i % 512)), bench.Block((ulong)(i % 512)));
        Assert.True(bench.Driver.Statistics.Queued > 0);
        Assert.Equal(entries - 1, bench.Driver.Statistics.MostInFlight);
        Assert.True(bench.Driver.IsIdle);
    }

    [Fact]
    public void Each_processor_uses_its_own_queue_pair()
    {
        TestBench bench = TestBench.Started(null, new NvmeOptions { QueuePairs = 2 });
        var request = new BlockRequest*[2];
        for (int cpu = 0; cpu < 2; cpu++)
        {
            bench.Host.Processor = cpu;
            request[cpu] = bench.Request(BlockOperation.Write, (ulong)cpu, 1);
            bench.Driver.Submit(request[cpu]);
        }
        Assert.Equal(1, bench.Device.SubmissionQueue(1).Tail);
        Assert.Equal(1, bench.Device.SubmissionQueue(2).Tail);
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(request[0]));
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(request[1]));
    }
}
