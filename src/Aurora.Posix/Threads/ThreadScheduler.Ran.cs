// Which threads of a group ran since its last capture. Running changes a thread's registers, so its record must be written again; threads
// that slept through the whole period cost nothing. A thread whose wait is in its record counts from when that wait ends: a restore would
// otherwise put it back to sleep, and what it was woken for, a signal perhaps, has come and gone.
using Aurora.Base;
using Aurora.Posix.Time;

namespace Aurora.Posix.Threads;

public sealed unsafe partial class ThreadScheduler
{
    private struct GroupThreads
    {
        public Thread* FirstThatRan;
        public int RanCount;

        /// <summary>None of the group's threads runs; those that could are on its own queue.</summary>
        public bool IsHeld;
        public RunQueue Held;

        /// <summary>Deadlines that have passed since.</summary>
        public DeadlineNode* Parked;
    }

    private readonly GroupTable<GroupThreads> _groups;

    /// <summary>How many threads of a group ran since the last capture.</summary>
    public int RanCountOf(ObjectTracker group) => _groups.At(group.Index)->RanCount;

    /// <summary>
    /// Marks every thread of a group that ran since the last call as changed, in time proportional to their number; at quiesce.
    /// </summary>
    public void MarkThreadsThatRan(ObjectTracker group)
    {
        GroupThreads* threads = _groups.At(group.Index);
        Thread* thread = threads->FirstThatRan;
        while (thread != null)
        {
            Thread* next = thread->NextThatRan;
            thread->NextThatRan = thread->PreviousThatRan = null;
            thread->RanSinceCapture = false;
            group.MarkChanged(&thread->Header);
            thread = next;
        }
        threads->FirstThatRan = null;
        threads->RanCount = 0;
        if (Current != null && Current->Header.Group == group.Index)
            NoteRan(Current);
    }

    /// <summary>Takes an ending thread off the list.</summary>
    public void ForgetRan(Thread* thread)
    {
        if (!thread->RanSinceCapture)
            return;
        GroupThreads* threads = _groups.At(thread->Header.Group);
        if (thread->PreviousThatRan != null)
            thread->PreviousThatRan->NextThatRan = thread->NextThatRan;
        else
            threads->FirstThatRan = thread->NextThatRan;
        if (thread->NextThatRan != null)
            thread->NextThatRan->PreviousThatRan = thread->PreviousThatRan;
        thread->NextThatRan = thread->PreviousThatRan = null;
        thread->RanSinceCapture = false;
        threads->RanCount--;
    }

    private void NoteWaitEnds(Thread* thread)
    {
        if (MustSleepOn(thread))
            NoteRan(thread);
    }

    private void NoteRan(Thread* thread)
    {
        if (thread->RanSinceCapture)
            return;
        GroupThreads* threads = _groups.At(thread->Header.Group);
        thread->RanSinceCapture = true;
        threads->RanCount++;
        thread->PreviousThatRan = null;
        thread->NextThatRan = threads->FirstThatRan;
        if (threads->FirstThatRan != null)
            threads->FirstThatRan->PreviousThatRan = thread;
        threads->FirstThatRan = thread;
        TrackedObjects.NoteChange(&thread->Header);
    }
}
