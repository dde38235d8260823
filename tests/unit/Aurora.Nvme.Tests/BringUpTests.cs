using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed unsafe class BringUpTests
{
    public static TheoryData<string, ModelOptions> Controllers => new()
    {
        { "ordinary", new ModelOptions() },
        { "wide doorbell stride", new ModelOptions { DoorbellStrideShift = 5, BarBytes = 0x10000 } },
        { "smallest queues", new ModelOptions { MaximumQueueEntries = 2 } },
        { "odd queue size", new ModelOptions { MaximumQueueEntries = 7 } },
        { "one page transfers", new ModelOptions { MaximumTransferShift = 0, LogicalBlockShift = 12, LogicalBlocks = 512 } },
        { "8-KiB transfers", new ModelOptions { MaximumTransferShift = 1 } },
        { "unbounded transfers", new ModelOptions { MaximumTransferShift = 0 } },
        { "huge MDTS", new ModelOptions { MaximumTransferShift = 255 } },
        { "4-KiB sectors", new ModelOptions { LogicalBlockShift = 12, LogicalBlocks = 512 } },
        { "short ready timeout", new ModelOptions { ReadyTimeoutUnits = 0 } },
        { "slow to ready", new ModelOptions { ReadyTimeoutUnits = 10, ReadyDelayNanoseconds = 4_900_000_000 } },
        { "found enabled", new ModelOptions { FoundEnabled = true, FoundReady = true } },
        { "found on the way to ready", new ModelOptions { FoundEnabled = true } },
        { "no optional commands", new ModelOptions { HasDatasetManagement = false, HasWriteZeroes = false } },
        { "no write cache", new ModelOptions { HasWriteCache = false } },
        { "write cache off", new ModelOptions { WriteCacheOn = false } },
        { "old version", new ModelOptions { Version = 0x0001_0000, ControllerType = 0 } },
        { "one queue pair", new ModelOptions { QueuePairs = 1 } },
    };

    [Theory]
    [MemberData(nameof(Controllers))]
    public void Every_sound_controller_comes_up_and_moves_data(string name, ModelOptions model)
    {
        Assert.NotNull(name);
        TestBench bench = TestBench.Started(model);
        Assert.Equal(NvmeState.Ready, bench.Driver.State);
        Assert.Equal(512ul, bench.Driver.BlockCount);
        Assert.Equal(1 << model.LogicalBlockShift, bench.Driver.Namespace.LogicalBlockBytes);
        Assert.Equal(model.HasWriteCache && model.WriteCacheOn, bench.Driver.HasVolatileWriteCache);
        int blocks = int.Min(5, bench.Driver.MaxBlocksPerRequest);
        BlockRequest* write = bench.Request(BlockOperation.Write, 100, blocks);
        TestBench.Fill(write, 1);
        Assert.Equal(BlockStatus.Ok, bench.Run(write));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        for (int i = 0; i < blocks; i++)
            Assert.Equal(TestBench.Pattern(1, 100 + (ulong)i), bench.Block(100 + (ulong)i, durable: true));
        Assert.Equal("SERIAL-7"u8, bench.Driver.SerialNumber);
        Assert.Contains("nvme: Model controller, serial SERIAL-7, version 1.", bench.LogText);
        Assert.Contains("nvme: ready: 512 blocks", bench.LogText);
    }

    [Theory]
    [InlineData(1, 1024, 127)]
    [InlineData(1, 4096, 127)]
    [InlineData(1, 7, 6)]
    [InlineData(1, 2, 1)]
    [InlineData(3, 64, 63 * 3)]
    public void The_depth_is_what_device_and_driver_agree_on(int pairs, int entries, int depth)
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumQueueEntries = entries }, new NvmeOptions { QueuePairs = pairs });
        Assert.Equal(pairs, bench.Driver.QueuePairCount);
        Assert.Equal(depth, bench.Driver.QueueDepth);
    }

    [Theory]
    [InlineData(7, 256, 128)]
    [InlineData(7, 16, 16)]
    [InlineData(0, 256, 256)]
    [InlineData(0, 100_000, 8192)]
    [InlineData(1, 256, 2)]
    public void Transfers_are_bounded_by_the_device_and_the_driver(byte shift, int own, int expected)
    {
        TestBench bench = TestBench.Started(
            new ModelOptions { MaximumTransferShift = shift },
            new NvmeOptions { MaximumTransferBlocks = own, QueueEntries = 4 });
        Assert.Equal(expected, bench.Driver.MaxBlocksPerRequest);
    }

    [Fact]
    public void A_controller_that_grants_fewer_queues_gets_fewer()
    {
        TestBench bench = TestBench.Started(new ModelOptions { QueuePairs = 2 }, new NvmeOptions { QueuePairs = 4 });
        Assert.Equal(2, bench.Driver.QueuePairCount);
        Assert.Equal(2, bench.Device.IoQueueCount);
    }

    [Fact]
    public void Queues_whose_doorbells_do_not_fit_are_not_created()
    {
        // With a stride of 1 KiB the register block of 8 KiB holds the doorbells of queues 0 and 1 only.
        TestBench bench = TestBench.Started(
            new ModelOptions { DoorbellStrideShift = 8, BarBytes = 0x2000 },
            new NvmeOptions { QueuePairs = 4 });
        Assert.Equal(1, bench.Driver.QueuePairCount);
    }

    [Theory]
    [InlineData(WriteCachePolicy.AsFound, true, true)]
    [InlineData(WriteCachePolicy.AsFound, false, false)]
    [InlineData(WriteCachePolicy.Disable, true, false)]
    [InlineData(WriteCachePolicy.Disable, false, false)]
    [InlineData(WriteCachePolicy.Enable, false, true)]
    public void The_write_cache_is_as_asked(WriteCachePolicy policy, bool found, bool expected)
    {
        TestBench bench = TestBench.Started(new ModelOptions { WriteCacheOn = found }, new NvmeOptions { WriteCache = policy });
        Assert.Equal(expected, bench.Driver.HasVolatileWriteCache);
        Assert.Equal(expected, bench.Device.Disk.CacheOn);
    }

    [Fact]
    public void Switching_the_cache_off_drains_what_an_earlier_life_left_in_it()
    {
        var bench = new TestBench(null, new NvmeOptions { WriteCache = WriteCachePolicy.Disable });
        bench.Device.Disk.Current(8, 8).Fill(0x5A);
        Assert.Equal(NvmeFault.None, bench.Driver.Start());
        Assert.All(bench.Block(1, durable: true), value => Assert.Equal(0x5A, value));
    }

    [Fact]
    public void A_cache_that_cannot_be_switched_off_is_reported_as_it_is()
    {
        var bench = new TestBench(null, new NvmeOptions { WriteCache = WriteCachePolicy.Disable });
        bench.Device.AdminStatus = command => command is { Opcode: 9, Dword10: 6 } ? new NvmeStatus(StatusCodeType.CommandSpecific, 0x0E) : default;
        Assert.Equal(NvmeFault.None, bench.Driver.Start());
        Assert.True(bench.Driver.HasVolatileWriteCache);
        Assert.Contains("feature not changeable (0x10e)", bench.LogText);
    }

    [Fact]
    public void A_cache_whose_state_cannot_be_read_is_taken_to_be_on()
    {
        var bench = new TestBench(new ModelOptions { WriteCacheOn = false });
        bench.Device.AdminStatus = command => command.Opcode == 10 ? new NvmeStatus(StatusCodeType.Generic, 0x02) : default;
        Assert.Equal(NvmeFault.None, bench.Driver.Start());
        Assert.True(bench.Driver.HasVolatileWriteCache);
    }
}
