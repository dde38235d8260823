// The admin queue of a running controller, without ever waiting. What the controller reports by itself (asynchronous events, NVM Express
// 1.4 §5.2) is logged after its log page was read, which lets it report such an event again; a namespace that changed is identified again.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Moves admin commands on, and does what events ask for.</summary>
internal sealed unsafe class AdminWorker(
    ControllerState state, AdminState work, NvmeHost host, NvmeOptions options, ControllerReset reset, ControllerStop stop)
{
    public bool IsFree => work.UnderWay == AdminWork.None;

    public void Begin(AdminWork what, in SubmissionEntry command, ulong now)
    {
        work.UnderWay = what;
        work.Deadline = now + options.AdminTimeoutNanoseconds;
        state.Admin!.Begin(command);
    }

    /// <summary>Takes what has completed or was reported, and begins what is wanted. The state may be another one afterwards.</summary>
    public void Serve(ulong now)
    {
        AdminOutcome outcome;
        while ((outcome = state.Admin!.Poll(out CompletionEntry completion)) != AdminOutcome.Pending)
        {
            if (outcome == AdminOutcome.Completed)
                Finish(in completion, now);
            else if (outcome == AdminOutcome.Event)
                TakeEvent(in completion);
            else
                NvmeLog.BadCompletion(0, in completion, ++state.Statistics.BadCompletions);
            if (state.State != NvmeState.Ready)
                return;
        }
        if (!IsFree)
        {
            if (now > work.Deadline)
                reset.Begin(NvmeFault.AdminTimeout, now);
            return;
        }
        state.Admin.ArmEvents(state.EventRequests);
        BeginWanted(now);
    }

    private void BeginWanted(ulong now)
    {
        ulong page = host.PhysicalOf(state.Scratch);
        if (work.TakeWanted(AdminWork.ReadHealth))
            Begin(AdminWork.ReadHealth, AdminCommands.GetLogPage(HealthLog.Page, HealthLog.SizeBytes, page), now);
        else if (work.TakeWanted(AdminWork.ReadChangedNamespaces))
            Begin(AdminWork.ReadChangedNamespaces, AdminCommands.GetLogPage(AsynchronousEvent.ChangedNamespacesPage, PageSize.Bytes, page),
                now);
        else if (work.TakeWanted(AdminWork.ReadErrors))
            Begin(AdminWork.ReadErrors, AdminCommands.GetLogPage(AsynchronousEvent.ErrorsPage, AsynchronousEvent.ErrorEntryBytes, page),
                now);
        else if (work.TakeWanted(AdminWork.IdentifyNamespace))
            Begin(AdminWork.IdentifyNamespace, AdminCommands.IdentifyNamespace(state.Namespace.Id, page), now);
    }

    private void TakeEvent(in CompletionEntry completion)
    {
        if (!completion.Status.IsSuccess)
        {
            // The controller takes fewer requests than it said: go without.
            state.EventRequests = state.Admin!.EventsArmed;
            NvmeLog.Warning("an asynchronous event request failed"u8, completion.Status);
            return;
        }
        var happened = new AsynchronousEvent(completion.Result);
        NvmeLog.Event(happened, ++state.Statistics.Events);
        switch (happened.LogPage)
        {
            case HealthLog.Page:
                work.Want(AdminWork.ReadHealth);
                break;
            case AsynchronousEvent.ChangedNamespacesPage:
                work.Want(AdminWork.ReadChangedNamespaces);
                work.Want(AdminWork.IdentifyNamespace);
                break;
            case AsynchronousEvent.ErrorsPage:
                work.Want(AdminWork.ReadErrors);
                break;
        }
    }

    private void Finish(in CompletionEntry completion, ulong now)
    {
        AdminWork done = work.UnderWay;
        work.UnderWay = AdminWork.None;
        if (!completion.Status.IsSuccess)
        {
            NvmeLog.Warning(done == AdminWork.Abort ? "an abort failed"u8 : "an admin command failed"u8, completion.Status);
            return;
        }
        if (done == AdminWork.Abort && (completion.Result & 1) != 0)
            KernelLog.Line("nvme: the controller could not abort the command"u8);
        else if (done == AdminWork.ReadHealth)
            NvmeLog.Health((HealthLog*)state.Scratch);
        else if (done == AdminWork.IdentifyNamespace)
            CompareNamespace((IdentifyNamespace*)state.Scratch, now);
    }

    // A smaller namespace refuses what lies beyond its end by itself; under another format every address would mean another place.
    private void CompareNamespace(IdentifyNamespace* data, ulong now)
    {
        NvmeNamespace known = state.Namespace;
        if (known.Holds(data))
            return;
        NvmeLog.NamespaceRefused(known.Id, data);
        if (known.HasFormat(data))
            NvmeLog.Shrunk(data->SizeLogicalBlocks >> known.LogicalBlocksShift, known.BlockCount);
        else
            stop.Begin(NvmeFault.IdentityChanged, now);
    }
}
