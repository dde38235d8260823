using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>Aborts and resets: what users of the device notice of them, which is a delay, until there is no help.</summary>
public sealed unsafe class RecoveryTests
{
    private static readonly NvmeOptions s_impatient = Impatient();

    private static NvmeOptions Impatient(ulong abortNanoseconds = 2_000_000, int pairs = 1, WriteCachePolicy cache = WriteCachePolicy.AsFound) => new()
    {
        CommandTimeoutNanoseconds = 5_000_000,
        AbortTimeoutNanoseconds = abortNanoseconds,
        AdminTimeoutNanoseconds = 10_000_000,
        HealthCheckNanoseconds = 500_000,
        QueuePairs = pairs,
        WriteCache = cache,
    };

    [Fact]
    public void A_late_command_is_aborted_and_issued_again()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        bool first = true;
        bench.Device.Hangs = command => command.Opcode == (byte)IoOpcode.Write && first && !(first = false);
        BlockRequest* write = bench.Request(BlockOperation.Write, 3, 2);
        TestBench.Fill(write, 7);
        Assert.Equal(BlockStatus.Ok, bench.Run(write));
        Assert.Equal(TestBench.Pattern(7, 4), bench.Block(4));
        Assert.Equal(1, bench.Device.Aborts);
        Assert.Equal(1, bench.Device.Enables);
        Assert.Contains("write of block 3+2 is late; aborting it", bench.LogText);
    }

    [Fact]
    public void Many_late_commands_are_aborted_one_after_the_other()
    {
        TestBench bench = TestBench.Started(null, Impatient(abortNanoseconds: 50_000_000));
        List<nint> requests = SubmitHanging(bench, 20);
        bench.Device.Hangs = null;
        foreach (nint request in requests)
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait((BlockRequest*)request));
        Assert.Equal(20, bench.Device.Aborts);
        Assert.Equal(1, bench.Device.Enables);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_late_command_that_completes_after_all_needs_no_reset(bool abortsWork)
    {
        TestBench bench = TestBench.Started(new ModelOptions { AbortsWork = abortsWork }, s_impatient);
        bench.Device.AdminStatus = command =>
        {
            if (command.Opcode == (byte)AdminOpcode.Abort)
                bench.Device.Unhang();
            return default;
        };
        bench.Device.Hangs = command => command.Opcode == (byte)IoOpcode.Read;
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Read, 0, 1));
        Assert.Equal(1, bench.Device.Enables);
        Assert.Equal(NvmeState.Ready, bench.Driver.State);
    }

    [Theory]
    [InlineData("the abort says no")]
    [InlineData("the abort fails")]
    [InlineData("the abort hangs")]
    [InlineData("the command hangs every time")]
    public void What_an_abort_does_not_help_a_reset_does(string how)
    {
        TestBench bench = TestBench.Started(new ModelOptions { AbortsWork = how == "the command hangs every time" }, s_impatient);
        bool isAbort(SubmissionEntry command) => command.Opcode == (byte)AdminOpcode.Abort && command.NamespaceId == 0;
        bench.Device.Hangs = command => bench.Device.Enables == 1 && (command.NamespaceId == 1 || (how == "the abort hangs" && isAbort(command)));
        if (how == "the abort fails")
            bench.Device.AdminStatus = command => isAbort(command) ? new NvmeStatus(StatusCodeType.CommandSpecific, 0x03) : default;
        BlockRequest* write = bench.Request(BlockOperation.Write, 9, 1);
        TestBench.Fill(write, 1);
        Assert.Equal(BlockStatus.Ok, bench.Run(write));
        Assert.Equal(TestBench.Pattern(1, 9), bench.Block(9));
        Assert.Equal(2, bench.Device.Enables);
        Assert.Equal(NvmeFault.None, bench.Driver.Fault);
        Assert.Contains("ready again after", bench.LogText);
    }

    [Fact]
    public void An_operation_that_hangs_for_ever_ends_in_a_controller_that_is_given_up()
    {
        TestBench bench = TestBench.Started(new ModelOptions { AbortsWork = false }, s_impatient);
        bench.Device.Hangs = IsWrite;
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(1 + NvmeOptions.Resets, bench.Device.Enables);
        Assert.Equal(NvmeFault.CommandTimeout, bench.Driver.Fault);
        Assert.True(bench.Driver.HasFailed);
        Assert.True(bench.Host.DmaStopped);
        Assert.Contains("gone: an I/O command timed out; 1 requests lost, 3 resets tried", bench.LogText);
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Read, 0, 1));
    }

    [Fact]
    public void Resets_far_apart_are_not_held_against_the_controller()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        for (int i = 0; i < 10; i++)
        {
            bench.Device.Die();
            Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
            bench.Clock.Now += s_impatient.ResetWindowNanoseconds / 2;
        }
        Assert.Equal(11, bench.Device.Enables);
    }

    [Fact]
    public void Everything_outstanding_is_issued_again_in_order_and_later_requests_behind_it()
    {
        TestBench bench = TestBench.Started(new ModelOptions { MaximumQueueEntries = 8 }, s_impatient);
        List<nint> requests = SubmitHanging(bench, 20);
        var order = new List<uint>();
        bench.Device.Die();
        bench.Clock.Now += 1_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        Assert.Equal(NvmeState.Resetting, bench.Driver.State);
        bench.Device.Hangs = command =>
        {
            if (command.NamespaceId == 1 && command.Opcode == (byte)IoOpcode.Write)
                order.Add(command.Dword10 / 8);
            return false;
        };
        BlockRequest* later = bench.Request(BlockOperation.Write, 20, 1);
        bench.Driver.Submit(later);
        requests.Add((nint)later);
        Assert.False(bench.Driver.IsIdle);
        foreach (nint request in requests)
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait((BlockRequest*)request));
        Assert.Equal(Enumerable.Range(0, 21).Select(i => (uint)i), order);
        Assert.Contains("7 requests are issued again", bench.LogText);
    }

    [Fact]
    public void Nobody_is_told_that_memory_is_free_before_the_controller_has_stopped()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        List<nint> requests = SubmitHanging(bench, 3);
        bool allPending = false;
        bench.Device.Stopping = () => allPending = requests.All(request => !BlockDevice.IsComplete((BlockRequest*)request));
        bench.Device.Die();
        bench.Clock.Now += 1_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        bench.Device.Hangs = null;
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait((BlockRequest*)requests[0]));
        Assert.True(allPending);
    }

    [Fact]
    public void A_reset_takes_no_memory()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        BlockRequest* write = bench.Request(BlockOperation.Write, 0, 8);
        bench.Device.Die();
        bench.Run(write);
        int allocations = bench.Memory.Allocations;
        bench.Device.Die();
        long before = GC.GetAllocatedBytesForCurrentThread() - bench.Device.AllocatedBytes;
        bench.Clock.Now += 1_000_000;
        Assert.Equal(BlockStatus.Ok, bench.Run(write));
        long after = GC.GetAllocatedBytesForCurrentThread() - bench.Device.AllocatedBytes;
        Assert.Equal(3, bench.Device.Enables);
        Assert.Equal(allocations, bench.Memory.Allocations);

        // The log lines are kept by the test itself.
        Assert.InRange(after - before, 0, 2_000);
    }

    [Fact]
    public void Each_pair_keeps_its_vector_and_its_requests()
    {
        TestBench bench = TestBench.Started(null, Impatient(pairs: 3));
        var requests = new List<nint>();
        bench.Device.Hangs = IsWrite;
        for (int i = 0; i < 9; i++)
        {
            bench.Host.Processor = i % 3;
            BlockRequest* request = bench.Request(BlockOperation.Write, (ulong)i, 1);
            bench.Driver.Submit(request);
            requests.Add((nint)request);
        }
        bench.Idle(100);
        bench.Device.Hangs = null;
        bench.Device.Die();
        foreach (nint request in requests)
            Assert.Equal(BlockStatus.Ok, bench.Driver.Wait((BlockRequest*)request));
        Assert.Equal(3, bench.Device.IoQueueCount);
        Assert.True(bench.Host.Interrupts > 0);
    }

    public static TheoryData<string, ModelOptions> Strangers => new()
    {
        { "another serial number", new ModelOptions { SerialNumber = "SERIAL-8" } },
        { "a smaller namespace", new ModelOptions { LogicalBlocks = 4088 } },
        { "another format", new ModelOptions { LogicalBlockShift = 12 } },
        { "metadata", new ModelOptions { MetadataBytes = 8 } },
        { "smaller transfers", new ModelOptions { MaximumTransferShift = 1 } },
        { "other capabilities", new ModelOptions { DoorbellStrideShift = 1 } },
        { "no queues", new ModelOptions { QueuePairs = 1 } },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public void After_a_reset_a_stranger_is_refused_by_name(string what, ModelOptions stranger)
    {
        TestBench bench = TestBench.Started(null, Impatient(pairs: 2));
        bench.Device.Options = stranger;
        bench.Device.Die();
        byte[] before = bench.Block(0);
        Assert.True(bench.Run(BlockOperation.Write, 0, 1) == BlockStatus.Gone, what);
        Assert.True(bench.Driver.Fault is NvmeFault.IdentityChanged or NvmeFault.MetadataFormat, what);
        bench.SettleUntilGone();
        Assert.Contains("nvme: gone: ", bench.LogText);
        Assert.Equal(2, bench.Device.Enables + (what == "other capabilities" ? 1 : 0));
        Assert.Equal(before, bench.Block(0));
    }

    [Fact]
    public void A_namespace_that_grew_is_used_as_before()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        bench.Device.Options = new ModelOptions { LogicalBlocks = 8192 };
        bench.Device.Die();
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(512ul, bench.Driver.BlockCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reset_that_never_ends_is_given_up_and_cut_off(bool stops)
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        bench.Host.PauseNanoseconds = 100_000;
        List<nint> requests = SubmitHanging(bench, 3);
        bench.Device.Options = stops ? new ModelOptions { NeverReady = true } : new ModelOptions { NeverStops = true };
        bench.Device.Die();
        foreach (nint request in requests)
            Assert.Equal(BlockStatus.Gone, bench.Driver.Wait((BlockRequest*)request));
        bench.SettleUntilGone();
        Assert.Equal(NvmeFault.ReadyTimeout, bench.Driver.Fault);
        Assert.True(bench.Host.DmaStopped);
        Assert.Contains("3 requests lost, 3 resets tried; cut off from memory", bench.LogText);
    }

    [Fact]
    public void A_reset_that_fails_once_is_tried_again()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        int failures = 1;
        bench.Device.AdminStatus = command => command.Opcode == (byte)AdminOpcode.CreateCompletionQueue && failures-- > 0
            ? new NvmeStatus(StatusCodeType.Generic, 0x06) : default;
        bench.Device.Die();
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(3, bench.Device.Enables);
        Assert.Contains("failed in state 'create completion queues': an admin command failed: internal error (0x006)", bench.LogText);
    }

    [Fact]
    public void A_removal_in_the_middle_of_a_reset_ends_it()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        List<nint> requests = SubmitHanging(bench, 3);
        bench.Device.Die();
        bench.Clock.Now += 1_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        bench.Device.Remove();
        foreach (nint request in requests)
            Assert.Equal(BlockStatus.Gone, bench.Driver.Wait((BlockRequest*)request));
        Assert.Equal(NvmeFault.Removed, bench.Driver.Fault);
    }

    [Fact]
    public void A_cache_that_was_switched_off_is_switched_off_again()
    {
        TestBench bench = TestBench.Started(null, Impatient(cache: WriteCachePolicy.Disable));
        bench.Device.Die();
        Assert.Equal(BlockStatus.Ok, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(2, bench.Device.Enables);
        Assert.False(bench.Device.Disk.CacheOn);
    }

    [Fact]
    public void A_cache_that_comes_back_and_stays_is_refused()
    {
        TestBench bench = TestBench.Started(null, Impatient(cache: WriteCachePolicy.Disable));
        bench.Device.AdminStatus = command => command is { Opcode: 9, Dword10: 6 } ? new NvmeStatus(StatusCodeType.CommandSpecific, 0x0E) : default;
        bench.Device.Die();
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Write, 0, 1));
        Assert.Equal(NvmeFault.IdentityChanged, bench.Driver.Fault);
    }

    [Fact]
    public void An_open_batch_survives_a_reset()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        BlockRequest* first = bench.Request(BlockOperation.Write, 0, 1);
        BlockRequest* second = bench.Request(BlockOperation.Write, 1, 1);
        bench.Driver.BeginBatch();
        bench.Driver.Submit(first);
        bench.Device.Die();
        bench.Clock.Now += 200_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        bench.Driver.Submit(second);
        bench.Driver.EndBatch();
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(first));
        Assert.Equal(BlockStatus.Ok, bench.Driver.Wait(second));
    }

    [Fact]
    public void A_shutdown_waits_for_the_end_of_a_reset()
    {
        TestBench bench = TestBench.Started(null, s_impatient);
        bench.Device.Die();
        bench.Clock.Now += 1_000_000;
        bench.Driver.CheckHealth(bench.Clock.Now);
        Assert.True(bench.Driver.Shutdown());
        bench.Driver.Release();
        Assert.Equal(0, bench.Memory.PagesOutstanding);
    }

    private static bool IsWrite(SubmissionEntry command) => command is { NamespaceId: 1, Opcode: (byte)IoOpcode.Write };

    private static List<nint> SubmitHanging(TestBench bench, int count)
    {
        bench.Device.Hangs = IsWrite;
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
