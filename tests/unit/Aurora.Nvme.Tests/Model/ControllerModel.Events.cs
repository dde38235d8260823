using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Nvme.Tests.Model;

public sealed unsafe partial class ControllerModel
{
    /// <summary>SMART's critical warning byte.</summary>
    public byte CriticalWarning { get; set; }

    /// <summary>The log pages that were read, in order.</summary>
    public List<byte> LogPagesRead { get; } = [];

    /// <summary>Abort commands executed.</summary>
    public int Aborts { get; private set; }

    private List<ModelCommand> EventRequests
        => [.. _submissionQueues[0].Outstanding.Values.Where(command => command.Entry.Opcode == (byte)AdminOpcode.AsynchronousEventRequest)];

    /// <summary>Completes an Asynchronous Event Request; false when none is outstanding.</summary>
    public bool RaiseEvent(uint result)
    {
        if (EventRequests.FirstOrDefault() is not { } request)
            return false;
        SubmissionQueueModel queue = _submissionQueues[0];
        queue.Outstanding.Remove(request.Entry.CommandId);
        Post(_completionQueues[0], queue, request.Entry.CommandId, 0, default, result);
        return true;
    }

    /// <summary>Lets everything that hangs complete after all.</summary>
    public void Unhang()
    {
        Hangs = null;
        foreach (SubmissionQueueModel queue in _submissionQueues.Values)
        {
            foreach (ModelCommand command in queue.Outstanding.Values)
                command.Hangs &= command.Entry.Opcode == (byte)AdminOpcode.AsynchronousEventRequest && queue.Id == 0;
        }
    }

    private NvmeStatus Abort(in SubmissionEntry command, out uint result)
    {
        Aborts++;
        result = 1;
        ushort id = (ushort)(command.Dword10 >> 16);
        Require(_submissionQueues.TryGetValue((int)(command.Dword10 & 0xFFFF), out SubmissionQueueModel? queue), "abort in a queue that does not exist");
        if (!_options.AbortsWork || !queue!.Outstanding.Remove(id))
            return default;
        result = 0;
        Post(_completionQueues[queue.CompletionQueue], queue, id, queue.Id, new NvmeStatus(StatusCodeType.Generic, 0x07), 0);
        return default;
    }

    private NvmeStatus GetLogPage(in SubmissionEntry command, List<PrpRange> data)
    {
        byte page = (byte)command.Dword10;
        Require(page is 1 or 2 or 4, $"log page {page} read");
        int bytes = (int)((command.Dword10 >> 16) + 1) * 4;
        Require(bytes == page switch { 1 => 64, 2 => 512, _ => 4096 }, $"{bytes} bytes of log page {page} read");
        LogPagesRead.Add(page);
        byte* target = _host.Memory.At(data[0].Physical, (ulong)bytes);
        new Span<byte>(target, bytes).Clear();
        if (page != 2)
            return default;
        target[0] = CriticalWarning;
        *(ushort*)(target + 1) = 350;
        target[3] = 9;
        target[5] = 97;
        return default;
    }
}
