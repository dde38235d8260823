using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>
/// A controller whose cache the driver switches off: each reset finds it on again, switches it off and drains it with a flush of the driver's own, which must
/// never be mixed up with users' requests, whatever becomes of the reset.
/// </summary>
public sealed unsafe class DrainTests
{
    private static readonly NvmeOptions s_options = new()
    {
        CommandTimeoutNanoseconds = 5_000_000,
        AbortTimeoutNanoseconds = 2_000_000,
        AdminTimeoutNanoseconds = 10_000_000,
        HealthCheckNanoseconds = 500_000,
        WriteCache = WriteCachePolicy.Disable,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void A_drain_that_hangs_makes_another_reset_and_no_request_is_lost(int writesBefore)
    {
        TestBench bench = TestBench.Started(null, s_options);
        bench.Device.Hangs = command => bench.Device.Enables <= 2 && command.NamespaceId == 1
            && (command.Opcode == (byte)IoOpcode.Flush || bench.Device.Enables == 1);
        BlockRequest*[] writes = new BlockRequest*[writesBefore + 1];
        for (int i = 0; i < writesBefore; i++)
            bench.Driver.Submit(writes[i] = Write(bench, i));
        bench.Driver.Reset();
        bench.Driver.Submit(writes[writesBefore] = Write(bench, writesBefore));
        foreach (BlockRequest* write in writes)
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(write));
        for (int i = 0; i <= writesBefore; i++)
            Assert.Equal(TestBench.Pattern(i, (ulong)i), bench.Block((ulong)i));
        Assert.Equal(3, bench.Device.Enables);
        Assert.True(bench.Driver.IsIdle);
    }

    [Fact]
    public void A_controller_given_up_in_a_drain_loses_the_users_requests_only()
    {
        TestBench bench = TestBench.Started(null, s_options);
        bench.Device.Hangs = command => bench.Device.Enables > 1 && command.NamespaceId == 1 && command.Opcode == (byte)IoOpcode.Flush;
        bench.Driver.Reset();
        BlockRequest* write = Write(bench, 9);
        bench.Driver.Submit(write);
        bench.SettleUntilGone();
        Assert.Equal(BlockStatus.Gone, write->Status);
        Assert.True(bench.Driver.IsIdle);
        Assert.Contains("; 1 requests lost", bench.LogText);
    }

    // Switched off once, the model's cache stays off over resets: only the driver remembers that what was in it has never been drained.
    [Fact]
    public void What_a_drain_did_not_save_is_drained_by_the_next_reset()
    {
        TestBench bench = TestBench.Started(null, s_options);
        int drains = 0;
        bench.Device.Hangs = command =>
        {
            bool isDrain = command.NamespaceId == 1 && command.Opcode == (byte)IoOpcode.Flush;
            drains += isDrain ? 1 : 0;
            return isDrain && bench.Device.Enables == 2;
        };
        bench.Driver.Reset();
        Assert.Equal(BlockStatus.Ok, bench.Run(Write(bench, 3)));
        Assert.Equal(2, drains);
    }

    private static BlockRequest* Write(TestBench bench, int block)
    {
        BlockRequest* request = bench.Request(BlockOperation.Write, (ulong)block, 1);
        TestBench.Fill(request, block);
        return request;
    }
}
