using System;
using System.Collections.Generic;

namespace Aurora.Nvme.Tests.Model;

public sealed unsafe partial class ControllerModel
{
    private readonly SortedDictionary<int, SubmissionQueueModel> _submissionQueues = [];
    private readonly SortedDictionary<int, CompletionQueueModel> _completionQueues = [];

    /// <summary>When set and true for a command, the command never completes.</summary>
    public Func<SubmissionEntry, bool>? Hangs { get; set; }

    public int OutstandingIo
    {
        get
        {
            int count = 0;
            foreach (SubmissionQueueModel queue in _submissionQueues.Values)
                count += queue.Id == 0 ? 0 : queue.Outstanding.Count;
            return count;
        }
    }

    public int IoQueueCount => _submissionQueues.Count - 1;

    public CompletionQueueModel CompletionQueue(int id) => _completionQueues[id];

    public SubmissionQueueModel SubmissionQueue(int id) => _submissionQueues[id];

    /// <summary>Posts a completion no command asked for.</summary>
    public void PostRogue(int queue, ushort commandId, int submissionQueue)
        => Post(_completionQueues[queue], _submissionQueues[queue], commandId, submissionQueue, default, 0);

    private void WriteDoorbell(uint offset, uint value)
    {
        if (_stoppedByItself)
            return;
        Require(IsEnabled && IsReady, "doorbell written while the controller is not ready");
        Require((_configuration & ControllerConfiguration.ShutdownMask) == 0, "doorbell written after a shutdown was announced");
        uint stride = 4u << _options.DoorbellStrideShift;
        Require((offset - NvmeRegister.Doorbells) % stride == 0, $"doorbell at {offset:x} ignores the stride");
        uint index = (offset - NvmeRegister.Doorbells) / stride;
        int queue = (int)(index / 2);
        if ((_status & FatalBit) != 0)
            return;
        if (index % 2 == 0)
            MoveTail(queue, value);
        else
            MoveHead(queue, value);
    }

    private void MoveTail(int id, uint value)
    {
        Require(_submissionQueues.TryGetValue(id, out SubmissionQueueModel? queue), $"tail doorbell of queue {id}, which does not exist");
        Require(value < queue!.Size, $"tail {value} in a queue of {queue.Size} entries");
        int added = ((int)value - queue.Tail + queue.Size) % queue.Size;
        Require(added > 0, "tail doorbell written without a new entry");
        Require(added + queue.Used < queue.Size, "submission queue overflow");
        while (queue.Tail != (int)value)
        {
            queue.Announced.Enqueue(*EntryAt(queue, queue.Tail));
            queue.Tail = (queue.Tail + 1) % queue.Size;
        }
    }

    private void MoveHead(int id, uint value)
    {
        Require(_completionQueues.TryGetValue(id, out CompletionQueueModel? queue), $"head doorbell of queue {id}, which does not exist");
        Require(value < queue!.Size, $"head {value} in a queue of {queue.Size} entries");
        int consumed = ((int)value - queue.Head + queue.Size) % queue.Size;
        Require(consumed > 0, "head doorbell written without anything consumed");
        Require(consumed <= queue.Used, "the host consumed completions that were never posted");
        queue.Head = (int)value;
    }

    private SubmissionEntry* EntryAt(SubmissionQueueModel queue, int index)
        => (SubmissionEntry*)_host.Memory.At(queue.Physical + (ulong)index * 64, 64);

    private void Work()
    {
        if (!DmaEnabled)
            return;
        foreach (SubmissionQueueModel queue in _submissionQueues.Values)
        {
            // Some of what is there, sometimes nothing: fetching is as asynchronous as everything else.
            int fetch = queue.Id == 0 ? queue.Used : _random.Next(queue.Used + 1);
            for (int i = 0; i < fetch; i++)
                Fetch(queue);
        }
        foreach (ModelCommand command in DueInRandomOrder())
        {
            CompletionQueueModel completions = _completionQueues[command.Queue.CompletionQueue];
            if (!completions.IsFull)
                Finish(command, completions);
        }
    }

    private void Fetch(SubmissionQueueModel queue)
    {
        SubmissionEntry entry = *EntryAt(queue, queue.Head);
        SubmissionEntry announced = queue.Announced.Dequeue();
        Require(entry.Equals(announced), "a submission entry was changed after its doorbell");
        Require(entry.CommandId != 0xFFFF, "command id FFFFh was used");
        Require(!queue.Outstanding.ContainsKey(entry.CommandId), $"command id {entry.CommandId:x} reused while outstanding");
        Require(entry.Flags == 0 && entry.Dword2 == 0 && entry.Dword3 == 0 && entry.MetadataPointer == 0, "reserved command fields are set");
        queue.Head = (queue.Head + 1) % queue.Size;
        ulong latency = (ulong)_random.NextInt64((long)_options.MaximumLatencyNanoseconds + 1);
        var command = new ModelCommand
        {
            Queue = queue,
            Entry = entry,
            Data = queue.Id == 0 ? ResolveAdmin(in entry) : ResolveIo(in entry),
            ReadyAt = Now + latency,
            Hangs = queue.Id == 0 && entry.Opcode == (byte)AdminOpcode.AsynchronousEventRequest || (Hangs?.Invoke(entry) ?? false),
        };
        queue.Outstanding.Add(entry.CommandId, command);
        if (queue.Id == 0 && entry.Opcode == (byte)AdminOpcode.AsynchronousEventRequest)
            Require(EventRequests.Count <= _options.EventRequests, "more event requests than AERL allows");
    }

    private List<ModelCommand> DueInRandomOrder()
    {
        var due = new List<ModelCommand>();
        foreach (SubmissionQueueModel queue in _submissionQueues.Values)
        {
            foreach (ModelCommand command in queue.Outstanding.Values)
            {
                if (command.ReadyAt <= Now && !command.Hangs)
                    due.Add(command);
            }
        }
        for (int i = due.Count - 1; i > 0; i--)
        {
            int other = _random.Next(i + 1);
            (due[i], due[other]) = (due[other], due[i]);
        }
        return due;
    }

    private void Finish(ModelCommand command, CompletionQueueModel completions)
    {
        SubmissionEntry entry = command.Entry;
        List<PrpRange> again = command.Queue.Id == 0 ? ResolveAdmin(in entry) : ResolveIo(in entry);
        Require(again.Count == command.Data.Count, "a PRP list changed while its command was outstanding");
        for (int i = 0; i < again.Count; i++)
            Require(again[i] == command.Data[i], "a PRP list changed while its command was outstanding");
        uint result = 0;
        NvmeStatus status = command.Queue.Id == 0 ? ExecuteAdmin(in entry, command.Data, out result) : ExecuteIo(in entry, command.Data);
        command.Queue.Outstanding.Remove(entry.CommandId);
        Post(completions, command.Queue, entry.CommandId, command.Queue.Id, status, result);
    }

    private void Post(CompletionQueueModel queue, SubmissionQueueModel from, ushort commandId, int submissionQueue, NvmeStatus status, uint result)
    {
        var completion = (CompletionEntry*)_host.Memory.At(queue.Physical + (ulong)queue.Tail * 16, 16);
        Require(completion->Phase != queue.Phase, "the host wrote into a completion queue");
        *completion = new CompletionEntry
        {
            Result = result,
            SubmissionHead = (ushort)from.Head,
            SubmissionQueue = (ushort)submissionQueue,
            CommandId = commandId,
            StatusAndPhase = (ushort)(status.Raw << 1 | (queue.Phase ? 1 : 0)),
        };
        queue.Tail++;
        if (queue.Tail == queue.Size)
        {
            queue.Tail = 0;
            queue.Phase = !queue.Phase;
        }
        if (queue.Vector >= 0)
            _host.Raise(queue.Vector);
    }
}
