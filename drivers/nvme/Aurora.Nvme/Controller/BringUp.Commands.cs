// The bring-up states that wait for an admin command: what is identified, what is refused, and the write cache policy.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Nvme;

internal sealed unsafe partial class BringUp
{
    /// <summary>One page the controller writes identify data and logs into; during the drain it holds the request.</summary>
    private void* _scratch;
    private IdentifyLimits _limits;
    private uint _optionalEvents;
    private int _maximumTransferBlocks;
    private bool _supportsDeallocate;
    private bool _supportsWriteZeroes;
    private bool _cacheMayHoldData;
    private bool _hadVolatileWriteCache;

    public AdminQueue? Admin { get; private set; }

    public NvmeNamespace? Namespace { get; private set; }

    public bool HasVolatileWriteCache { get; private set; }

    /// <summary>How long the controller says a shutdown takes, in microseconds; 0 when it does not say.</summary>
    public uint ShutdownMicroseconds { get; private set; }

    /// <summary>ASCII without padding.</summary>
    public byte[] SerialNumber { get; private set; } = [];

    /// <summary>The page that admin commands of the running controller read into.</summary>
    public void* Scratch => _scratch;

    /// <summary>How many Asynchronous Event Requests are kept outstanding.</summary>
    public int EventRequests { get; private set; }

    private bool AllocateAdmin()
    {
        Admin = AdminQueue.Allocate(_host.Pages, _registers, new DoorbellLayout(Capabilities));
        _scratch = _host.Pages.Allocate(1);
        _drain = (BlockRequest*)_host.Pages.Allocate(1);
        return Admin != null && _scratch != null && _drain != null;
    }

    private void BeginCommand(NvmeState state, in SubmissionEntry command)
    {
        Enter(state, _options.AdminTimeoutNanoseconds);
        Admin!.Begin(command);
    }

    /// <summary>Looks once for the completion of the state's command, whatever its status; false while there is none.</summary>
    private bool TryFinishCommand(out CompletionEntry completion)
    {
        switch (Admin!.Poll(out completion))
        {
            case AdminOutcome.Completed:
                return true;
            case AdminOutcome.Event:
                return false;
            case AdminOutcome.BadCompletion:
                NvmeLog.BadCompletion(0, in completion, 1);
                Fail(NvmeFault.AdminProtocol);
                return false;
            default:
                CheckAlive();
                return false;
        }
    }

    /// <summary>The same for a command that must succeed.</summary>
    private bool TryFinishRequired(out CompletionEntry completion)
    {
        if (!TryFinishCommand(out completion))
            return false;
        if (completion.Status.IsSuccess)
            return true;
        FailedStatus = completion.Status;
        Fail(NvmeFault.AdminCommandFailed);
        return false;
    }

    private void CheckAlive()
    {
        ControllerStatus status = NoteStatus();
        if (status.IsAllOnes)
            Fail(NvmeFault.Removed);
        else if (status.IsFatal)
            Fail(NvmeFault.FatalStatus);
        else
            RestOrFail(NvmeFault.AdminTimeout);
    }

    private void BeginIdentifyController()
        => BeginCommand(NvmeState.IdentifyController, AdminCommands.IdentifyController(_host.PhysicalOf(_scratch)));

    private void AwaitIdentifyController()
    {
        if (!TryFinishRequired(out _))
            return;
        IdentifyController* data = (IdentifyController*)_scratch;
        if (!data->IsIoController)
        {
            Fail(NvmeFault.NotAnIoController);
            return;
        }
        if (!data->AcceptsStandardEntries)
        {
            Fail(NvmeFault.EntrySizesUnsupported);
            return;
        }
        _maximumTransferBlocks = TransferLimit(data->MaximumTransferShift);
        _supportsDeallocate = data->SupportsDatasetManagement;
        _supportsWriteZeroes = data->SupportsWriteZeroes;
        HasVolatileWriteCache = data->HasVolatileWriteCache;
        ShutdownMicroseconds = data->ShutdownMicroseconds;
        _optionalEvents = data->OptionalEvents;
        EventRequests = Smaller(data->EventRequestLimit + 1, AdminQueue.MaximumEventRequests);
        Span<byte> serial = stackalloc byte[20];
        if (!IsSerialExpected(serial[..data->CopySerialNumber(serial)]))
        {
            Fail(NvmeFault.IdentityChanged);
            return;
        }
        if (!_isReset)
            NvmeLog.Identified(data, Version);
        new Span<byte>(_scratch, IdentifyLimits.SizeBytes).Clear();
        BeginCommand(NvmeState.IdentifyLimits, AdminCommands.IdentifyLimits(_host.PhysicalOf(_scratch)));
    }

    private bool IsSerialExpected(ReadOnlySpan<byte> serial)
    {
        if (_isReset)
            return serial.SequenceEqual(SerialNumber);
        AdoptSerial(serial);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AdoptSerial(ReadOnlySpan<byte> serial) => SerialNumber = serial.ToArray();

    /// <summary>Controllers older than this data structure refuse the command; they have no such limits.</summary>
    private void AwaitIdentifyLimits()
    {
        if (!TryFinishCommand(out CompletionEntry completion))
            return;
        _limits = completion.Status.IsSuccess ? *(IdentifyLimits*)_scratch : default;
        BeginCommand(NvmeState.IdentifyNamespace, AdminCommands.IdentifyNamespace(_options.NamespaceId, _host.PhysicalOf(_scratch)));
    }

    private int TransferLimit(byte shift)
    {
        // MDTS counts the controller's smallest pages, which are 4 KiB here; 0 is no limit, and beyond 2^20 pages none either.
        int own = _options.MaximumTransferBlocks < 1 ? 1 : _options.MaximumTransferBlocks;
        if (own > MaximumTransferBlocks)
            own = MaximumTransferBlocks;
        return shift is 0 or > 20 || 1 << shift > own ? own : 1 << shift;
    }

    /// <summary>A read or write counts logical blocks in 16 bits: 8192 × 4 KiB in a 512-byte format.</summary>
    private const int MaximumTransferBlocks = 8192;

    private void AwaitIdentifyNamespace()
    {
        if (!TryFinishRequired(out _))
            return;
        IdentifyNamespace* data = (IdentifyNamespace*)_scratch;
        NvmeFault refusal = CheckNamespace(data);
        if (refusal != NvmeFault.None)
        {
            NvmeLog.NamespaceRefused(_options.NamespaceId, data);
            Fail(refusal);
            return;
        }
        if (_isReset)
        {
            if (!Namespace!.Holds(data) || _maximumTransferBlocks < Namespace.MaximumTransferBlocks)
            {
                NvmeLog.NamespaceRefused(_options.NamespaceId, data);
                Fail(NvmeFault.IdentityChanged);
                return;
            }
        }
        else
            AdoptNamespace(data);
        int pairs = _isReset ? Pairs.Length : _options.QueuePairs < 1 ? 1 : _options.QueuePairs;
        BeginCommand(NvmeState.SetQueueCount, AdminCommands.SetFeature(FeatureId.NumberOfQueues, AdminCommands.QueueCountValue(pairs)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AdoptNamespace(IdentifyNamespace* data)
    {
        int dataShift = data->CurrentFormat.DataShift;
        int blocksShift = 12 - dataShift;
        Namespace = new NvmeNamespace
        {
            Id = _options.NamespaceId,
            LogicalBlockBytes = 1 << dataShift,
            LogicalBlocksShift = blocksShift,
            BlockCount = data->SizeLogicalBlocks >> blocksShift,
            MaximumTransferBlocks = _maximumTransferBlocks,
            SupportsDeallocate = _supportsDeallocate,
            SupportsWriteZeroes = _supportsWriteZeroes,
        };
        Namespace.SetLimits(in _limits);
    }

    private static NvmeFault CheckNamespace(IdentifyNamespace* data)
    {
        if (data->SizeLogicalBlocks == 0)
            return NvmeFault.NamespaceMissing;
        LbaFormat format = data->CurrentFormat;
        if (format.MetadataBytes != 0 || (data->DataProtection & 7) != 0)
            return NvmeFault.MetadataFormat;
        if (format.DataShift is not (9 or 12))
            return NvmeFault.LogicalBlockSizeUnsupported;
        return data->SizeLogicalBlocks >> (12 - format.DataShift) == 0 ? NvmeFault.NamespaceTooSmall : NvmeFault.None;
    }

    private void BeginWriteCache()
    {
        if (HasVolatileWriteCache)
            BeginCommand(NvmeState.GetWriteCache, AdminCommands.GetFeature(FeatureId.VolatileWriteCache));
        else
            FinishWriteCache();
    }

    // A reset returns features to their defaults. A cache that is suddenly on would hold writes that nobody flushes, because users of
    // the device were told that it has none. One that is off is still treated as on: flushes then cost a little and do no harm.
    private void FinishWriteCache()
    {
        if (_isReset && HasVolatileWriteCache && !_hadVolatileWriteCache)
        {
            Fail(NvmeFault.IdentityChanged);
            return;
        }
        if (_isReset)
            HasVolatileWriteCache = _hadVolatileWriteCache;
        BeginCompletionQueues();
    }

    private WriteCachePolicy WriteCacheWanted
        => !_isReset ? _options.WriteCache : _hadVolatileWriteCache ? WriteCachePolicy.AsFound : WriteCachePolicy.Disable;

    private void AwaitGetWriteCache()
    {
        if (!TryFinishCommand(out CompletionEntry completion))
            return;
        if (completion.Status.IsSuccess)
            HasVolatileWriteCache = (completion.Result & 1) != 0;
        else
            NvmeLog.Warning("cannot read the write cache feature; assuming the cache is on"u8, completion.Status);
        bool wanted = WriteCacheWanted == WriteCachePolicy.Enable;
        if (WriteCacheWanted == WriteCachePolicy.AsFound || wanted == HasVolatileWriteCache)
            FinishWriteCache();
        else
            BeginCommand(NvmeState.SetWriteCache, AdminCommands.SetFeature(FeatureId.VolatileWriteCache, wanted ? 1u : 0));
    }

    private void AwaitSetWriteCache()
    {
        if (!TryFinishCommand(out CompletionEntry completion))
            return;
        if (completion.Status.IsSuccess)
        {
            // What an earlier life wrote may still be in the cache: it is drained once there is a queue to flush with.
            _cacheMayHoldData |= HasVolatileWriteCache;
            HasVolatileWriteCache = !HasVolatileWriteCache;
        }
        else
            NvmeLog.Warning("cannot switch the write cache; it stays as it was"u8, completion.Status);
        FinishWriteCache();
    }
}
