using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Time;

/// <summary>Tells those whose deadlines have passed: threads, alarms and timers.</summary>
public sealed unsafe class Deadlines(ThreadScheduler scheduler, TimerService timers, TimerFiles timerFiles)
{
    // Each may change a few objects, and an epoch must be able to end between them.
    private const int MostAtOnce = 256;

    /// <summary>
    /// Handles deadlines that have passed, a bounded number of them: what is left is still the next deadline. The main loop calls it every
    /// turn.
    /// </summary>
    public void Expire()
    {
        ulong now = scheduler.MachineNanoseconds;
        for (int left = MostAtOnce; left > 0; left--)
        {
            if (!scheduler.TakePassed(now, out DeadlineNode* node))
                return;
            if (node != null)
                Tell(node);
        }
    }

    private void Tell(DeadlineNode* node)
    {
        switch (node->Kind)
        {
            case DeadlineKind.Thread:
                scheduler.Wake((Thread*)node->Owner);
                break;
            case DeadlineKind.ProcessAlarm:
                timers.AlarmExpired((Process*)node->Owner, node->Nanoseconds);
                break;
            case DeadlineKind.Timer:
                timers.TimerExpired((Timer*)node->Owner);
                break;
            case DeadlineKind.TimerFile:
                timerFiles.Expired((TimerFile*)node->Owner);
                break;
            default:
                Panic.Fail("deadlines: a node of an unknown kind"u8);
                break;
        }
    }
}
