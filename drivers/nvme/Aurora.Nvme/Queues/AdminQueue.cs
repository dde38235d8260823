// The admin queue pair (NVM Express 1.4 §7.6.1): queue 0, polled, one command at a time. It serves bring-up and shutdown only.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>What came of polling the admin queue.</summary>
internal enum AdminOutcome : byte
{
    Pending,
    Completed,

    /// <summary>The controller posted a completion for a command that is not outstanding.</summary>
    BadCompletion,
}

/// <summary>Issues admin commands and polls for their completion.</summary>
internal sealed unsafe class AdminQueue
{
    public const int Entries = 32;

    private readonly PageAllocator _pages;
    private readonly SubmissionRing _submissions;
    private readonly CompletionRing _completions;
    private readonly void* _submissionMemory;
    private readonly void* _completionMemory;
    private ushort _commandId;

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

    /// <summary>Hands one command to the controller; the previous one must have completed.</summary>
    public void Begin(SubmissionEntry command)
    {
        command.CommandId = ++_commandId;
        _submissions.Push(in command);
        _submissions.Ring();
    }

    /// <summary>Looks once whether the command has completed.</summary>
    public AdminOutcome Poll(out CompletionEntry completion)
    {
        if (!_completions.TryTake(out completion))
            return AdminOutcome.Pending;
        _completions.Ring();
        bool expected = completion.CommandId == _commandId && completion.SubmissionQueue == 0;
        return expected ? AdminOutcome.Completed : AdminOutcome.BadCompletion;
    }

    /// <summary>Returns the memory; only once the controller cannot reach it any more.</summary>
    public void Release()
    {
        _pages.Free(_submissionMemory, SubmissionRing.PagesFor(Entries));
        _pages.Free(_completionMemory, CompletionRing.PagesFor(Entries));
    }
}
