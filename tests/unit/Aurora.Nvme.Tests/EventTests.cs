using System;
using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>What the controller reports by itself, and the limits it states.</summary>
public sealed unsafe class EventTests
{
    private const uint HealthEvent = 0x02_02_01;
    private const uint NamespaceEvent = 0x04_00_02;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void A_health_warning_is_logged_with_its_cause_even_when_the_machine_is_idle(int requests)
    {
        TestBench bench = TestBench.Started(new ModelOptions { EventRequests = requests });
        for (int round = 1; round <= 10; round++)
        {
            bench.Device.CriticalWarning = (byte)(round == 1 ? 0x0D : 0);
            bench.Idle(10);
            Assert.True(bench.Device.RaiseEvent(HealthEvent), $"round {round}");
            Rest(bench);
            Assert.Equal(round, bench.Device.LogPagesRead.Count);
        }
        Assert.Contains("nvme: event: spare below threshold (0x020201)", bench.LogText);
        Assert.Contains("nvme: health: critical warning: spare low, reliability degraded, read-only, temperature 350 K, spare 9 %, used 97 %", bench.LogText);
        Assert.Equal(10ul, bench.Driver.Statistics.Events);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
    }

    [Fact]
    public void Events_are_asked_for_again_after_a_reset()
    {
        TestBench bench = TestBench.Started();
        bench.Device.Die();
        bench.Clock.Now += 2_000_000_000;
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        bench.Idle(10);
        Assert.True(bench.Device.RaiseEvent(HealthEvent));
        Rest(bench);
        Assert.Equal(1ul, bench.Driver.Statistics.Events);
    }

    [Fact]
    public void A_namespace_that_shrank_is_reported()
    {
        TestBench bench = TestBench.Started();
        bench.Idle(10);
        bench.Device.Options = bench.Device.Options with { LogicalBlocks = 800 };
        bench.Device.RaiseEvent(NamespaceEvent);
        Rest(bench);
        Assert.Contains("the namespace shrank from 512 to 100 blocks of 4 KiB", bench.LogText);
        Assert.Equal(NvmeState.Ready, bench.Driver.State);
        Assert.Equal([(byte)4], bench.Device.LogPagesRead);
    }

    [Fact]
    public void A_namespace_under_another_format_is_not_written_to()
    {
        TestBench bench = TestBench.Started();
        bench.Idle(10);
        bench.Device.Options = bench.Device.Options with { LogicalBlockShift = 12 };
        bench.Device.RaiseEvent(NamespaceEvent);
        Rest(bench);
        Assert.Equal(NvmeFault.IdentityChanged, bench.Driver.Fault);
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Write, 0, 1));
    }

    [Fact]
    public void A_controller_that_takes_no_event_requests_goes_without()
    {
        TestBench bench = TestBench.Started();
        bench.Device.PostRogue(0, 0x8000, 0);
        bench.Idle(10);
        bench.Device.RaiseEvent(0);
        Rest(bench);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
    }

    [Fact]
    public void A_made_up_admin_completion_is_reported_and_ignored()
    {
        TestBench bench = TestBench.Started();
        bench.Device.PostRogue(0, 0x0123, 0);
        Rest(bench);
        Assert.Equal(1ul, bench.Driver.Statistics.BadCompletions);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
    }

    [Theory]
    [InlineData(0, 0, 0u, 0ul, 8192, 268_435_455, 256)]
    [InlineData(3, 0, 0u, 0ul, 8, 268_435_455, 256)]
    [InlineData(0, 16, 800u, 0ul, 8192, 100, 16)]
    [InlineData(0, 255, 800u, 400ul, 8192, 50, 255)]
    public void Limits_of_commands_without_data_are_the_devices(byte zeroes, byte ranges, uint rangeBlocks, ulong blocks, int mostZeroes, int mostDiscard, int mostRanges)
    {
        TestBench bench = TestBench.Started(new ModelOptions { Limits = (zeroes, ranges, rangeBlocks, blocks) });
        Assert.Equal(mostZeroes, bench.Driver.Namespace.MaximumZeroBlocks);
        Assert.Equal(mostDiscard, bench.Driver.Namespace.MaximumDiscardBlocks);
        Assert.Equal(mostRanges, bench.Driver.Namespace.MaximumDiscardRanges);
    }

    /// <summary>The machine idles for some seconds; only the driver's own wishes wake it.</summary>
    private static void Rest(TestBench bench)
    {
        for (int i = 0; i < 40; i++)
        {
            ulong next = bench.Driver.NextHealthCheckNanoseconds;
            if (next == ulong.MaxValue)
                return;
            bench.Clock.Now = Math.Max(bench.Clock.Now, next);
            bench.Host.MainLoopTurn();
        }
    }
}
