// A controller at register level that executes commands against a memory disk and checks everything the host does. It works only in
// Step, which the host calls as time passes. Aspects: this file holds the registers and their rules, ControllerModel.Queues.cs the
// doorbells, fetching and completing, ControllerModel.Admin.cs and ControllerModel.Io.cs the commands.
using System;
using System.Collections.Generic;

namespace Aurora.Nvme.Tests.Model;

public sealed unsafe partial class ControllerModel : NvmeRegisters
{
    private const uint EnableBit = 1;
    private const uint ReadyBit = 1;
    private const uint FatalBit = 2;
    private const uint SubsystemResetBit = 1 << 4;

    private ModelOptions _options;
    private readonly ModelHost _host;
    private readonly Random _random;
    private uint _configuration;
    private uint _status;
    private uint _adminAttributes;
    private ulong _adminSubmissions;
    private ulong _adminCompletions;
    private ulong _changeAt = ulong.MaxValue;
    private bool _stoppedByItself;

    public ControllerModel(ModelOptions options, ModelHost host)
    {
        _options = options;
        _host = host;
        _random = new Random(options.Seed);
        Disk = new ModelDisk(options.LogicalBlocks, options.LogicalBlockShift) { CacheOn = options.HasWriteCache && options.WriteCacheOn };
        if (!options.FoundEnabled)
            return;
        _configuration = 0x0046_0001;
        _status = options.FoundReady ? ReadyBit : 0;
        _changeAt = options.FoundReady ? ulong.MaxValue : Now + options.ReadyDelayNanoseconds;
    }

    public ModelDisk Disk { get; }

    /// <summary>What kind of controller this is; a change shows after the next reset.</summary>
    public ModelOptions Options
    {
        get => _options;
        set => _options = value;
    }

    /// <summary>How often the controller was enabled.</summary>
    public int Enables { get; private set; }

    public bool DmaEnabled { get; set; } = true;

    public bool IsRemoved { get; private set; }

    public bool IsShutDown => (_status >> 2 & 3) == 2;

    public bool IsEnabled => (_configuration & EnableBit) != 0;

    public bool IsReady => (_status & ReadyBit) != 0;

    /// <summary>When set, CC.SHN is never answered.</summary>
    public bool IgnoresShutdown { get; set; }

    /// <summary>Runs when the controller stops, before CSTS.RDY falls: the last instant at which it can reach memory.</summary>
    public Action? Stopping { get; set; }

    /// <summary>Managed memory the model itself took in register writes and Step, to tell it from what the driver took.</summary>
    public long AllocatedBytes { get; private set; }

    public override ulong LengthBytes => _options.BarBytes;

    private ulong Now => _host.ModelClock.Now;

    /// <summary>The controller meets a fatal error and does nothing more.</summary>
    public void Die() => _status |= FatalBit;

    public void Remove() => IsRemoved = true;

    /// <summary>The subsystem resets itself: everything is forgotten, the volatile cache too, and CSTS tells so.</summary>
    public void ResetItself(bool tells)
    {
        _configuration &= ~EnableBit;
        _stoppedByItself = true;
        Disk.LoseCache();
        FinishStop();
        _status = tells ? SubsystemResetBit : 0;
    }

    public override uint Read32(uint offset)
    {
        if (IsRemoved)
            return uint.MaxValue;
        return offset switch
        {
            NvmeRegister.Version => _options.Version,
            NvmeRegister.Configuration => _configuration,
            NvmeRegister.Status => _status,
            NvmeRegister.ReadyTimeouts => (uint)_options.ReadyTimeoutUnits,
            _ => throw new ProtocolViolationException($"read of register {offset:x}"),
        };
    }

    public override ulong Read64(uint offset)
    {
        if (IsRemoved)
            return ulong.MaxValue;
        Require(offset == NvmeRegister.Capabilities, $"64-bit read of register {offset:x}");
        return (ulong)(_options.MaximumQueueEntries - 1)
            | 1ul << 16
            | (ulong)_options.ReadyTimeoutUnits << 24
            | (ulong)_options.DoorbellStrideShift << 32
            | (_options.HasNvmCommandSet ? 1ul << 37 : 0)
            | (ulong)(_options.MinimumPageShift - 12) << 48
            | (ulong)(_options.MinimumPageShift - 12) << 52;
    }

    public override void Write32(uint offset, uint value)
    {
        if (IsRemoved)
            return;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Accept(offset, value);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Accept(uint offset, uint value)
    {
        Require(offset + 4 <= LengthBytes, $"write beyond the register block at {offset:x}");
        if (offset >= NvmeRegister.Doorbells)
            WriteDoorbell(offset, value);
        else if (offset == NvmeRegister.Configuration)
            WriteConfiguration(value);
        else if (offset == NvmeRegister.Status)
        {
            Require(value == SubsystemResetBit, "something else than NSSRO written to CSTS");
            _status &= ~SubsystemResetBit;
        }
        else if (offset == NvmeRegister.AdminQueueAttributes)
        {
            RequireDisabled("AQA");
            _adminAttributes = value;
        }
        else
            throw new ProtocolViolationException($"write of register {offset:x}");
    }

    public override void Write64(uint offset, ulong value)
    {
        if (IsRemoved)
            return;
        RequireDisabled("ASQ or ACQ");
        Require(value % 4096 == 0, "an admin queue is not page aligned");
        if (offset == NvmeRegister.AdminSubmissionQueue)
            _adminSubmissions = value;
        else if (offset == NvmeRegister.AdminCompletionQueue)
            _adminCompletions = value;
        else
            throw new ProtocolViolationException($"64-bit write of register {offset:x}");
    }

    private void WriteConfiguration(uint value)
    {
        bool wasEnabled = IsEnabled;
        bool enable = (value & EnableBit) != 0;
        uint changed = value ^ _configuration;
        if (wasEnabled && enable)
            Require((changed & ~ControllerConfiguration.ShutdownMask) == 0, "CC changed in other fields than EN and SHN while enabled");
        if (enable && !wasEnabled)
            BeginEnable(value);
        if (!enable && wasEnabled)
        {
            Require(IsReady || (_status & FatalBit) != 0, "CC.EN cleared before CSTS.RDY was 1");
            _changeAt = _options.NeverStops ? ulong.MaxValue : Now + _options.ReadyDelayNanoseconds;
        }
        _configuration = value;
        if (enable && (changed & ControllerConfiguration.ShutdownMask) != 0)
            BeginShutdown(value);
    }

    private void BeginEnable(uint value)
    {
        Require(!IsReady, "CC.EN set before CSTS.RDY was 0");
        Require(value == 0x0046_0001, $"CC = {value:x} is not what the model supports");
        Require(_adminSubmissions != 0 && _adminCompletions != 0 && _adminAttributes != 0, "enabled without admin queues");
        int submissions = (int)(_adminAttributes & 0xFFF) + 1;
        int completions = (int)(_adminAttributes >> 16 & 0xFFF) + 1;
        _host.Memory.At(_adminSubmissions, (ulong)submissions * 64);
        _host.Memory.At(_adminCompletions, (ulong)completions * 16);
        Enables++;
        _stoppedByItself = false;
        _submissionQueues.Clear();
        _completionQueues.Clear();
        _submissionQueues[0] = new SubmissionQueueModel(0, _adminSubmissions, submissions, 0);
        _completionQueues[0] = new CompletionQueueModel(0, _adminCompletions, completions, -1);
        _changeAt = _options.NeverReady ? ulong.MaxValue : Now + _options.ReadyDelayNanoseconds;
        if (_options.FatalOnEnable)
            Die();
    }

    private void BeginShutdown(uint value)
    {
        Require((value & ControllerConfiguration.ShutdownMask) == ControllerConfiguration.ShutdownNormal, "an abrupt shutdown was announced");
        Require(_submissionQueues.Count == 1 && _completionQueues.Count == 1, "a shutdown was announced with I/O queues still there");
        if (IgnoresShutdown)
            return;
        Disk.Flush();
        _status |= 2u << 2;
    }

    /// <summary>Lets the controller do what it would do by now.</summary>
    public void Step()
    {
        if (IsRemoved)
            return;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Advance();
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Advance()
    {
        if (Now >= _changeAt)
        {
            _changeAt = ulong.MaxValue;
            if (IsEnabled)
                _status |= ReadyBit;
            else
                FinishStop();
        }
        if ((_status & FatalBit) == 0 && IsReady)
            Work();
    }

    private void FinishStop()
    {
        Stopping?.Invoke();
        _status = 0;
        _submissionQueues.Clear();
        _completionQueues.Clear();
        _queueCountGranted = 0;

        // Features return to their defaults.
        Disk.CacheOn = _options.HasWriteCache && _options.WriteCacheOn;
    }

    private void RequireDisabled(string register) => Require(!IsEnabled && !IsReady, $"{register} written while the controller is not disabled");

    private static void Require(bool condition, string violation)
    {
        if (!condition)
            throw new ProtocolViolationException(violation);
    }
}
