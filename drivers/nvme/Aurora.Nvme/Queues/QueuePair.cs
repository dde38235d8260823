// One I/O submission queue with its completion queue, its outstanding commands, their PRP lists, and the requests that wait for a free
// slot in first-in first-out order. There is one pair per processor; pairs share nothing. Protected by the kernel lock; the interrupt
// handler touches InterruptPending only.
using System.Threading;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Carries block requests through one queue pair.</summary>
internal sealed unsafe class QueuePair
{
    private readonly NvmeHost _host;
    private readonly NvmeNamespace _namespace;
    private readonly NvmeStatistics _statistics;
    private readonly QueueMemory _memory;
    private readonly SubmissionRing _submissions;
    private readonly CompletionRing _completions;
    private readonly CommandTable _commands;
    private readonly int _entries;
    private readonly ulong _timeoutNanoseconds;
    private BlockRequest* _firstWaiting;
    private BlockRequest* _lastWaiting;
    private bool _interruptPending;

    /// <summary>A pair over memory that was allocated for it. Queue ids start at 1; 0 is the admin queue.</summary>
    public QueuePair(QueueEnvironment environment, int queue, QueueMemory memory)
    {
        _host = environment.Host;
        _namespace = environment.Namespace;
        _statistics = environment.Statistics;
        _timeoutNanoseconds = environment.CommandTimeoutNanoseconds;
        _memory = memory;
        _entries = memory.Entries;
        Queue = queue;
        DoorbellLayout doorbells = environment.Doorbells;
        _submissions = new SubmissionRing(environment.Registers, memory.Submissions, _entries, doorbells.SubmissionTail(queue));
        _completions = new CompletionRing(environment.Registers, memory.Completions, _entries, doorbells.CompletionHead(queue));
        _commands = new CommandTable(_entries - 1);
    }

    /// <summary>The queue id, of both queues.</summary>
    public int Queue { get; }

    public QueueMemory Memory => _memory;

    /// <summary>The most commands that can be in flight.</summary>
    public int Depth => _commands.Capacity;

    public int InFlight => _commands.Count;

    public bool IsIdle => _commands.Count == 0 && _firstWaiting == null;

    public ulong OldestDeadline => _commands.OldestDeadline;

    /// <summary>Set by the interrupt handler, cleared by <see cref="ProcessCompletions"/>.</summary>
    public bool InterruptPending
    {
        get => Volatile.Read(ref _interruptPending);
        set => Volatile.Write(ref _interruptPending, value);
    }

    /// <summary>Takes a checked request in; the controller sees it at the next <see cref="Ring"/>, or when a slot is free.</summary>
    public void Submit(BlockRequest* request)
    {
        if (_firstWaiting == null && !_commands.IsFull)
        {
            Issue(request);
            return;
        }
        _statistics.Queued++;
        request->Next = null;
        if (_firstWaiting == null)
            _firstWaiting = request;
        else
            _lastWaiting->Next = request;
        _lastWaiting = request;
    }

    /// <summary>Tells the controller of everything issued since the last ring.</summary>
    public void Ring()
    {
        if (_submissions.Ring())
            _statistics.SubmissionDoorbells++;
    }

    /// <summary>Completes what the controller has posted and issues waiting requests into the freed slots. Returns how many entries it took.</summary>
    public int ProcessCompletions()
    {
        InterruptPending = false;
        int taken = 0;
        while (taken < _completions.Size && _completions.TryTake(out CompletionEntry completion))
        {
            taken++;
            Complete(in completion);
        }
        if (taken == 0)
            return 0;
        _completions.Ring();
        _statistics.CompletionDoorbells++;
        IssueWaiting();
        return taken;
    }

    /// <summary>Takes the next request that was never issued, for completing it with an error; null when there is none.</summary>
    public BlockRequest* TakeWaiting()
    {
        BlockRequest* request = _firstWaiting;
        if (request != null)
            _firstWaiting = request->Next;
        return request;
    }

    /// <summary>Takes the oldest outstanding request; only once the controller cannot reach memory any more. Null when there is none.</summary>
    public BlockRequest* TakeOutstanding(out ulong deadline) => _commands.ReleaseOldest(out deadline);

    /// <summary>Reports a request's outcome. The status is written last: from then on the request is its submitter's again.</summary>
    public static void Finish(NvmeHost host, BlockRequest* request, BlockStatus status)
    {
        if (!request->Waiters.IsEmpty)
            host.Fibers.WakeAll(&request->Waiters);
        Volatile.Write(ref *(byte*)&request->Status, (byte)status);
    }

    private void IssueWaiting()
    {
        while (_firstWaiting != null && !_commands.IsFull)
            Issue(TakeWaiting());
        Ring();
    }

    private void Issue(BlockRequest* request)
    {
        ushort id = _commands.Take(request, _host.Clock.MonotonicNanoseconds + _timeoutNanoseconds);
        SubmissionEntry entry = Build(request, _memory.ListOf(CommandTable.SlotOf(id)));
        entry.CommandId = id;
        _submissions.Push(in entry);
        _statistics.Commands++;
        if (_commands.Count > _statistics.MostInFlight)
            _statistics.MostInFlight = _commands.Count;
    }

    private SubmissionEntry Build(BlockRequest* request, ulong* list)
    {
        int shift = _namespace.LogicalBlocksShift;
        ulong lba = request->Start.Value << shift;
        uint count = (uint)request->BlockCount << shift;
        switch (request->Operation)
        {
            case BlockOperation.Read:
            case BlockOperation.Write:
                IoOpcode opcode = request->Operation == BlockOperation.Read ? IoOpcode.Read : IoOpcode.Write;
                SubmissionEntry entry = IoCommands.Transfer(opcode, _namespace.Id, lba, count);
                PrpBuilder.Describe(_host, request->Pages, request->BlockCount, list, ref entry);
                return entry;
            case BlockOperation.WriteZeroes:
                return IoCommands.WriteZeroes(_namespace.Id, lba, count);
            case BlockOperation.Discard:
                // A discard has no data pages, so its range lives where its PRP list would.
                *(DatasetRange*)list = new DatasetRange { LogicalBlocks = count, StartLba = lba };
                return IoCommands.Deallocate(_namespace.Id, _host.PhysicalOf(list));
            default:
                return IoCommands.Flush(_namespace.Id);
        }
    }

    private void Complete(in CompletionEntry completion)
    {
        bool plausible = completion.SubmissionQueue == Queue && completion.SubmissionHead < _entries;
        BlockRequest* request = plausible ? _commands.Release(completion.CommandId) : null;
        if (request == null)
        {
            NvmeLog.BadCompletion(Queue, in completion, ++_statistics.BadCompletions);
            return;
        }
        _statistics.Completions++;
        NvmeStatus status = completion.Status;
        request->DeviceStatus = status.Number;
        if (!status.IsSuccess)
            NvmeLog.RequestFailed(request, status, ++_statistics.Errors);
        Finish(_host, request, status.ToBlockStatus());
    }
}
