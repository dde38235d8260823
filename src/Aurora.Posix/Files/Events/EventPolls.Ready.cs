// What is on the list of an epoll may be ready: whoever looks asks the file. What is not ready goes off the list, and comes back when the
// file is woken. What is told goes off the list too if it is edge-triggered, is told no more until it is asked for again if it is one-shot,
// and goes to the end of the list otherwise, so that all have their turn when few are asked for at a time.
using Aurora.Base;

namespace Aurora.Posix.Files;

public sealed unsafe partial class EventPolls
{
    private const int MostDropped = 256;

    /// <summary>What the watched file is ready for now, of what was asked for.</summary>
    public uint EventsOf(EventWatch* watch)
    {
        OpenFile* file = watch->File;
        uint interest = watch->Ready.Interest;
        if (interest == 0 || file->Header.References == 0)
            return 0;
        return (uint)_drivers.Of(file)!.Poll(file, (PollEvents)interest, null) & interest;
    }

    /// <summary>The first on an epoll's list; null when it is empty.</summary>
    public static EventWatch* FirstOf(EventPoll* poll) => poll->Ready.First == null ? null : (EventWatch*)poll->Ready.First->Object;

    /// <summary>Its file was asked, and is not ready.</summary>
    public void Drop(EventWatch* watch)
    {
        ReadyList.Remove(&watch->Ready);
        _state.MarkChanged(&watch->Header);
    }

    /// <summary>The program has got its events.</summary>
    public void Delivered(EventWatch* watch)
    {
        bool staysReady = !watch->IsEdgeTriggered && !watch->IsOneShot;
        if (staysReady && watch->Ready.Next == null)
            return;
        ReadyList.Remove(&watch->Ready);
        if (staysReady)
            ReadyList.Append(&watch->Ready);
        if (watch->IsOneShot)
            SetEvents(watch, watch->Events & EventFlags.How);
        _state.MarkChanged(&watch->Header);
    }

    /// <summary>A thread that waited alone has got something; what it leaves is for the next.</summary>
    public void EndLook(EventPoll* poll, void* thread)
    {
        _waker.NoteLook(thread, &poll->Ready.Waiters);
        if (poll->Ready.First != null && poll->Ready.Waiters.FirstAlone != null)
            _waker.WakeNext(&poll->Ready.Waiters);
    }

    /// <summary>True when something an epoll watches is ready. What is on its list and is not is taken off.</summary>
    internal bool IsReady(EventPoll* poll)
    {
        int left = MostDropped;
        for (EventWatch* first = FirstOf(poll); first != null; first = FirstOf(poll))
        {
            // Who then asks for events finds that there are none, as when another has been faster.
            if (left-- == 0 || EventsOf(first) != 0)
                return true;
            Drop(first);
        }
        return false;
    }

    /// <summary>A watch has been read from a record; false when its epoll has one of the same file and descriptor.</summary>
    internal static bool Restore(EventPoll* poll, OpenFile* file, EventWatch* watch, ulong order)
    {
        if (Find(poll, file, watch->Descriptor) != null)
            return false;
        Join(poll, file, watch);
        if (order != 0)
            ReadyList.Collect(&watch->Ready, order);
        return true;
    }

    /// <summary>All watches of an epoll have been read; false when it has no file, or watches itself.</summary>
    internal static bool Finish(EventPoll* poll)
    {
        ReadyList.Sort(&poll->Ready);
        return poll->File != null && EventPollGraph.IsSound(poll);
    }

    /// <summary>Everything has been read: a restored watch hears of its file again. False when that cannot be watched.</summary>
    internal bool Finish(EventWatch* watch)
    {
        OpenFile* file = watch->File;
        // Before it listens: what leads in a circle would be told for ever.
        if (!IsSound(watch) || !_drivers.Of(file)!.IsSound(file) || !EventPollGraph.IsSound(watch->Poll))
            return false;
        Listen(watch);
        return true;
    }

    /// <summary>True when its file can be watched so.</summary>
    internal bool IsSound(EventWatch* watch) => CanWatch(watch->File) && (!watch->IsExclusive || Of(watch->File) == null);

    private void Listen(EventWatch* watch) => _drivers.Of(watch->File)!.Listen(watch->File, &watch->Ready);

    private void TellIfReady(EventWatch* watch)
    {
        if (EventsOf(watch) != 0 && !watch->Ready.IsReady)
            _waker.MakeReady(&watch->Ready);
    }
}
