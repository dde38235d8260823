using System;
using System.Collections.Generic;

namespace Aurora.Nvme.Tests.Model;

public sealed unsafe partial class ControllerModel
{
    /// <summary>When it returns an error for an I/O command, the command fails with it and has no effect.</summary>
    public Func<SubmissionEntry, NvmeStatus>? IoStatus { get; set; }

    /// <summary>I/O commands executed, by opcode.</summary>
    public Dictionary<IoOpcode, int> Executed { get; } = [];

    /// <summary>The largest read or write executed, in bytes.</summary>
    public int LargestTransferBytes { get; private set; }

    private List<PrpRange> ResolveIo(in SubmissionEntry command) => (IoOpcode)command.Opcode switch
    {
        IoOpcode.Read or IoOpcode.Write => PrpWalker.Resolve(_host.Memory, in command, (int)CountOf(in command) << _options.LogicalBlockShift),
        IoOpcode.DatasetManagement => PrpWalker.Resolve(_host.Memory, in command, 16 * ((int)command.Dword10 + 1)),
        _ => PrpWalker.Resolve(_host.Memory, in command, 0),
    };

    private static uint CountOf(in SubmissionEntry command) => (command.Dword12 & 0xFFFF) + 1;

    private static ulong StartOf(in SubmissionEntry command) => command.Dword10 | (ulong)command.Dword11 << 32;

    private NvmeStatus ExecuteIo(in SubmissionEntry command, List<PrpRange> data)
    {
        Require(command.NamespaceId == 1, $"I/O to namespace {command.NamespaceId}");
        var opcode = (IoOpcode)command.Opcode;
        Executed[opcode] = Executed.GetValueOrDefault(opcode) + 1;
        NvmeStatus injected = IoStatus?.Invoke(command) ?? default;
        if (!injected.IsSuccess)
            return injected;
        switch (opcode)
        {
            case IoOpcode.Read:
            case IoOpcode.Write:
                return Transfer(in command, opcode, data);
            case IoOpcode.WriteZeroes:
                Require(_options.HasWriteZeroes, "Write Zeroes on a controller without it");
                RequireRange(StartOf(in command), CountOf(in command));
                Disk.Current(StartOf(in command), CountOf(in command)).Clear();
                Disk.Written(StartOf(in command), CountOf(in command));
                return default;
            case IoOpcode.DatasetManagement:
                return Deallocate(in command, data);
            case IoOpcode.Flush:
                Require(command.Dword10 == 0 && command.Dword11 == 0 && command.Dword12 == 0, "flush with a block range");
                Disk.Flush();
                return default;
            default:
                return new NvmeStatus(StatusCodeType.Generic, 0x01);
        }
    }

    private NvmeStatus Transfer(in SubmissionEntry command, IoOpcode opcode, List<PrpRange> data)
    {
        ulong start = StartOf(in command);
        uint count = CountOf(in command);
        RequireRange(start, count);
        Require(command.Dword12 >> 16 == 0 && command.Dword13 == 0, "unexpected flags in a read or write");
        int bytes = (int)count << _options.LogicalBlockShift;
        Require(_options.MaximumTransferShift is 0 or > 18 || bytes <= 4096 << _options.MaximumTransferShift, "transfer beyond MDTS");
        LargestTransferBytes = int.Max(LargestTransferBytes, bytes);
        Span<byte> blocks = Disk.Current(start, count);
        foreach (PrpRange range in data)
        {
            var memory = new Span<byte>(_host.Memory.At(range.Physical, (ulong)range.Bytes), range.Bytes);
            if (opcode == IoOpcode.Read)
                blocks[..range.Bytes].CopyTo(memory);
            else
                memory.CopyTo(blocks);
            blocks = blocks[range.Bytes..];
        }
        if (opcode == IoOpcode.Write)
            Disk.Written(start, count);
        return default;
    }

    private NvmeStatus Deallocate(in SubmissionEntry command, List<PrpRange> data)
    {
        Require(_options.HasDatasetManagement, "Dataset Management on a controller without it");
        Require(command.Dword10 == 0 && command.Dword11 == 4, "Dataset Management that is not one deallocated range");
        byte* range = _host.Memory.At(data[0].Physical, 16);
        uint count = *(uint*)(range + 4);
        ulong start = *(ulong*)(range + 8);
        Require(*(uint*)range == 0, "context attributes are set");
        RequireRange(start, count);

        // Deallocated blocks may read as anything: make sure that nobody counts on zeroes.
        Disk.Current(start, count).Fill(0xE5);
        Disk.Written(start, count);
        return default;
    }

    private void RequireRange(ulong start, uint count)
        => Require(count > 0 && start < Disk.LogicalBlocks && count <= Disk.LogicalBlocks - start, $"logical blocks {start}+{count} do not exist");
}
