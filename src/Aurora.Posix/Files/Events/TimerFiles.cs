// What timerfds do (TimerFile). When real time is set, those of the group that it concerns are told in steps: each step takes some from the
// front of the group's list and puts them behind the others. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Files;

/// <summary>Sets timerfds, counts their expiries, and tells them of real time.</summary>
public sealed unsafe class TimerFiles(FileState state, ThreadScheduler scheduler, GroupClocks clocks)
{
    // A copy of a running group continues in real time as soon as this.
    private const ulong StillNanoseconds = 1_000_000;

    /// <summary>Sets a timer; zero stops it. ECANCELED: it is set, and real time has jumped since it was set to be told of that.</summary>
    public Errno Set(TimerFile* timer, TimerFileFlags flags, ulong valueNanoseconds, ulong intervalNanoseconds)
    {
        bool wasCancelable = timer->IsCancelable;
        timer->Flags = flags;
        if (!wasCancelable || !timer->IsCancelable)
            NoteLead(timer);
        bool isRelative = (flags & TimerFileFlags.Absolute) == 0;
        timer->ExpiryNanoseconds = isRelative && valueNanoseconds != 0 ? Add(Now(timer), valueNanoseconds) : valueNanoseconds;
        timer->IntervalNanoseconds = intervalNanoseconds;
        timer->Ticks = 0;
        timer->IsExpired = false;
        timer->IsArmed = valueNanoseconds != 0;
        Rearm(timer);
        state.MarkChanged(&timer->Header);
        ExpireIfPassed(timer);
        return valueNanoseconds != 0 && TakeJump(timer) ? Errno.ECANCELED : Errno.Ok;
    }

    /// <summary>The time until the next expiry, after what has passed has been counted; zero when there is none.</summary>
    public ulong Left(TimerFile* timer)
    {
        ExpireIfPassed(timer);
        if (timer->IsExpired && timer->IntervalNanoseconds != 0)
            GoOn(timer);
        return Remaining(timer);
    }

    /// <summary>As <see cref="Left"/>, of a timer that stays as it is.</summary>
    public ulong Remaining(TimerFile* timer)
    {
        ulong now = Now(timer);
        return timer->ExpiryNanoseconds > now ? timer->ExpiryNanoseconds - now : 0;
    }

    /// <summary>True when a read would not wait.</summary>
    public bool IsReadable(TimerFile* timer)
    {
        ExpireIfPassed(timer);
        return timer->Ticks != 0 || HasJumped(timer);
    }

    /// <summary>
    /// Takes the expiries counted, those of a timer that stands still too, which goes on: ECANCELED when real time has jumped. None, though
    /// it was readable: real time was set back behind the expiry.
    /// </summary>
    public Errno Take(TimerFile* timer, out ulong ticks)
    {
        ticks = 0;
        state.MarkChanged(&timer->Header);
        if (TakeJump(timer))
        {
            timer->Ticks = 0;
            timer->IsExpired = false;
            return Errno.ECANCELED;
        }
        if (timer->IsExpired && timer->IntervalNanoseconds != 0)
            GoOn(timer);
        ticks = timer->Ticks;
        timer->Ticks = 0;
        timer->IsExpired = false;
        return Errno.Ok;
    }

    /// <summary>Makes it look as if so many expiries had been counted (TFD_IOC_SET_TICKS).</summary>
    public Errno SetTicks(TimerFile* timer, ulong ticks)
    {
        if (TakeJump(timer))
            return Errno.ECANCELED;
        timer->Ticks = ticks;
        state.MarkChanged(&timer->Header);
        scheduler.WakeAll(&timer->Readable);
        return Errno.Ok;
    }

    /// <summary>A deadline has passed.</summary>
    internal void Expired(TimerFile* timer)
    {
        // Real time may have been set back, or it was armed while the clocks of a restored group were not yet right.
        if (!timer->IsArmed || Now(timer) < timer->ExpiryNanoseconds)
        {
            Rearm(timer);
            if (HasJumped(timer))
                scheduler.WakeAll(&timer->Readable);
            return;
        }
        scheduler.Disarm(&timer->Deadline);
        timer->IsArmed = false;
        timer->IsExpired = true;
        timer->Ticks++;
        state.MarkChanged(&timer->Header);
        scheduler.WakeAll(&timer->Readable);
    }

    /// <summary>Real time of a group has been set: <see cref="TellSome"/> is to be called until all have been told.</summary>
    public void RealtimeChanged(ObjectTracker group) => state.FindNamespace(group)->RealtimeChanges++;

    /// <summary>Tells some of those that do not know; false while there are others.</summary>
    public bool TellSome(ObjectTracker group, ref int left)
    {
        Namespace* space = state.FindNamespace(group);
        for (TimerFile* timer = space->FirstRealtime; timer != null && timer->ChangesSeen != space->RealtimeChanges;
            timer = space->FirstRealtime)
        {
            if (left-- <= 0)
                return false;
            Unlist(timer);
            Enlist(timer);
            Tell(timer);
        }
        return true;
    }

    /// <summary>
    /// A timer has been restored. If it is given up when real time jumps, that may have happened: who watches it is told as soon as the
    /// group's clocks are right, when its threads run.
    /// </summary>
    internal void Restored(TimerFile* timer)
    {
        Begin(timer);
        if (timer->IsCancelable)
            scheduler.Arm(&timer->Deadline, DeadlineKind.TimerFile, &timer->Header, 1);
    }

    /// <summary>A timer begins.</summary>
    internal void Begin(TimerFile* timer)
    {
        if (timer->IsOfRealtime)
            Enlist(timer);
        Rearm(timer);
    }

    internal void End(TimerFile* timer)
    {
        scheduler.Disarm(&timer->Deadline);
        if (timer->IsOfRealtime)
            Unlist(timer);
        state.TrackerOf(&timer->Header).Remove(&timer->Header);
        state.TimerFiles.Free(timer);
    }

    private void Tell(TimerFile* timer)
    {
        if (timer->IsArmed && timer->CountsRealtime)
        {
            Rearm(timer);
            ExpireIfPassed(timer);
        }
        if (!timer->IsCancelable)
            return;
        timer->IsCanceled = true;
        state.MarkChanged(&timer->Header);
        scheduler.WakeAll(&timer->Readable);
    }

    // Whoever has set it, or the clock, or asks, finds it expired at once.
    private void ExpireIfPassed(TimerFile* timer)
    {
        if (timer->IsArmed && Now(timer) >= timer->ExpiryNanoseconds)
            Expired(timer);
    }

    private void Rearm(TimerFile* timer)
    {
        if (timer->IsArmed)
            scheduler.Arm(&timer->Deadline, DeadlineKind.TimerFile, &timer->Header, ToMonotonic(timer));
        else
            scheduler.Disarm(&timer->Deadline);
    }

    // Later than the latest moment there is never comes.
    private static ulong Add(ulong moment, ulong nanoseconds)
        => moment >= TimerFile.LatestNanoseconds || nanoseconds > TimerFile.LatestNanoseconds - moment
            ? TimerFile.LatestNanoseconds : moment + nanoseconds;

    private ulong Now(TimerFile* timer)
    {
        GroupClock clock = clocks.Of(&timer->Header);
        return timer->CountsRealtime ? clock.RealtimeNanoseconds : clock.MonotonicNanoseconds;
    }

    private ulong ToMonotonic(TimerFile* timer)
    {
        if (!timer->CountsRealtime)
            return timer->ExpiryNanoseconds;
        GroupClock clock = clocks.Of(&timer->Header);
        ulong realtime = clock.RealtimeNanoseconds;
        ulong ahead = timer->ExpiryNanoseconds > realtime ? timer->ExpiryNanoseconds - realtime : 0;
        return clock.MonotonicNanoseconds + ahead;
    }

    // The expiry that it stands at has been counted; if that lies ahead again, because real time was set back, it has not happened.
    private void GoOn(TimerFile* timer)
    {
        ulong now = Now(timer);
        if (now < timer->ExpiryNanoseconds)
        {
            timer->Ticks--;
        }
        else
        {
            ulong missed = (now - timer->ExpiryNanoseconds) / timer->IntervalNanoseconds;
            timer->Ticks += missed;
            timer->ExpiryNanoseconds = Add(timer->ExpiryNanoseconds, (missed + 1) * timer->IntervalNanoseconds);
        }
        timer->IsExpired = false;
        timer->IsArmed = true;
        Rearm(timer);
        state.MarkChanged(&timer->Header);
    }

    private bool HasJumped(TimerFile* timer)
        => timer->IsCancelable
            && (timer->IsCanceled || Lead(timer) - timer->LeadNanoseconds + StillNanoseconds > 2 * StillNanoseconds);

    private bool TakeJump(TimerFile* timer)
    {
        if (!HasJumped(timer))
            return false;
        NoteLead(timer);
        return true;
    }

    // Who knows of it is not told once more.
    private void NoteLead(TimerFile* timer)
    {
        if (timer->IsOfRealtime)
        {
            Unlist(timer);
            Enlist(timer);
        }
        timer->LeadNanoseconds = Lead(timer);
        timer->IsCanceled = false;
        state.MarkChanged(&timer->Header);
    }

    // Modulo 2^64, as real time may be set to before monotonic time began.
    private ulong Lead(TimerFile* timer) => clocks.Of(&timer->Header).RealtimeLeadNanoseconds;

    private void Enlist(TimerFile* timer)
    {
        Namespace* space = state.NamespaceOf(&timer->Header);
        timer->ChangesSeen = space->RealtimeChanges;
        timer->NextRealtime = null;
        timer->PreviousRealtime = space->LastRealtime;
        if (space->LastRealtime != null)
            space->LastRealtime->NextRealtime = timer;
        else
            space->FirstRealtime = timer;
        space->LastRealtime = timer;
    }

    private void Unlist(TimerFile* timer)
    {
        Namespace* space = state.NamespaceOf(&timer->Header);
        if (timer->PreviousRealtime != null)
            timer->PreviousRealtime->NextRealtime = timer->NextRealtime;
        else
            space->FirstRealtime = timer->NextRealtime;
        if (timer->NextRealtime != null)
            timer->NextRealtime->PreviousRealtime = timer->PreviousRealtime;
        else
            space->LastRealtime = timer->PreviousRealtime;
    }
}
