// The admin queue pair (NVM Express 1.4 §7.6.1): queue 0, polled. At most one command of the driver's is outstanding, besides the
// Asynchronous Event Requests, which stay outstanding until the controller has something to tell. Command ids with the top bit set are
// event requests; a completion for anything that is not outstanding is told apart.
using System.Numerics;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>What came of polling the admin queue.</summary>
internal enum AdminOutcome : byte
{
    Pending,
    Completed,

    /// <summary>An Asynchronous Event Request completed; it is not outstanding any more.</summary>
    Event,

    /// <summary>The controller posted a completion for a command that is not outstanding.</summary>
    BadCompletion,
}

/// <summary>Issues admin commands and polls for their completion.</summary>
internal sealed unsafe class AdminQueue
{
    public const int Entries = 32;

    /// <summary>The most event requests the driver keeps outstanding.</summary>
    public const int MaximumEventRequests = 4;

    private const ushort EventId = 0x8000;

    private readonly PageAllocator _pages;
    private readonly SubmissionRing _submissions;
    private readonly CompletionRing _completions;
    private readonly void* _submissionMemory;
    private readonly void* _completionMemory;
    private ushort _commandId;
    private uint _armed;

    private AdminQueue(PageAllocator pages, NvmeRegisters registers, DoorbellLayout doorbells, void* submissions, void* completions)
    {
        _pages = pages;
        _submissionMemory = submissions;
        _completionMemory = completions;
        _submissions = new SubmissionRing(registers, (SubmissionEntry*)submissions, Entries, doorbells.SubmissionTail(0));
        _completions = new CompletionRing(registers, (CompletionEntry*)completions, Entries, doorbells.CompletionHead(0));
    }

    public void* SubmissionMemory => _submissionMemory;

    public void* CompletionMemory => _completionMemory;

    /// <summary>True while a command of the driver's is outstanding.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>How many event requests are outstanding.</summary>
    public int EventsArmed => BitOperations.PopCount(_armed);

    /// <summary>The queue pair, or null when there is no memory for it.</summary>
    public static AdminQueue? Allocate(PageAllocator pages, NvmeRegisters registers, DoorbellLayout doorbells)
    {
        void* submissions = pages.Allocate(SubmissionRing.PagesFor(Entries));
        if (submissions == null)
            return null;
        void* completions = pages.Allocate(CompletionRing.PagesFor(Entries));
        if (completions != null)
            return new AdminQueue(pages, registers, doorbells, submissions, completions);
        pages.Free(submissions, SubmissionRing.PagesFor(Entries));
        return null;
    }

    /// <summary>Forgets all that was outstanding; only while the controller is disabled.</summary>
    public void Reset()
    {
        _submissions.Reset();
        _completions.Reset();
        IsBusy = false;
        _armed = 0;
    }

    /// <summary>Hands one command to the controller; the previous one must have completed.</summary>
    public void Begin(SubmissionEntry command)
    {
        Panic.Unless(!IsBusy, "nvme: two admin commands at once"u8);
        IsBusy = true;
        _commandId = (ushort)((_commandId + 1) & ~EventId);
        command.CommandId = _commandId;
        _submissions.Push(in command);
        _submissions.Ring();
    }

    /// <summary>Makes so many event requests outstanding.</summary>
    public void ArmEvents(int count)
    {
        for (int i = 0; i < count; i++)
        {
            if ((_armed & 1u << i) != 0)
                continue;
            SubmissionEntry request = AdminCommands.AsynchronousEventRequest();
            request.CommandId = (ushort)(EventId | i);
            _submissions.Push(in request);
            _armed |= 1u << i;
        }
        _submissions.Ring();
    }

    /// <summary>Looks once whether the command has completed, or an event came.</summary>
    public AdminOutcome Poll(out CompletionEntry completion)
    {
        if (!_completions.TryTake(out completion))
            return AdminOutcome.Pending;
        _completions.Ring();
        if (completion.SubmissionQueue != 0)
            return AdminOutcome.BadCompletion;
        int index = completion.CommandId & ~EventId;
        if ((completion.CommandId & EventId) != 0 && index < MaximumEventRequests && (_armed & 1u << index) != 0)
        {
            _armed &= ~(1u << index);
            return AdminOutcome.Event;
        }
        if (!IsBusy || completion.CommandId != _commandId)
            return AdminOutcome.BadCompletion;
        IsBusy = false;
        return AdminOutcome.Completed;
    }

    /// <summary>Returns the memory; only once the controller cannot reach it any more.</summary>
    public void Release()
    {
        _pages.Free(_submissionMemory, SubmissionRing.PagesFor(Entries));
        _pages.Free(_completionMemory, CompletionRing.PagesFor(Entries));
    }
}
