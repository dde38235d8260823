// Detached processes are ephemeral in their group: they run on, and are captured with everything they have, since others may share it; but
// whatever continues from a checkpoint (a start of the machine, a copy, a rewind) ends them before any of their threads has run again, as
// SIGKILL would: by the steps of the end of a process. So its parent is told, its ends of pipes are closed, its locks are gone, its
// children become init's, and what it shares with others stays. Between the restore and the last of these steps others see a process that
// is ending. So does a process end that shows a region which has gone on without it (regions are no group's), unless it wants a signal
// instead; with init, which nobody would start again, the others end and its program begins again (ProcessLife.StartAgain). Nothing else
// needs to be known of it, and a state with half of a process in it cannot occur. Children made by fork have the flag; who gets other
// rights loses it: nobody may have more than his own end.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Processes;

public sealed unsafe partial class ProcessLife
{
    /// <summary>
    /// Detaches a process, or attaches it again. EINVAL for init, which is what the group is; ESRCH for one that has ended.
    /// </summary>
    public Errno SetDetached(Process* process, bool isDetached)
    {
        if (process == _table.Of(process).Init)
            return Errno.EINVAL;
        if (process->State != ProcessState.Alive || process->IsEnding)
            return Errno.ESRCH;
        process->IsDetached = isDetached;
        _table.MarkChanged(&process->Header);
        return Errno.Ok;
    }

    /// <summary>
    /// Ends, of a group that was restored and has not run yet, the detached processes from a number on, and those whose regions are not
    /// what they were, a few of them; all, when that is init, which begins again. True when there are no more.
    /// </summary>
    public bool EndDetached(ObjectTracker group, ref int id)
    {
        PidNamespace space = _table.Of(group);
        int left = UnitsPerStep;
        for (Process* process = space.NextProcess(id); process != null; process = space.NextProcess(id))
        {
            if (left-- <= 0)
                return false;
            bool runs = process->State == ProcessState.Alive && !process->IsEnding;
            if (runs && process == space.Init && !HearsOfRegions(process) && !StartAgain(process, ref left))
                return false;
            id = process->Id + 1;
            bool ends = process != space.Init
                && (process->IsDetached || IsStartingAgain(space.Init) || !HearsOfRegions(process));
            if (!runs || !ends)
                continue;
            process->IsOvertaken = true;
            BeginEnd(process, WaitStatus.Killed((int)Signal.SIGKILL));
        }
        return true;
    }

    // A process that shows a region which is not what it was when it was captured is told, if it has said how; it must not go on otherwise.
    private bool HearsOfRegions(Process* process)
    {
        AddressSpace* space = process->AddressSpace;
        if (space == null || !space->HasOtherRegion)
            return true;
        if (space->RegionSignal == 0)
            return false;
        // A signal that is ignored, or that waits already, needs no second one.
        _ = _signals.Send(process, SignalInfo.FromKernel((Signal)space->RegionSignal));
        return true;
    }
}
