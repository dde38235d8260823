// The states that identify the controller and the namespace: what is refused, and what a reset must find unchanged.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Finds out what the device is.</summary>
internal sealed unsafe class Identification(
    BringUpState state, NvmeHost host, NvmeOptions options, BringUpProgress progress, BringUpCommands commands, QueueAllocation queues)
{
    /// <summary>A read or write counts logical blocks in 16 bits: 8192 × 4 KiB in a 512-byte format.</summary>
    private const int MostTransferBlocks = 8192;

    public void Begin()
        => commands.Begin(NvmeState.IdentifyController, AdminCommands.IdentifyController(host.PhysicalOf(state.Scratch)));

    public void AwaitController()
    {
        if (!commands.TryFinishRequired(out _))
            return;
        IdentifyController* data = (IdentifyController*)state.Scratch;
        if (!data->IsIoController)
        {
            progress.Fail(NvmeFault.NotAnIoController);
            return;
        }
        if (!data->AcceptsStandardEntries)
        {
            progress.Fail(NvmeFault.EntrySizesUnsupported);
            return;
        }
        NoteAbilities(data);
        Span<byte> serial = stackalloc byte[20];
        if (!IsSerialExpected(serial[..data->CopySerialNumber(serial)]))
        {
            progress.Fail(NvmeFault.IdentityChanged);
            return;
        }
        if (!state.IsReset)
            NvmeLog.Identified(data, state.Version);
        new Span<byte>(state.Scratch, IdentifyLimits.SizeBytes).Clear();
        commands.Begin(NvmeState.IdentifyLimits, AdminCommands.IdentifyLimits(host.PhysicalOf(state.Scratch)));
    }

    private void NoteAbilities(IdentifyController* data)
    {
        state.MaximumTransferBlocks = TransferLimit(data->MaximumTransferShift);
        state.SupportsDeallocate = data->SupportsDatasetManagement;
        state.SupportsWriteZeroes = data->SupportsWriteZeroes;
        state.HasVolatileWriteCache = data->HasVolatileWriteCache;
        state.ShutdownMicroseconds = data->ShutdownMicroseconds;
        state.OptionalEvents = data->OptionalEvents;
        state.EventRequests = Math.Min(data->EventRequestLimit + 1, AdminQueue.MaximumEventRequests);
    }

    private bool IsSerialExpected(ReadOnlySpan<byte> serial)
    {
        if (state.IsReset)
            return serial.SequenceEqual(state.SerialNumber);
        AdoptSerial(serial);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AdoptSerial(ReadOnlySpan<byte> serial) => state.SerialNumber = serial.ToArray();

    /// <summary>Controllers older than this data structure refuse the command; they have no such limits.</summary>
    public void AwaitLimits()
    {
        if (!commands.TryFinish(out CompletionEntry completion))
            return;
        state.Limits = completion.Status.IsSuccess ? *(IdentifyLimits*)state.Scratch : default;
        commands.Begin(NvmeState.IdentifyNamespace, AdminCommands.IdentifyNamespace(options.NamespaceId, host.PhysicalOf(state.Scratch)));
    }

    private int TransferLimit(byte shift)
    {
        // MDTS counts the controller's smallest pages, which are 4 KiB here; 0 is no limit, and beyond 2^20 pages none either.
        int own = Math.Clamp(options.MaximumTransferBlocks, 1, MostTransferBlocks);
        return shift is 0 or > 20 || 1 << shift > own ? own : 1 << shift;
    }

    public void AwaitNamespace()
    {
        if (!commands.TryFinishRequired(out _))
            return;
        IdentifyNamespace* data = (IdentifyNamespace*)state.Scratch;
        NvmeFault refusal = Check(data);
        if (refusal == NvmeFault.None && state.IsReset && !IsTheSame(data))
            refusal = NvmeFault.IdentityChanged;
        if (refusal != NvmeFault.None)
        {
            NvmeLog.NamespaceRefused(options.NamespaceId, data);
            progress.Fail(refusal);
            return;
        }
        if (!state.IsReset)
            Adopt(data);
        queues.Begin();
    }

    private bool IsTheSame(IdentifyNamespace* data)
        => state.Namespace!.Holds(data) && state.MaximumTransferBlocks >= state.Namespace.MaximumTransferBlocks;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Adopt(IdentifyNamespace* data)
    {
        int dataShift = data->CurrentFormat.DataShift;
        int blocksShift = 12 - dataShift;
        var found = new NvmeNamespace
        {
            Id = options.NamespaceId,
            LogicalBlockBytes = 1 << dataShift,
            LogicalBlocksShift = blocksShift,
            BlockCount = data->SizeLogicalBlocks >> blocksShift,
            MaximumTransferBlocks = state.MaximumTransferBlocks,
            SupportsDeallocate = state.SupportsDeallocate,
            SupportsWriteZeroes = state.SupportsWriteZeroes,
        };
        found.SetLimits(state.Limits);
        state.Namespace = found;
    }

    private static NvmeFault Check(IdentifyNamespace* data)
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
}
