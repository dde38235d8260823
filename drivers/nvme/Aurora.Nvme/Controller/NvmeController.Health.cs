// Watching over a running controller, without ever waiting: CheckHealth reads the status register, asks for the abort of late commands, and
// moves admin commands on. A command that is late is aborted (NVM Express 1.4 §5.1), one at a time, which respects any abort limit; the
// request is issued again when its command ends as aborted. A command that neither completes nor ends in time, or was late too often,
// leads to a reset. What the controller reports by itself (asynchronous events, §5.2) is logged after its log page was read, which lets it
// report such an event again; a namespace that changed is identified again.
using Aurora.Base;

namespace Aurora.Nvme;

public sealed unsafe partial class NvmeController
{
    /// <summary>How soon CheckHealth wants to look again while an admin command or a reset is under way.</summary>
    private const ulong BusyCheckNanoseconds = 500_000;

    private enum AdminWork : byte
    {
        None,
        Abort,
        ReadHealth,
        ReadErrors,
        ReadChangedNamespaces,
        IdentifyNamespace,
    }

    private AdminWork _adminWork;
    private ulong _adminDeadline;
    private uint _adminWanted;
    private ulong _lastHealthCheck;
    private ulong _nextHealthCheck;

    /// <summary>When <see cref="CheckHealth"/> wants to be called next: the idle loop need not wake for the device before.</summary>
    public ulong NextHealthCheckNanoseconds => State switch
    {
        NvmeState.Ready => IsIdle && !IsAdminBusy ? _lastHealthCheck + _options.IdleCheckNanoseconds : _nextHealthCheck,
        NvmeState.Resetting or NvmeState.Stopping => _nextHealthCheck,
        _ => ulong.MaxValue,
    };

    private bool IsAdminBusy => _adminWork != AdminWork.None || _adminWanted != 0;

    /// <summary>
    /// Looks for late commands, events, a fatal status and a device that is gone, at most once per health check period; moves a resetting
    /// or stopping controller on. The main loop calls it with the monotonic time when <see cref="NextHealthCheckNanoseconds"/> has come.
    /// </summary>
    public void CheckHealth(ulong nowNanoseconds)
    {
        if (State == NvmeState.Resetting)
            ContinueReset(nowNanoseconds);
        else if (State == NvmeState.Stopping)
            ContinueStopping(nowNanoseconds);
        else if (State == NvmeState.Ready && nowNanoseconds >= _nextHealthCheck)
            WatchOver(nowNanoseconds);
    }

    private void WatchOver(ulong now)
    {
        var status = new ControllerStatus(_registers.Read32(NvmeRegister.Status));
        if (status.IsAllOnes)
            BeginStopping(NvmeFault.Removed, now);
        else if (status.IsFatal)
            BeginReset(NvmeFault.FatalStatus, now);
        else if (!status.IsReady)
            BeginReset(NvmeFault.LostReady, now);
        else
        {
            // A command that completed while nobody looked is not late.
            ProcessCompletions();
            ServeAdmin(now);
            if (State == NvmeState.Ready)
                LookForLateCommands(now);
            if (State == NvmeState.Ready)
                PlanHealthCheck(now);
        }
    }

    private void PlanHealthCheck(ulong now)
    {
        _lastHealthCheck = now;
        _nextHealthCheck = now + (IsAdminBusy ? BusyCheckNanoseconds : _options.HealthCheckNanoseconds);
    }

    private void LookForLateCommands(ulong now)
    {
        foreach (QueuePair pair in _pairs)
        {
            if (!pair.TryFindLate(now, out LateCommand late))
                continue;
            if (late.Note.IsAbortAsked || late.Note.Reissues >= QueuePair.MostReissues)
            {
                BeginReset(NvmeFault.CommandTimeout, now);
                return;
            }
            if (_adminWork != AdminWork.None)
                continue;
            Statistics.Aborts++;
            NvmeLog.Late(late.Request);
            pair.AskAbort(late.CommandId, now + _options.AbortTimeoutNanoseconds);
            BeginAdmin(AdminWork.Abort, AdminCommands.Abort(pair.Queue, late.CommandId), now);
        }
    }

    private void BeginAdmin(AdminWork work, in SubmissionEntry command, ulong now)
    {
        _adminWork = work;
        _adminDeadline = now + _options.AdminTimeoutNanoseconds;
        _admin!.Begin(command);
    }

    private void ServeAdmin(ulong now)
    {
        AdminOutcome outcome;
        while ((outcome = _admin!.Poll(out CompletionEntry completion)) != AdminOutcome.Pending)
        {
            if (outcome == AdminOutcome.Completed)
                FinishAdmin(in completion, now);
            else if (outcome == AdminOutcome.Event)
                TakeEvent(in completion);
            else
                NvmeLog.BadCompletion(0, in completion, ++Statistics.BadCompletions);
            if (State != NvmeState.Ready)
                return;
        }
        if (_adminWork != AdminWork.None)
        {
            if (now > _adminDeadline)
                BeginReset(NvmeFault.AdminTimeout, now);
            return;
        }
        _admin.ArmEvents(_eventRequests);
        BeginWantedWork(now);
    }

    private void BeginWantedWork(ulong now)
    {
        ulong page = _host.PhysicalOf(_bringUp!.Scratch);
        if (TakeWanted(AdminWork.ReadHealth))
            BeginAdmin(AdminWork.ReadHealth, AdminCommands.GetLogPage(HealthLog.Page, HealthLog.SizeBytes, page), now);
        else if (TakeWanted(AdminWork.ReadChangedNamespaces))
            BeginAdmin(AdminWork.ReadChangedNamespaces, AdminCommands.GetLogPage(AsynchronousEvent.ChangedNamespacesPage, PageSize.Bytes, page), now);
        else if (TakeWanted(AdminWork.ReadErrors))
            BeginAdmin(AdminWork.ReadErrors, AdminCommands.GetLogPage(AsynchronousEvent.ErrorsPage, AsynchronousEvent.ErrorEntryBytes, page), now);
        else if (TakeWanted(AdminWork.IdentifyNamespace))
            BeginAdmin(AdminWork.IdentifyNamespace, AdminCommands.IdentifyNamespace(_namespace.Id, page), now);
    }

    private void Want(AdminWork work) => _adminWanted |= 1u << (int)work;

    private bool TakeWanted(AdminWork work)
    {
        uint bit = 1u << (int)work;
        bool isWanted = (_adminWanted & bit) != 0;
        _adminWanted &= ~bit;
        return isWanted;
    }

    private void TakeEvent(in CompletionEntry completion)
    {
        if (!completion.Status.IsSuccess)
        {
            // The controller takes fewer requests than it said: go without.
            _eventRequests = _admin!.EventsArmed;
            NvmeLog.Warning("an asynchronous event request failed"u8, completion.Status);
            return;
        }
        var happened = new AsynchronousEvent(completion.Result);
        NvmeLog.Event(happened, ++Statistics.Events);
        switch (happened.LogPage)
        {
            case HealthLog.Page:
                Want(AdminWork.ReadHealth);
                break;
            case AsynchronousEvent.ChangedNamespacesPage:
                Want(AdminWork.ReadChangedNamespaces);
                Want(AdminWork.IdentifyNamespace);
                break;
            case AsynchronousEvent.ErrorsPage:
                Want(AdminWork.ReadErrors);
                break;
        }
    }

    private void FinishAdmin(in CompletionEntry completion, ulong now)
    {
        AdminWork work = _adminWork;
        _adminWork = AdminWork.None;
        if (!completion.Status.IsSuccess)
        {
            NvmeLog.Warning(work == AdminWork.Abort ? "an abort failed"u8 : "an admin command failed"u8, completion.Status);
            return;
        }
        if (work == AdminWork.Abort && (completion.Result & 1) != 0)
            KernelLog.Line("nvme: the controller could not abort the command"u8);
        else if (work == AdminWork.ReadHealth)
            NvmeLog.Health((HealthLog*)_bringUp!.Scratch);
        else if (work == AdminWork.IdentifyNamespace)
            CompareNamespace((IdentifyNamespace*)_bringUp!.Scratch, now);
    }

    // A smaller namespace refuses what lies beyond its end by itself; under another format every address would mean another place.
    private void CompareNamespace(IdentifyNamespace* data, ulong now)
    {
        if (_namespace.Holds(data))
            return;
        NvmeLog.NamespaceRefused(_namespace.Id, data);
        if (_namespace.HasFormat(data))
            NvmeLog.Shrunk(data->SizeLogicalBlocks >> _namespace.LogicalBlocksShift, BlockCount);
        else
            BeginStopping(NvmeFault.IdentityChanged, now);
    }
}
