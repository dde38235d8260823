using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed unsafe class FailureTests
{
    private static readonly NvmeOptions s_impatient = new() { CommandTimeoutNanoseconds = 5_000_000, HealthCheckNanoseconds = 500_000 };

    [Theory]
    [InlineData(StatusCodeType.MediaAndDataIntegrity, 0x81, BlockStatus.MediaError, "unrecovered read error (0x281)")]
    [InlineData(StatusCodeType.Generic, 0x06, BlockStatus.DeviceError, "internal error (0x006)")]
    [InlineData(StatusCodeType.Generic, 0x80, BlockStatus.OutOfRange, "LBA out of range (0x080)")]
    [InlineData(StatusCodeType.Generic, 0x01, BlockStatus.Unsupported, "invalid command opcode (0x001)")]
    [InlineData(StatusCodeType.VendorSpecific, 0xC0, BlockStatus.DeviceError, "vendor specific status (0x7c0)")]
    public void A_failed_command_surfaces_with_its_code_and_its_name(StatusCodeType type, byte code, BlockStatus expected, string text)
    {
        TestBench bench = TestBench.Started();
        bench.Device.IoStatus = _ => new NvmeStatus(type, code);
        BlockRequest* read = bench.Request(BlockOperation.Read, 40, 2);
        Assert.Equal(expected, bench.Run(read));
        Assert.Equal((int)type << 8 | code, read->DeviceStatus);
        Assert.Contains($"read of block 40+2 failed: {text}", bench.LogText);
        bench.Device.IoStatus = null;
        Assert.Equal(BlockStatus.Ok, bench.Run(read));
        Assert.Equal(0, read->DeviceStatus);
        Assert.Equal(1ul, bench.Driver.Statistics.Errors);
    }

    [Theory]
    [InlineData(BlockOperation.Read, 4)]
    [InlineData(BlockOperation.Write, 4)]
    [InlineData(BlockOperation.Flush, 1)]
    public void A_failure_that_may_pass_is_tried_again_but_never_a_flush(BlockOperation operation, int tries)
    {
        TestBench bench = TestBench.Started();
        int failures = 3;
        bench.Device.IoStatus = _ => failures-- > 0 ? new NvmeStatus(StatusCodeType.MediaAndDataIntegrity, 0x80) : default;
        BlockStatus expected = operation == BlockOperation.Flush ? BlockStatus.MediaError : BlockStatus.Ok;
        Assert.Equal(expected, bench.Run(operation, 0, operation == BlockOperation.Flush ? 0 : 1));
        Assert.Equal(tries, bench.Device.Executed.Values.Sum());
    }

    [Fact]
    public void A_failure_that_will_not_pass_is_not_tried_again()
    {
        TestBench bench = TestBench.Started();
        bench.Device.IoStatus = _ => new NvmeStatus((ushort)(0x4000 | 0x280));
        Assert.Equal(BlockStatus.MediaError, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(1, bench.Device.Executed[IoOpcode.Write]);
    }

    [Fact]
    public void Only_the_command_that_failed_fails()
    {
        TestBench bench = TestBench.Started();
        bench.Device.IoStatus = command => command.Dword10 == 8 * 5 ? new NvmeStatus(StatusCodeType.MediaAndDataIntegrity, 0x80) : default;
        var requests = new BlockRequest*[20];
        for (int i = 0; i < 20; i++)
        {
            requests[i] = bench.Request(BlockOperation.Write, (ulong)i, 1);
            bench.Driver.Submit(requests[i]);
        }
        for (int i = 0; i < 20; i++)
            Assert.Equal(i == 5 ? BlockStatus.MediaError : BlockStatus.Ok, bench.Driver.Wait(requests[i]));
    }

    [Fact]
    public void A_flood_of_errors_does_not_flood_the_log()
    {
        TestBench bench = TestBench.Started();
        bench.Device.IoStatus = _ => new NvmeStatus(StatusCodeType.Generic, 0x06);
        BlockRequest* read = bench.Request(BlockOperation.Read, 0, 1);
        for (int i = 0; i < 1100; i++)
            bench.Run(read);
        Assert.InRange(bench.LogText.Split('\n').Length, 64, 150);
    }

    [Theory]
    [InlineData(0x0005, 1)]
    [InlineData(0xFFFF, 1)]
    [InlineData(0x0100, 2)]
    public void A_completion_for_no_command_is_reported_and_ignored(int commandId, int submissionQueue)
    {
        TestBench bench = TestBench.Started();
        bench.Device.PostRogue(1, (ushort)commandId, submissionQueue);
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(1ul, bench.Driver.Statistics.BadCompletions);
        Assert.Contains("ignored a completion that names no outstanding command", bench.LogText);
    }

    [Fact]
    public void A_command_completed_twice_completes_once()
    {
        TestBench bench = TestBench.Started();
        ushort id = 0;
        bench.Device.IoStatus = command =>
        {
            id = command.CommandId;
            return default;
        };
        BlockRequest* first = bench.Request(BlockOperation.Write, 0, 1);
        bench.Run(first);
        bench.Device.Hangs = _ => true;
        BlockRequest* second = bench.Request(BlockOperation.Write, 1, 1);
        bench.Driver.Submit(second);
        bench.Idle(100);
        bench.Device.PostRogue(1, id, 1);
        bench.Driver.ProcessCompletions();
        Assert.False(BlockDevice.IsComplete(second));
        Assert.Equal(1ul, bench.Driver.Statistics.BadCompletions);
    }

    [Fact]
    public void A_command_that_completed_unnoticed_is_not_late()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        BlockRequest* request = bench.Request(BlockOperation.Write, 0, 1);
        bench.Driver.Submit(request);
        bench.Idle(20_000);
        bench.Driver.CheckHealth(bench.Clock.Now);
        Assert.Equal(BlockStatus.Ok, request->Status);
        Assert.Equal(NvmeState.Ready, bench.Driver.State);
    }

    [Fact]
    public void A_removed_device_loses_every_outstanding_request_and_says_so()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumQueueEntries = 4 });
        List<nint> requests = SubmitHanging(bench, 10);
        bench.Device.Remove();
        foreach (nint request in requests)
            Assert.Equal(BlockStatus.Gone, bench.Driver.Wait((BlockRequest*)request));
        Assert.Equal(NvmeFault.Removed, bench.Driver.Fault);
        Assert.Equal(ulong.MaxValue, bench.Driver.NextHealthCheckNanoseconds);
    }

    [Fact]
    public void What_completed_before_the_end_is_still_reported_as_done()
    {
        TestBench bench = TestBench.Started();
        BlockRequest* done = bench.Request(BlockOperation.Write, 0, 1);
        bench.Driver.Submit(done);
        bench.Idle(200);
        bench.Device.Options = bench.Device.Options with { NeverStops = true };
        bench.Device.Die();
        bench.Clock.Now += 200_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        bench.SettleUntilGone();
        Assert.Equal(BlockStatus.Ok, done->Status);
        Assert.Equal(NvmeState.Gone, bench.Driver.State);
        Assert.True(bench.Host.DmaStopped);
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Flush));
    }

    [Fact]
    public void An_open_batch_survives_the_death_of_the_controller()
    {
        TestBench bench = TestBench.Started();
        BlockRequest* request = bench.Request(BlockOperation.Write, 0, 1);
        bench.Driver.BeginBatch();
        bench.Driver.Submit(request);
        bench.Device.Remove();
        bench.Clock.Now += 200_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        bench.Driver.EndBatch();
        Assert.Equal(BlockStatus.Gone, bench.Driver.Wait(request));
    }

    [Fact]
    public void The_memory_of_a_dead_controller_can_be_given_back()
    {
        TestBench bench = TestBench.Started();
        bench.Device.Remove();
        bench.Clock.Now += 200_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        bench.Driver.Release();
        Assert.Equal(0, bench.Memory.PagesOutstanding);
    }

    private static List<nint> SubmitHanging(TestBench bench, int count)
    {
        bench.Device.Hangs = _ => true;
        var requests = new List<nint>();
        for (int i = 0; i < count; i++)
        {
            BlockRequest* request = bench.Request(BlockOperation.Write, (ulong)i, 1);
            bench.Driver.Submit(request);
            requests.Add((nint)request);
        }
        bench.Idle(100);
        return requests;
    }
}
