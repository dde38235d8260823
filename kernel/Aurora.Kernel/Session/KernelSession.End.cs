// The end of a session. Whoever asks for it (init's exit, reboot(2), the launcher), the order is the same: a last checkpoint, wait until it
// is durable and everything held has been shown, close the store, report, power off. After a refused commit, or when the disk has failed for
// good, there is nothing to wait for: the machine says what happened and stops running guests. Their last durable checkpoint is safe.
using System;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Kernel;

internal enum EndReason
{
    None,

    /// <summary>Init has ended; its exit status is reported.</summary>
    Exit,
    PowerOff,
    Restart,
}

internal sealed unsafe partial class KernelSession
{
    private EndReason _ending;
    private int _exitStatus;
    private Epoch _lastEpoch;
    private bool _failureReported;

    /// <summary>Starts ending the session; the first reason given counts.</summary>
    public void BeginEnd(EndReason reason, int exitStatus)
    {
        if (_ending != EndReason.None)
            return;
        _ending = reason;
        _exitStatus = exitStatus;
        _lastEpoch = Group.Engine.Request(default);
    }

    /// <summary>Called every turn of the main loop: notices a failed store, and finishes an end that is due.</summary>
    public void CheckEnd()
    {
        bool hasFailed = Group.Engine.HasFailed || HasDiskFailed;
        if (hasFailed && !_failureReported)
            ReportFailure();
        if (_ending == EndReason.None)
            return;
        bool isSafe = !Group.Engine.IsEnabled || Group.Engine.IsDurable(_lastEpoch) || hasFailed;
        bool isShown = !Group.Output.IsPending || hasFailed;
        if (isSafe && isShown)
            Finish();
    }

    private void ReportFailure()
    {
        _failureReported = true;
        IsPaused = true;
        if (HasDiskFailed)
            Refuse("disk"u8, "it has failed and resets did not help; the session is paused at its last durable checkpoint"u8);
        else
            Refuse("store"u8, "a commit failed; the session is paused at its last durable checkpoint"u8);
    }

    private void Finish()
    {
        Span<byte> buffer = stackalloc byte[64];
        var line = new Utf8Writer(buffer);
        line.Append(_ending == EndReason.Exit ? "@exit "u8 : "@poweroff "u8);
        line.AppendDecimal(_exitStatus);
        KernelLog.Line(line.Written);
        if (_ending == EndReason.Restart)
            Hardware.Reset();
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
