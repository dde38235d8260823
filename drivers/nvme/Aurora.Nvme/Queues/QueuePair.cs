// One I/O submission queue with its completion queue, its outstanding commands, their PRP lists, and the requests that wait for a free
// slot in first-in first-out order. There is one pair per processor; pairs share nothing. Protected by the kernel lock; the interrupt
// handler touches InterruptPending only. While the controller is reset the pair is held: requests only wait, and Recall puts those that
// were on the device back in front of them, in the order in which they were issued. Every operation may be issued twice: until its
// completion is reported, nobody may expect the blocks to have any particular contents.
using System.Threading;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Carries block requests through one queue pair.</summary>
internal sealed unsafe class QueuePair
{
    /// <summary>How often a request is issued again by itself before its error is reported, or a reset is tried.</summary>
    public const int MostReissues = 3;

    private readonly NvmeHost _host;
    private readonly NvmeNamespace _namespace;
    private readonly NvmeStatistics _statistics;
    private readonly QueueMemory _memory;
    private readonly SubmissionRing _submissions;
    private readonly CompletionRing _completions;
    private readonly CommandTable _commands;
    private readonly int _entries;
    private readonly FlushGuard _flushes;
    private readonly DeviceLoad _load;
    private readonly ulong _timeoutNanoseconds;
    private BlockRequest* _firstWaiting;
    private BlockRequest* _lastWaiting;
    private bool _interruptPending;
    private bool _isHeld;

    // The bring-up's own flush while it is on the device: nobody's request, so it is neither issued again nor counted as lost.
    private BlockRequest* _drain;

    /// <summary>A pair over memory that was allocated for it. Queue ids start at 1; 0 is the admin queue.</summary>
    public QueuePair(QueueEnvironment environment, int queue, QueueMemory memory)
    {
        _host = environment.Host;
        _namespace = environment.Namespace;
        _statistics = environment.Statistics;
        _flushes = environment.Flushes;
        _load = environment.Load;
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

    /// <summary>The interrupt vector the completion queue uses; −1 when it is polled.</summary>
    public int Vector { get; set; } = -1;

    public QueueMemory Memory => _memory;

    /// <summary>The most commands that can be in flight.</summary>
    public int Depth => _commands.Capacity;

    public int InFlight => _commands.Count;

    public bool IsIdle => _commands.Count == 0 && _firstWaiting == null;

    /// <summary>Set by the interrupt handler, cleared by <see cref="ProcessCompletions"/>.</summary>
    public bool InterruptPending
    {
        get => Volatile.Read(ref _interruptPending);
        set => Volatile.Write(ref _interruptPending, value);
    }

    /// <summary>Takes a checked request in; the controller sees it at the next <see cref="Ring"/>, or when a slot is free.</summary>
    public void Submit(BlockRequest* request)
    {
        if (_firstWaiting == null && !_commands.IsFull && !_isHeld)
        {
            Issue(request, 0);
            return;
        }
        _statistics.Queued++;
        PutLast(request);
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
        int taken = TakeCompletions();
        if (taken == 0)
            return 0;
        _completions.Ring();
        _statistics.CompletionDoorbells++;
        IssueWaiting();
        return taken;
    }

    /// <summary>Completes what the controller has posted without telling it: for one that is stopping or stopped. Returns how many entries it took.</summary>
    public int TakeCompletions()
    {
        int taken = 0;
        while (taken < _completions.Size && _completions.TryTake(out CompletionEntry completion))
        {
            taken++;
            Complete(in completion);
        }
        return taken;
    }

    /// <summary>Finds a command whose deadline has passed.</summary>
    public bool TryFindLate(ulong now, out LateCommand late) => _commands.TryFindLate(now, out late);

    /// <summary>Gives a late command, whose abort is being asked for, until a new deadline to end.</summary>
    public void AskAbort(ushort commandId, ulong deadline) => _commands.AskAbort(commandId, deadline);

    /// <summary>From here to <see cref="Resume"/> nothing is issued.</summary>
    public void Hold() => _isHeld = true;

    /// <summary>
    /// Once the controller is disabled: completes what it posted before, takes everything else back to be issued again, and empties the
    /// rings. Returns how many requests were taken back.
    /// </summary>
    public int Recall()
    {
        TakeCompletions();
        BlockRequest* first = null;
        BlockRequest* last = null;
        int count = 0;
        BlockRequest* request;
        while ((request = TakeOutstanding()) != null)
        {
            if (first == null)
                first = request;
            else
                last->Next = request;
            last = request;
            count++;
        }
        if (first != null)
            PutFirst(first, last);
        _submissions.Reset();
        _completions.Reset();
        return count;
    }

    /// <summary>Issues what has waited for the end of the reset.</summary>
    public void Resume()
    {
        _isHeld = false;
        IssueWaiting();
    }

    /// <summary>Issues the flush of a bring-up, at once although the pair is held. Recall forgets it.</summary>
    public void IssueDrain(BlockRequest* request)
    {
        _drain = request;
        Issue(request, 0);
        Ring();
    }

    /// <summary>Completes every waiting flush as failed: what it would vouch for may be lost.</summary>
    public void FailWaitingFlushes()
    {
        BlockRequest* request = _firstWaiting;
        _firstWaiting = null;
        while (request != null)
        {
            BlockRequest* next = request->Next;
            if (request->Operation == BlockOperation.Flush)
                Finish(_host, request, BlockStatus.MediaError);
            else
                PutLast(request);
            request = next;
        }
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
    public BlockRequest* TakeOutstanding()
    {
        BlockRequest* request = ReleaseOldest();
        if (request == null || request != _drain)
            return request;
        _drain = null;
        return ReleaseOldest();
    }

    /// <summary>Reports a request's outcome. The status is written last: from then on the request is its submitter's again.</summary>
    public static void Finish(NvmeHost host, BlockRequest* request, BlockStatus status)
    {
        if (!request->Waiters.IsEmpty)
            host.Fibers.WakeAll(&request->Waiters);
        Volatile.Write(ref *(byte*)&request->Status, (byte)status);
    }

    private BlockRequest* ReleaseOldest()
    {
        BlockRequest* request = _commands.ReleaseOldest(out _);
        if (request != null)
            _load.Ended(request);
        return request;
    }

    private void PutLast(BlockRequest* request)
    {
        request->Next = null;
        if (_firstWaiting == null)
            _firstWaiting = request;
        else
            _lastWaiting->Next = request;
        _lastWaiting = request;
    }

    private void PutFirst(BlockRequest* first, BlockRequest* last)
    {
        last->Next = _firstWaiting;
        if (_firstWaiting == null)
            _lastWaiting = last;
        _firstWaiting = first;
    }

    private void IssueWaiting()
    {
        while (_firstWaiting != null && !_commands.IsFull && !_isHeld)
            Issue(TakeWaiting(), 0);
        Ring();
    }

    private void IssueAgain(BlockRequest* request, int reissues)
    {
        if (_isHeld)
            PutFirst(request, request);
        else
            Issue(request, reissues);
    }

    private void Issue(BlockRequest* request, int reissues)
    {
        var note = new CommandNote { WritesCompleted = _flushes.WritesCompleted, Reissues = (byte)reissues };
        ushort id = _commands.Take(request, _host.Clock.MonotonicNanoseconds + _timeoutNanoseconds, note);
        SubmissionEntry entry = Build(request, _memory.ListOf(CommandTable.SlotOf(id)));
        entry.CommandId = id;
        _load.Issued(request);
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
        CommandNote note = default;
        BlockRequest* request = plausible ? _commands.Release(completion.CommandId, out note) : null;
        if (request == null)
        {
            NvmeLog.BadCompletion(Queue, in completion, ++_statistics.BadCompletions);
            return;
        }
        _statistics.Completions++;
        _load.Ended(request);
        NvmeStatus status = completion.Status;
        if (status.IsSuccess)
            NoteSuccess(request, in note);
        else if (IsWorthAnother(request->Operation, status, in note))
        {
            NvmeLog.TriedAgain(request, status, ++_statistics.Reissues);
            IssueAgain(request, note.Reissues + 1);
            return;
        }
        else
            NvmeLog.RequestFailed(request, status, ++_statistics.Errors);
        request->DeviceStatus = status.Number;
        Finish(_host, request, status.ToBlockStatus());
    }

    private void NoteSuccess(BlockRequest* request, in CommandNote note)
    {
        _load.Succeeded(request);
        if (request->Operation is BlockOperation.Write or BlockOperation.WriteZeroes)
            _flushes.WriteCompleted();
        else if (request->Operation == BlockOperation.Flush)
            _flushes.FlushCompleted(note.WritesCompleted);
    }

    // A flush that failed is not tried again: what it could not save may have left the cache as failed, and a second flush would
    // succeed and vouch for data that is nowhere. One that we aborted has not failed.
    private static bool IsWorthAnother(BlockOperation operation, NvmeStatus status, in CommandNote note)
    {
        if (note.IsAbortAsked && status.IsAbortRequested)
            return true;
        return operation != BlockOperation.Flush && status.MayPass && note.Reissues < MostReissues;
    }
}
