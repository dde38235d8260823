using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Posix.Processes;

namespace Aurora.Kernel;

/// <summary>What groups, and the launcher, may do to the machine: have the session end.</summary>
internal sealed class SessionControl(
    EndState end, CheckpointEngine engine, ObjectTracker host, GroupEnds others, GroupExecTable execs, VolumeStreamTable streams)
    : MachineControl
{
    private const int SignalExitBase = 128;

    // As a shell reports it: the exit code, or 128 plus the signal.
    public override void SessionEnded(ObjectTracker group, int waitStatus)
    {
        if (group.Index == host.Index)
            Begin(EndReason.Exit,
                WaitStatus.IsExit(waitStatus) ? WaitStatus.ExitCode(waitStatus) : SignalExitBase + WaitStatus.SignalOf(waitStatus));
        else
            others.Note(group, waitStatus);
    }

    public override unsafe void ProcessEnded(Process* process, int waitStatus)
    {
        execs.NoteEnd(process, waitStatus);
        streams.NoteEnd(process);
    }

    public override void PowerOff() => Begin(EndReason.PowerOff, 0);

    public override void Restart() => Begin(EndReason.Restart, 0);

    // The first reason given counts.
    private void Begin(EndReason reason, int exitStatus)
    {
        if (end.Reason != EndReason.None)
            return;
        end.Reason = reason;
        end.ExitStatus = exitStatus;
        engine.Life.RequestAll();
        end.LastEpoch = engine.Request();
    }
}
