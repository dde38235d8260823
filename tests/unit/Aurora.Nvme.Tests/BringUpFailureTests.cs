using Aurora.Base;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

/// <summary>Every way bring-up can fail: the fault, the state it is reported in, and that nothing stays behind.</summary>
public sealed unsafe class BringUpFailureTests
{
    public static TheoryData<NvmeFault, NvmeState, ModelOptions> BadControllers => new()
    {
        { NvmeFault.NoNvmCommandSet, NvmeState.ReadCapabilities, new ModelOptions { HasNvmCommandSet = false } },
        { NvmeFault.PageSizeUnsupported, NvmeState.ReadCapabilities, new ModelOptions { MinimumPageShift = 13 } },
        { NvmeFault.DoorbellsBeyondRegisters, NvmeState.ReadCapabilities, new ModelOptions { BarBytes = 0x100F } },
        { NvmeFault.ReadyTimeout, NvmeState.WaitReadyBeforeDisable, new ModelOptions { FoundEnabled = true, ReadyDelayNanoseconds = ulong.MaxValue / 2 } },
        { NvmeFault.ReadyTimeout, NvmeState.WaitDisabled, new ModelOptions { FoundEnabled = true, FoundReady = true, NeverStops = true } },
        { NvmeFault.ReadyTimeout, NvmeState.WaitReady, new ModelOptions { NeverReady = true } },
        { NvmeFault.FatalStatus, NvmeState.WaitReady, new ModelOptions { FatalOnEnable = true } },
        { NvmeFault.NotAnIoController, NvmeState.IdentifyController, new ModelOptions { ControllerType = 2 } },
        { NvmeFault.EntrySizesUnsupported, NvmeState.IdentifyController, new ModelOptions { SubmissionEntrySizes = 0x77 } },
        { NvmeFault.EntrySizesUnsupported, NvmeState.IdentifyController, new ModelOptions { CompletionEntrySizes = 0x33 } },
        { NvmeFault.MetadataFormat, NvmeState.IdentifyNamespace, new ModelOptions { MetadataBytes = 8 } },
        { NvmeFault.MetadataFormat, NvmeState.IdentifyNamespace, new ModelOptions { DataProtection = 1 } },
        { NvmeFault.LogicalBlockSizeUnsupported, NvmeState.IdentifyNamespace, new ModelOptions { LogicalBlockShift = 13 } },
        { NvmeFault.LogicalBlockSizeUnsupported, NvmeState.IdentifyNamespace, new ModelOptions { LogicalBlockShift = 0 } },
        { NvmeFault.NamespaceMissing, NvmeState.IdentifyNamespace, new ModelOptions { LogicalBlocks = 0 } },
        { NvmeFault.NamespaceTooSmall, NvmeState.IdentifyNamespace, new ModelOptions { LogicalBlocks = 7 } },
    };

    [Theory]
    [MemberData(nameof(BadControllers))]
    public void A_bad_controller_is_refused_by_name(NvmeFault fault, NvmeState state, ModelOptions model)
        => AssertRefused(new TestBench(model), fault, state);

    [Theory]
    [InlineData(AdminOpcode.Identify, 1u, NvmeState.IdentifyController)]
    [InlineData(AdminOpcode.Identify, 0u, NvmeState.IdentifyNamespace)]
    [InlineData(AdminOpcode.SetFeatures, 7u, NvmeState.SetQueueCount)]
    [InlineData(AdminOpcode.CreateCompletionQueue, null, NvmeState.CreateCompletionQueues)]
    [InlineData(AdminOpcode.CreateSubmissionQueue, null, NvmeState.CreateSubmissionQueues)]
    public void A_failing_or_hanging_admin_command_is_reported_with_its_state(AdminOpcode opcode, uint? dword10, NvmeState state)
    {
        bool Matches(SubmissionEntry command) => command.Opcode == (byte)opcode && (dword10 == null || command.Dword10 == dword10);
        var failing = new TestBench();
        failing.Device.AdminStatus = command => Matches(command) ? new NvmeStatus(StatusCodeType.Generic, 0x06) : default;
        AssertRefused(failing, NvmeFault.AdminCommandFailed, state);
        Assert.Equal(0x006, failing.Driver.FailedStatus.Number);
        Assert.Contains("internal error (0x006)", failing.LogText);

        var hanging = new TestBench();
        hanging.Host.PauseNanoseconds = 1_000_000;
        hanging.Device.Hangs = Matches;
        AssertRefused(hanging, NvmeFault.AdminTimeout, state);

        var dying = new TestBench();
        dying.Device.Hangs = command =>
        {
            if (Matches(command))
                dying.Device.Die();
            return Matches(command);
        };
        AssertRefused(dying, NvmeFault.FatalStatus, state);

        var removed = new TestBench();
        removed.Device.Hangs = command =>
        {
            if (Matches(command))
                removed.Device.Remove();
            return Matches(command);
        };
        AssertRefused(removed, NvmeFault.Removed, state);
    }

    [Fact]
    public void A_device_that_is_not_there_is_reported_as_removed()
    {
        var bench = new TestBench();
        bench.Device.Remove();
        AssertRefused(bench, NvmeFault.Removed, NvmeState.ReadCapabilities);
    }

    [Fact]
    public void An_admin_completion_for_no_command_is_not_trusted()
    {
        var bench = new TestBench();
        bench.Device.Hangs = command =>
        {
            if (command.Opcode == (byte)AdminOpcode.SetFeatures)
                bench.Device.PostRogue(0, 0x1234, 0);
            return command.Opcode == (byte)AdminOpcode.SetFeatures;
        };
        AssertRefused(bench, NvmeFault.AdminProtocol, NvmeState.SetQueueCount);
        Assert.Contains("id 0x1234", bench.LogText);
    }

    [Fact]
    public void A_failing_drain_of_the_write_cache_is_a_failure()
    {
        var bench = new TestBench(null, new NvmeOptions { WriteCache = WriteCachePolicy.Disable });
        bench.Device.IoStatus = _ => new NvmeStatus(StatusCodeType.MediaAndDataIntegrity, 0x80);
        AssertRefused(bench, NvmeFault.FlushFailed, NvmeState.DrainWriteCache);
        Assert.Contains("write fault (0x280)", bench.LogText);
    }

    [Theory]
    [InlineData(0, NvmeState.ConfigureAdminQueues)]
    [InlineData(1, NvmeState.ConfigureAdminQueues)]
    [InlineData(2, NvmeState.ConfigureAdminQueues)]
    [InlineData(3, NvmeState.ConfigureAdminQueues)]
    [InlineData(4, NvmeState.SetQueueCount)]
    [InlineData(5, NvmeState.SetQueueCount)]
    [InlineData(40, NvmeState.SetQueueCount)]
    public void Running_out_of_memory_is_reported(int pages, NvmeState state)
    {
        var bench = new TestBench();
        bench.Memory.PageLimit = pages;
        AssertRefused(bench, NvmeFault.OutOfMemory, state);
    }

    [Fact]
    public void A_controller_that_failed_refuses_every_request()
    {
        var bench = new TestBench(new ModelOptions { NeverReady = true });
        bench.Host.PauseNanoseconds = 1_000_000;
        Assert.Equal(NvmeFault.ReadyTimeout, bench.Driver.Start());
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Read, 0, 1));
        Assert.Equal(BlockStatus.Gone, bench.Run(BlockOperation.Flush));
    }

    private static void AssertRefused(TestBench bench, NvmeFault fault, NvmeState state)
    {
        bench.Host.PauseNanoseconds = ulong.Max(bench.Host.PauseNanoseconds, 100_000);
        Assert.Equal(fault, bench.Driver.Start());
        Assert.Equal(fault, bench.Driver.Fault);
        Assert.Equal(state, bench.Driver.FailedState);
        Assert.Equal(NvmeState.Gone, bench.Driver.State);
        Assert.Contains($"failed in state '{System.Text.Encoding.UTF8.GetString(NvmeStateNames.NameOf(state))}'", bench.LogText);
        Assert.Equal(0, bench.Memory.PagesOutstanding);
        Assert.True(bench.Host.DmaStopped);
        bench.Idle(20);
    }
}
