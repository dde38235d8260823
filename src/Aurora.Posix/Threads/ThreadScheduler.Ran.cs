// Which threads ran since the last capture. Running changes a thread's registers, so its record must be written again; threads that slept
// through the whole period cost nothing. A thread whose wait is in its record counts from when that wait ends: a restore would otherwise
// put it back to sleep, and what it was woken for, a signal perhaps, has come and gone.
using Aurora.Base;

namespace Aurora.Posix.Threads;

public sealed unsafe partial class ThreadScheduler
{
    private Thread* _firstThatRan;

    /// <summary>True when some thread ran since the last capture.</summary>
    public bool HasThreadsThatRan => _firstThatRan != null;

    /// <summary>How many they are.</summary>
    public int RanCount { get; private set; }

    /// <summary>Marks every thread that ran since the last call as changed, in time proportional to their number; at quiesce.</summary>
    public void MarkThreadsThatRan(ObjectTracker tracker)
    {
        Thread* thread = _firstThatRan;
        while (thread != null)
        {
            Thread* next = thread->NextThatRan;
            thread->NextThatRan = thread->PreviousThatRan = null;
            thread->RanSinceCapture = false;
            tracker.MarkChanged(&thread->Header);
            thread = next;
        }
        _firstThatRan = null;
        RanCount = 0;
        if (Current != null)
            NoteRan(Current);
    }

    /// <summary>Takes an ending thread off the list.</summary>
    public void ForgetRan(Thread* thread)
    {
        if (!thread->RanSinceCapture)
            return;
        if (thread->PreviousThatRan != null)
            thread->PreviousThatRan->NextThatRan = thread->NextThatRan;
        else
            _firstThatRan = thread->NextThatRan;
        if (thread->NextThatRan != null)
            thread->NextThatRan->PreviousThatRan = thread->PreviousThatRan;
        thread->NextThatRan = thread->PreviousThatRan = null;
        thread->RanSinceCapture = false;
        RanCount--;
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
        thread->RanSinceCapture = true;
        RanCount++;
        thread->PreviousThatRan = null;
        thread->NextThatRan = _firstThatRan;
        if (_firstThatRan != null)
            _firstThatRan->PreviousThatRan = thread;
        _firstThatRan = thread;
    }
}
