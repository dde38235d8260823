using System;
using System.Collections.Generic;
using System.Text;

namespace Aurora.Nvme.Tests.Model;

public sealed unsafe partial class ControllerModel
{
    private int _queueCountGranted;

    /// <summary>When it returns an error for an admin command, the command fails with it.</summary>
    public Func<SubmissionEntry, NvmeStatus>? AdminStatus { get; set; }

    private List<PrpRange> ResolveAdmin(in SubmissionEntry command)
    {
        if (command.Opcode == (byte)AdminOpcode.GetLogPage)
            return PrpWalker.Resolve(_host.Memory, in command, (int)((command.Dword10 >> 16) + 1) * 4);
        bool hasData = command.Opcode == (byte)AdminOpcode.Identify;
        bool isCreate = command.Opcode is (byte)AdminOpcode.CreateCompletionQueue or (byte)AdminOpcode.CreateSubmissionQueue;
        return isCreate ? [] : PrpWalker.Resolve(_host.Memory, in command, hasData ? 4096 : 0);
    }

    private NvmeStatus ExecuteAdmin(in SubmissionEntry command, List<PrpRange> data, out uint result)
    {
        result = 0;
        NvmeStatus injected = AdminStatus?.Invoke(command) ?? default;
        if (!injected.IsSuccess)
            return injected;
        switch ((AdminOpcode)command.Opcode)
        {
            case AdminOpcode.Identify: return Identify(in command, data);
            case AdminOpcode.Abort: return Abort(in command, out result);
            case AdminOpcode.GetLogPage: return GetLogPage(in command, data);
            case AdminOpcode.SetFeatures: return SetFeature(in command, out result);
            case AdminOpcode.GetFeatures: return GetFeature(in command, out result);
            case AdminOpcode.CreateCompletionQueue: return CreateCompletionQueue(in command);
            case AdminOpcode.CreateSubmissionQueue: return CreateSubmissionQueue(in command);
            case AdminOpcode.DeleteSubmissionQueue: return DeleteSubmissionQueue((int)command.Dword10);
            case AdminOpcode.DeleteCompletionQueue: return DeleteCompletionQueue((int)command.Dword10);
            default: throw new ProtocolViolationException($"admin opcode {command.Opcode:x}");
        }
    }

    private NvmeStatus Identify(in SubmissionEntry command, List<PrpRange> data)
    {
        byte* page = _host.Memory.At(data[0].Physical, 4096);
        new Span<byte>(page, 4096).Clear();
        if (command.Dword10 == 1)
            FillController(page);
        else if (command.Dword10 == 6)
        {
            if (_options.Limits is not { } limits)
                return new NvmeStatus(StatusCodeType.Generic, 0x02);
            page[1] = limits.ZeroesShift;
            page[3] = limits.Ranges;
            *(uint*)(page + 4) = limits.RangeBlocks;
            *(ulong*)(page + 8) = limits.Blocks;
        }
        else
        {
            Require(command.Dword10 == 0, $"identify with CNS {command.Dword10:x}");
            if (command.NamespaceId == 1)
                FillNamespace(page);
        }
        return default;
    }

    // Byte offsets straight from the specification, not from the driver's structs: a wrong offset there must not cancel out here.
    private void FillController(byte* page)
    {
        *(ushort*)page = 0x1AF4;
        Encoding.ASCII.GetBytes(_options.SerialNumber.PadRight(20)).CopyTo(new Span<byte>(page + 4, 20));
        Encoding.ASCII.GetBytes("Model controller".PadRight(40)).CopyTo(new Span<byte>(page + 24, 40));
        page[77] = _options.MaximumTransferShift;
        *(uint*)(page + 88) = 1_000;
        page[111] = _options.ControllerType;
        page[512] = _options.SubmissionEntrySizes;
        page[513] = _options.CompletionEntrySizes;
        *(uint*)(page + 92) = 1 << 8;
        page[258] = 0;
        page[259] = (byte)(_options.EventRequests - 1);
        *(uint*)(page + 516) = 1;
        *(ushort*)(page + 520) = (ushort)((_options.HasDatasetManagement ? 4 : 0) | (_options.HasWriteZeroes ? 8 : 0));
        page[525] = (byte)(_options.HasWriteCache ? 1 : 0);
    }

    private void FillNamespace(byte* page)
    {
        *(ulong*)page = _options.LogicalBlocks;
        *(ulong*)(page + 8) = _options.LogicalBlocks;
        page[25] = 2;
        page[26] = 2;
        page[29] = _options.DataProtection;
        *(uint*)(page + 128 + 8) = (uint)(_options.LogicalBlockShift << 16 | _options.MetadataBytes);
    }

    private NvmeStatus SetFeature(in SubmissionEntry command, out uint result)
    {
        result = 0;
        if (command.Dword10 == 6)
        {
            Require(_options.HasWriteCache, "the write cache feature was set on a controller without a cache");
            Disk.CacheOn = (command.Dword11 & 1) != 0;
            return default;
        }
        if (command.Dword10 == 0x0B)
        {
            Require(command.Dword11 == 0x11F, $"events {command.Dword11:x} chosen");
            return default;
        }
        Require(command.Dword10 == 7, $"feature {command.Dword10:x} set");
        Require(_queueCountGranted == 0 && _submissionQueues.Count == 1, "number of queues set twice or after a queue was created");
        int wanted = (int)(command.Dword11 & 0xFFFF) + 1;
        Require(wanted == (int)(command.Dword11 >> 16) + 1, "unequal numbers of submission and completion queues");
        _queueCountGranted = _options.QueuePairs;
        result = (uint)(_options.QueuePairs - 1) | (uint)(_options.QueuePairs - 1) << 16;
        return default;
    }

    private NvmeStatus GetFeature(in SubmissionEntry command, out uint result)
    {
        Require(command.Dword10 == 6 && _options.HasWriteCache, $"feature {command.Dword10:x} read");
        result = Disk.CacheOn ? 1u : 0;
        return default;
    }

    private NvmeStatus CreateCompletionQueue(in SubmissionEntry command)
    {
        int id = (int)(command.Dword10 & 0xFFFF);
        int size = (int)(command.Dword10 >> 16) + 1;
        RequireQueue(in command, id, size, 16);
        Require(!_completionQueues.ContainsKey(id), $"completion queue {id} created twice");
        bool interrupts = (command.Dword11 & 2) != 0;
        int vector = interrupts ? (int)(command.Dword11 >> 16) : -1;
        if (vector > _options.InterruptVectors)
            return new NvmeStatus(StatusCodeType.CommandSpecific, 0x08);
        _completionQueues[id] = new CompletionQueueModel(id, command.Prp1, size, vector);
        return default;
    }

    private NvmeStatus CreateSubmissionQueue(in SubmissionEntry command)
    {
        int id = (int)(command.Dword10 & 0xFFFF);
        int size = (int)(command.Dword10 >> 16) + 1;
        RequireQueue(in command, id, size, 64);
        Require(!_submissionQueues.ContainsKey(id), $"submission queue {id} created twice");
        int completions = (int)(command.Dword11 >> 16);
        Require(completions != 0 && _completionQueues.ContainsKey(completions), $"completion queue {completions} does not exist");
        _submissionQueues[id] = new SubmissionQueueModel(id, command.Prp1, size, completions);
        return default;
    }

    private void RequireQueue(in SubmissionEntry command, int id, int size, int entryBytes)
    {
        Require(id >= 1 && id <= _queueCountGranted, $"queue {id} was not granted");
        Require(size >= 2 && size <= _options.MaximumQueueEntries, $"queue of {size} entries");
        Require((command.Dword11 & 1) != 0, "queue not physically contiguous");
        Require(command.Prp1 % 4096 == 0, "queue not page aligned");
        _host.Memory.At(command.Prp1, (ulong)(size * entryBytes));
    }

    private NvmeStatus DeleteSubmissionQueue(int id)
    {
        Require(id != 0 && _submissionQueues.Remove(id), $"submission queue {id} deleted, which does not exist");
        return default;
    }

    private NvmeStatus DeleteCompletionQueue(int id)
    {
        foreach (SubmissionQueueModel queue in _submissionQueues.Values)
            Require(queue.CompletionQueue != id, "completion queue deleted before its submission queue");
        Require(id != 0 && _completionQueues.Remove(id), $"completion queue {id} deleted, which does not exist");
        return default;
    }
}
