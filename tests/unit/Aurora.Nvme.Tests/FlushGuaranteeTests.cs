using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>No flush may vouch for writes that a reset may have lost.</summary>
public sealed unsafe class FlushGuaranteeTests
{
    private static readonly NvmeOptions s_impatient = new()
    {
        CommandTimeoutNanoseconds = 5_000_000,
        AbortTimeoutNanoseconds = 2_000_000,
        HealthCheckNanoseconds = 500_000,
    };

    [Theory]
    [InlineData("fatal")]
    [InlineData("subsystem reset")]
    [InlineData("silent subsystem reset")]
    public void After_a_loss_the_next_flush_fails_once(string how)
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Harm(bench, how);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 1, 1));
        Assert.Equal(2, bench.Device.Enables);
        Assert.Equal(BlockStatus.MediaError, bench.Run(BlockOperation.Flush));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        Assert.Contains("flushes fail until that has been told", bench.LogText);
    }

    [Fact]
    public void Flushes_under_way_at_the_loss_fail_and_so_does_the_next()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        bench.Device.Hangs = command => command.NamespaceId == 1;
        BlockRequest* first = bench.Request(BlockOperation.Flush);
        BlockRequest* write = bench.Request(BlockOperation.Write, 1, 1);
        BlockRequest* second = bench.Request(BlockOperation.Flush);
        bench.Driver.Submit(first);
        bench.Driver.Submit(write);
        bench.Driver.Submit(second);
        bench.Idle(100);
        bench.Device.Hangs = null;
        Harm(bench, "fatal");
        Assert.Equal(BlockStatus.MediaError, bench.Driver.Wait(first));
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(write));
        Assert.Equal(BlockStatus.MediaError, bench.Driver.Wait(second));
        Assert.Equal(BlockStatus.MediaError, bench.Run(BlockOperation.Flush));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
    }

    [Fact]
    public void Nothing_unflushed_nothing_to_tell()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        Harm(bench, "fatal");
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 1, 1));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
    }

    [Fact]
    public void A_write_completed_after_a_flush_was_issued_is_not_covered_by_it()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumLatencyNanoseconds = 0 }, s_impatient);
        bench.Device.Hangs = command => command.NamespaceId == 1 && command.Opcode == (byte)IoOpcode.Flush;
        BlockRequest* flush = bench.Request(BlockOperation.Flush);
        bench.Driver.Submit(flush);
        bench.Idle(10);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        bench.Device.Unhang();
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(flush));
        Harm(bench, "fatal");
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Read, 0, 1));
        Assert.Equal(BlockStatus.MediaError, bench.Run(BlockOperation.Flush));
    }

    [Fact]
    public void A_reset_because_of_a_late_command_loses_nothing()
    {
        TestBench bench = TestBench.Started(new ModelOptions { AbortsWork = false }, s_impatient);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        bench.Device.Hangs = command => bench.Device.Enables == 1 && command.NamespaceId == 1;
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
        Assert.Equal(2, bench.Device.Enables);
    }

    [Fact]
    public void A_reset_that_meets_a_fatal_error_on_its_way_may_have_lost_the_cache()
    {
        TestBench bench = TestBench.Started(new ModelOptions { AbortsWork = false }, s_impatient);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        bench.Device.Hangs = command => bench.Device.Enables == 1 && command.NamespaceId == 1;
        bench.Device.AdminStatus = command =>
        {
            if (bench.Device.Enables == 2 && command.Opcode == (byte)AdminOpcode.SetFeatures)
                bench.Device.Die();
            return default;
        };
        Assert.Equal(BlockStatus.MediaError, bench.Run(BlockOperation.Flush));
        Assert.Equal(3, bench.Device.Enables);
    }

    [Fact]
    public void Without_a_cache_completed_writes_are_safe()
    {
        TestBench bench = TestBench.Started(new ModelOptions { HasWriteCache = false }, s_impatient);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Harm(bench, "fatal");
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 1, 1));
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Flush));
    }

    private static void Harm(TestBench bench, string how)
    {
        if (how != "fatal")
            bench.Device.ResetItself(tells: how == "subsystem reset");
        else
        {
            bench.Device.Die();
            bench.Device.Disk.LoseCache();
        }
        bench.Clock.Now += 2_000_000;
    }
}
