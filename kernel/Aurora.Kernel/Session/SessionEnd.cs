// The end of a session. Whoever asks for it (init's exit, reboot(2), the launcher: SessionControl), the order is the same:
//
//   Covering    no thread runs any more; a last checkpoint of every group, until they are durable and everything held has been shown
//   Settling    one more, if showing it changed the held output: the next boot must not show it again
//   Closing     a fiber ends maintenance and leaves the log with a watermark (ClosingFiber)
//   Finish      the controller is shut down; the report on the control channel; off
//
// When the store or the disk has failed for good, or there is no room for the last checkpoint, an exit status would be a lie: the launcher
// hears "@refused" instead. A rollback ends the session that runs as well: the store holds another one, and the machine is reset into it.
using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Posix.SystemCalls;

namespace Aurora.Kernel;

/// <summary>Notices that the session has to end, and brings it to its end.</summary>
internal sealed class SessionEnd(
    EndState end, Hardware hardware, KernelFibers fibers, NvmeDevice disk, CheckpointEngine engine, ObjectTracker host, HeldOutput output,
    FailedStarts failedStarts, ClosingFiber closing)
{
    // How long closing may take: a device that does not answer must not keep the machine on.
    private const ulong ClosingNanoseconds = 10_000_000_000;

    /// <summary>When <see cref="Check"/> has to be called again at the latest.</summary>
    public ulong DueNanoseconds => end.Stage == EndStage.Closing ? end.ClosingEndNanoseconds : ulong.MaxValue;

    /// <summary>The session ends.</summary>
    public bool IsUnderWay => end.Reason != EndReason.None;

    /// <summary>
    /// True while no thread may run: the store has failed, or has no room for what they do, and it could not become durable; or the session
    /// ends.
    /// </summary>
    public bool IsPaused => end.IsFailureReported || IsUnderWay || engine.MustPause;

    /// <summary>
    /// Called every turn of the main loop: notices a failed store and a rollback, and brings an end that is due one step further.
    /// </summary>
    public void Check()
    {
        bool hasFailed = engine.HasFailed || disk.HasFailed;
        if (hasFailed && !end.IsFailureReported)
            ReportFailure();
        if (engine.HasRolledBack && end.Reason != EndReason.Rollback)
            BeginRollback();
        if (end.Reason == EndReason.None)
            return;
        if (end.Stage == EndStage.Closing)
            FinishClosing();
        else if (hasFailed || engine.ErrorOf(host, end.LastEpoch) != Errno.Ok)
            GiveUp();
        else if (engine.IsDurable(host, end.LastEpoch) && engine.Life.AreAllDone && !output.IsPending)
            Settle();
    }

    private void ReportFailure()
    {
        end.IsFailureReported = true;
        if (disk.HasFailed)
            Refusal.Report("disk"u8, "it has failed and resets did not help; the session is paused at its last durable checkpoint"u8);
        else
            Refusal.Report("store"u8, "a commit failed; the session is paused at its last durable checkpoint"u8);
    }

    private void BeginRollback()
    {
        end.Reason = EndReason.Rollback;
        KernelLog.Line("checkpoint: rolled back; the machine starts again from there"u8);
        BeginClosing();
    }

    private void Settle()
    {
        if (end.Stage == EndStage.Covering)
        {
            end.Stage = EndStage.Settling;
            if (engine.HasChanges)
                end.LastEpoch = engine.Request();
            return;
        }
        engine.Life.DisableAll();
        BeginClosing();
    }

    private void BeginClosing()
    {
        end.Stage = EndStage.Closing;
        end.ClosingEndNanoseconds = hardware.Clock.MonotonicNanoseconds + ClosingNanoseconds;
        if (!fibers.Start(closing))
            end.ClosingEndNanoseconds = 0;
    }

    private void FinishClosing()
    {
        bool isLate = hardware.Clock.MonotonicNanoseconds >= end.ClosingEndNanoseconds;
        // What was durable before a rollback is still shown; what was not never happened.
        bool isShown = output.Emitted >= output.Durable;
        if (!isLate && !(end.IsClosed && isShown))
            return;
        if (end.IsClosed)
            disk.Controller.Shutdown();
        Finish();
    }

    // Nothing of the last checkpoint will be on the disk: whatever the programs would report, it has not happened.
    private void GiveUp()
    {
        if (!end.IsFailureReported)
            Refusal.Report("store"u8, "no room for the session's last checkpoint; the one before it stays"u8);
        hardware.PowerOff(1);
    }

    private void Finish()
    {
        failedStarts.Trust();
        if (end.Reason is EndReason.Restart or EndReason.Rollback)
            hardware.Reset();
        Span<byte> buffer = stackalloc byte[64];
        var line = new Utf8Writer(buffer);
        line.Append(end.Reason == EndReason.Exit ? "@exit "u8 : "@poweroff "u8);
        line.AppendDecimal(end.ExitStatus);
        KernelLog.Line(line.Written);
        hardware.PowerOff((byte)(end.ExitStatus & 0x7F));
    }
}
