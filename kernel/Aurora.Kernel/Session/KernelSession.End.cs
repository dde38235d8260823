// The end of a session. Whoever asks for it (init's exit, reboot(2), the launcher), the order is the same:
//
//   Covering    no thread runs any more; a last checkpoint, until it is durable and everything held has been shown
//   Settling    one more, if showing it changed the held output: the next boot must not show it again
//   Closing     a fiber ends maintenance and leaves the log with a watermark
//   Finish      the controller is shut down; the report on the control channel; off
//
// When the store or the disk has failed for good, or there is no room for the last checkpoint, an exit status would be a lie: the launcher hears "@refused" instead.
// A rollback ends the session that runs as well: the store holds another one, and the machine is reset into it.
using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Kernel;

internal enum EndReason
{
    None,

    /// <summary>Init has ended; its exit status is reported.</summary>
    Exit,
    PowerOff,
    Restart,

    /// <summary>The store's present state is another one now.</summary>
    Rollback,
}

internal enum EndStage
{
    Covering,
    Settling,
    Closing,
}

internal sealed unsafe partial class KernelSession
{
    // How long closing may take: a device that does not answer must not keep the machine on.
    private const ulong ClosingNanoseconds = 10_000_000_000;

    private EndReason _ending;
    private EndStage _stage;
    private int _exitStatus;
    private Epoch _lastEpoch;
    private bool _failureReported;
    private bool _maintenanceEnded;
    private bool _isClosed;
    private ulong _closingEndNanoseconds;

    /// <summary>When <see cref="CheckEnd"/> has to be called again at the latest.</summary>
    public ulong EndDueNanoseconds => _stage == EndStage.Closing ? _closingEndNanoseconds : ulong.MaxValue;

    /// <summary>Starts ending the session; the first reason given counts.</summary>
    public void BeginEnd(EndReason reason, int exitStatus)
    {
        if (_ending != EndReason.None)
            return;
        _ending = reason;
        _exitStatus = exitStatus;
        _lastEpoch = Group.Engine.Request();
    }

    /// <summary>Called every turn of the main loop: notices a failed store and a rollback, and brings an end that is due one step further.</summary>
    public void CheckEnd()
    {
        bool hasFailed = Group.Engine.HasFailed || HasDiskFailed;
        if (hasFailed && !_failureReported)
            ReportFailure();
        if (Group.Engine.HasRolledBack && _ending != EndReason.Rollback)
            BeginRollback();
        if (_ending == EndReason.None)
            return;
        if (_stage == EndStage.Closing)
            FinishClosing();
        else if (hasFailed || Group.Engine.ErrorOf(_lastEpoch) != Errno.Ok)
            GiveUp();
        else if (Group.Engine.IsDurable(_lastEpoch) && !Group.Output.IsPending)
            Settle();
    }

    /// <summary>Looks after the store; returns when the session ends. Blocks.</summary>
    public void RunMaintenance()
    {
        Group.Store.RunMaintenance();
        _maintenanceEnded = true;
    }

    /// <summary>
    /// Leaves the store. Its memory goes with the machine; what counts is that everything is durable and the log says so. The engine has nothing
    /// under way. Blocks.
    /// </summary>
    public void Close()
    {
        Group.Store.StopMaintenance();
        while (!_maintenanceEnded)
            Fibers.Yield();
        Group.Store.WriteWatermark();
        ForgetFailedStarts();
        _isClosed = true;
    }

    private void ReportFailure()
    {
        _failureReported = true;
        if (HasDiskFailed)
            Refuse("disk"u8, "it has failed and resets did not help; the session is paused at its last durable checkpoint"u8);
        else
            Refuse("store"u8, "a commit failed; the session is paused at its last durable checkpoint"u8);
    }

    private void BeginRollback()
    {
        _ending = EndReason.Rollback;
        KernelLog.Line("checkpoint: rolled back; the machine starts again from there"u8);
        BeginClosing();
    }

    private void Settle()
    {
        if (_stage == EndStage.Covering)
        {
            _stage = EndStage.Settling;
            if (Group.Engine.HasChanges)
                _lastEpoch = Group.Engine.Request();
            return;
        }
        Group.Engine.IsEnabled = false;
        BeginClosing();
    }

    private void BeginClosing()
    {
        _stage = EndStage.Closing;
        _closingEndNanoseconds = Hardware.Clock.MonotonicNanoseconds + ClosingNanoseconds;
        if (!Fibers.Start(_closing))
            _closingEndNanoseconds = 0;
    }

    private void FinishClosing()
    {
        bool isLate = Hardware.Clock.MonotonicNanoseconds >= _closingEndNanoseconds;
        // What was durable before a rollback is still shown; what was not never happened.
        bool isShown = Group.Output.Emitted >= Group.Output.Durable;
        if (!isLate && !(_isClosed && isShown))
            return;
        if (_isClosed)
            Disk!.Controller.Shutdown();
        Finish();
    }

    // Nothing of the last checkpoint will be on the disk: whatever the programs would report, it has not happened.
    private void GiveUp()
    {
        if (!_failureReported)
            Refuse("store"u8, "no room for the session's last checkpoint; the one before it stays"u8);
        Hardware.PowerOff(1);
    }

    private void Finish()
    {
        _mark.IsSet = false;
        if (_ending is EndReason.Restart or EndReason.Rollback)
            Hardware.Reset();
        Span<byte> buffer = stackalloc byte[64];
        var line = new Utf8Writer(buffer);
        line.Append(_ending == EndReason.Exit ? "@exit "u8 : "@poweroff "u8);
        line.AppendDecimal(_exitStatus);
        KernelLog.Line(line.Written);
        Hardware.PowerOff((byte)(_exitStatus & 0x7F));
    }
}

/// <summary>What the group may do to the machine.</summary>
internal sealed class SessionControl(KernelSession session) : MachineControl
{
    private const int SignalExitBase = 128;

    // As a shell reports it: the exit code, or 128 plus the signal.
    public override void SessionEnded(int waitStatus)
        => session.BeginEnd(EndReason.Exit,
            WaitStatus.IsExit(waitStatus) ? WaitStatus.ExitCode(waitStatus) : SignalExitBase + WaitStatus.SignalOf(waitStatus));

    public override void PowerOff() => session.BeginEnd(EndReason.PowerOff, 0);

    public override void Restart() => session.BeginEnd(EndReason.Restart, 0);
}
