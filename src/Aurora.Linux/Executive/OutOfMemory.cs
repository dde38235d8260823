// What happens when memory is exhausted: nothing clean is left that could be dropped, and a program needs a page. The program that holds
// most ends, as on Linux; the host's init only if there is no other. That of another group is a program like any other: the group is what
// runs as its process 1, and ends with it. But what a group that is captured holds can be made clean, and then goes; what ephemeral groups
// hold is what does not. So of those that hold much the largest program of an ephemeral group ends first.
// Whoever asked waits for what that frees, unless it was the one. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

/// <summary>Chooses and ends the program that has to give its memory up.</summary>
public sealed unsafe class OutOfMemory(LinuxKernel kernel)
{
    /// <summary>Programs ended so far.</summary>
    public ulong Kills { get; private set; }

    /// <summary>Ends the largest program on behalf of a thread whose page fault found no frame; the thread faults again when it goes
    /// on.</summary>
    public void Kill(Thread* thread)
    {
        if (kernel.Memory.Spaces.IsEnding)
        {
            Wait(thread);
            return;
        }
        Process* victim = ChooseVictim();
        if (victim == null || victim == thread->Process)
        {
            End(thread->Process, thread);
            return;
        }
        // A victim that is already on its way out only needs time.
        if (!victim->IsEnding && !SignalService.IsKilled(victim->FirstThread))
            End(victim, victim->FirstThread);
        Wait(thread);
    }

    private void Wait(Thread* thread)
    {
        kernel.Memory.Shortage.IsExhausted = false;
        kernel.Memory.Shortage.WakeWaiters();
        kernel.Scheduler.BlockOn(thread, kernel.Memory.Shortage.Waiters);
        kernel.Scheduler.Sleep(thread, false);
    }

    private Process* ChooseVictim()
    {
        bool hasEphemeral = kernel.Memory.Frames.EphemeralFrames >= LeastPages;
        Process* victim = hasEphemeral ? ChooseVictim(amongEphemeral: true, LeastPages) : null;
        return victim != null ? victim : ChooseVictim(amongEphemeral: false, 0);
    }

    // Who holds less is not worth ending before others.
    private ulong LeastPages => kernel.Memory.Frames.TotalFrames / 64;

    // Of those that hold more than so many pages: of ephemeral groups, or of all.
    private Process* ChooseVictim(bool amongEphemeral, ulong most)
    {
        Process* victim = null;
        for (int group = kernel.Tracked.NextGroup(0); group >= 0; group = kernel.Tracked.NextGroup(group + 1))
        {
            // What is held does not take the steps of its end.
            ObjectTracker candidate = kernel.Tracked.OfGroup((ushort)group);
            if (!kernel.Scheduler.IsHeld(candidate) && (candidate.IsEphemeral || !amongEphemeral))
                ChooseVictim(kernel.Processes.Of(candidate), ref victim, ref most);
        }
        return victim;
    }

    private void ChooseVictim(PidNamespace space, ref Process* victim, ref ulong most)
    {
        for (Process* process = space.NextProcess(1); process != null; process = space.NextProcess(process->Id + 1))
        {
            bool isSpared = process == space.Init && IsOfHost(process);
            if (isSpared || process->FirstThread == null || process->AddressSpace == null)
                continue;
            ulong counts = Weigh(process);
            if (counts <= most)
                continue;
            victim = process;
            most = counts;
        }
    }

    // What it holds and what it has said of itself (/proc/N/oom_score_adj), in thousandths of the memory. 0: never.
    private ulong Weigh(Process* process)
    {
        // What the programs of a group say of themselves must not make others pay for them.
        int said = IsOfHost(process) ? process->OutOfMemoryBias : Math.Max(0, (int)process->OutOfMemoryBias);
        if (said == -1000)
            return 0;
        long bias = said * (long)kernel.Memory.Frames.TotalFrames / 1000;
        return (ulong)Math.Max(1, (long)kernel.Memory.Residency.FootprintPages(process->AddressSpace) + bias);
    }

    private bool IsOfHost(Process* process) => kernel.Groups.IsHost(kernel.Tracked.Of(&process->Header));

    private void End(Process* process, Thread* thread)
    {
        Kills++;
        Span<byte> buffer = stackalloc byte[128];
        var line = new Utf8Writer(buffer);
        line.Append("memory: exhausted; process "u8);
        line.AppendDecimal((ulong)process->Id);
        line.Append(", which holds most, is killed"u8);
        KernelLog.Line(line.Written);
        kernel.Signals.Send(process, SignalInfo.FromKernel(Signal.SIGKILL));
    }
}
