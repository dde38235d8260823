// Making, changing and ending of epolls and their watches. Watches end with the open file they are of or the one they belong to, some at a
// time where there are many (OpenFiles): one whose file is being closed tells nothing any more.
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>What epolls watch.</summary>
public sealed unsafe partial class EventPolls
{
    private readonly FileState _state;
    private readonly FileDrivers _drivers;
    private readonly ThreadWaker _waker;
    private readonly EventPollGraph _graph;

    internal EventPolls(FileState state, FileDrivers drivers, ThreadWaker waker)
    {
        _state = state;
        _drivers = drivers;
        _waker = waker;
        _graph = new EventPollGraph(state);
    }

    /// <summary>Epolls and watches there are, and the most watches there may be.</summary>
    public int Count => _state.EventPolls.Count;
    public int WatchCount => _state.EventWatches.Count;
    public int MostWatches => _state.EventWatches.Limit;

    /// <summary>The epoll that an open file is; null when it is something else.</summary>
    public static EventPoll* Of(OpenFile* file) => file->Kind == FileKind.EventPoll ? (EventPoll*)file->Attachment : null;

    /// <summary>True for files that can be watched (else EPERM).</summary>
    public bool CanWatch(OpenFile* file) => _drivers.Of(file) is { } operations && operations.CanPoll(file);

    /// <summary>The watch of a file by a descriptor, or null.</summary>
    public static EventWatch* Find(EventPoll* poll, OpenFile* file, int descriptor) => EventTree.Find(poll->Tree, file, descriptor);

    /// <summary>An epoll without a file; null when there is no room.</summary>
    internal EventPoll* Create(ObjectTracker tracker)
    {
        EventPoll* poll = _state.EventPolls.Allocate();
        if (poll != null)
            tracker.Register(&poll->Header, ObjectKind.EventPoll);
        return poll;
    }

    /// <summary>Makes an epoll the one of an open file; false when it has another.</summary>
    internal static bool Attach(OpenFile* file)
    {
        var poll = (EventPoll*)file->Attachment;
        if (poll == null || poll->Header.Kind != ObjectKind.EventPoll || poll->File != null)
            return false;
        poll->File = file;
        poll->Header.References = 1;
        return true;
    }

    /// <summary>Ends an epoll that watches nothing.</summary>
    internal void End(EventPoll* poll)
    {
        Panic.Unless(poll->FirstWatch == null && poll->Ready.First == null, "epoll: ended one that watches"u8);
        _waker.WakeAll(&poll->Ready.Waiters);
        _waker.WakeAll(&poll->Ready.Pollers);
        _state.TrackerOf(&poll->Header).Remove(&poll->Header);
        _state.EventPolls.Free(poll);
    }

    /// <summary>
    /// Watches a file that is not watched by this descriptor. ENOSPC when the user has as many watches as he may, ENOMEM; ELOOP and EINVAL
    /// of epolls that would watch each other too deeply.
    /// </summary>
    public Errno Add(EventPoll* poll, OpenFile* file, int descriptor, uint events, ulong data)
    {
        EventPoll* inner = Of(file);
        EventWatch* watch = null;
        Errno error = inner == null ? Errno.Ok : _graph.CheckDepth(poll, inner);
        if (error == Errno.Ok)
            error = Allocate(out watch);
        if (error != Errno.Ok)
            return error;
        watch->Descriptor = descriptor;
        watch->Data = data;
        _state.TrackerOf(&poll->Header).Register(&watch->Header, ObjectKind.EventWatch);
        SetEvents(watch, events | EventFlags.Always);
        Join(poll, file, watch);
        if (inner != null || poll->IsWatched)
            error = _graph.CheckPaths(file);
        if (error != Errno.Ok)
        {
            Remove(watch);
            return error;
        }
        Listen(watch);
        TellIfReady(watch);
        return Errno.Ok;
    }

    /// <summary>Asks for other events of a watched file; a one-shot watch that has told tells again.</summary>
    public void Modify(EventWatch* watch, uint events, ulong data)
    {
        SetEvents(watch, events | EventFlags.Always);
        watch->Data = data;
        _state.MarkChanged(&watch->Header);
        TellIfReady(watch);
    }

    /// <summary>Ends a watch.</summary>
    public void Remove(EventWatch* watch)
    {
        _waker.StopListening(&watch->Ready);
        if (watch->Ready.IsReady)
            ReadyList.Remove(&watch->Ready);
        Leave(watch);
        _state.TrackerOf(&watch->Header).Remove(&watch->Header);
        _state.EventWatches.Free(watch);
    }

    /// <summary>
    /// Ends the watches of a file that is being closed, and those it has if it is an epoll, each one of <paramref name="left"/>; false
    /// when there are more.
    /// </summary>
    internal bool ReleaseSome(OpenFile* file, ref int left)
    {
        EventPoll* poll = Of(file);
        while (file->FirstWatch != null || (poll != null && poll->FirstWatch != null))
        {
            if (left-- <= 0)
                return false;
            Remove(file->FirstWatch != null ? file->FirstWatch : poll->FirstWatch);
        }
        return true;
    }

    internal static void SetEvents(EventWatch* watch, uint events)
    {
        watch->Events = events;
        watch->Ready.Interest = events & ~EventFlags.How;
        watch->Ready.IsAlone = watch->IsExclusive;
    }

    // Whoever has had too much is told so; else there is no memory.
    private Errno Allocate(out EventWatch* watch)
    {
        ulong refusals = _state.Pages.Accounts.Refusals;
        bool isFull = _state.EventWatches.Count >= _state.EventWatches.Limit;
        watch = _state.EventWatches.Allocate();
        if (watch != null)
            return Errno.Ok;
        return isFull || refusals != _state.Pages.Accounts.Refusals ? Errno.ENOSPC : Errno.ENOMEM;
    }

    // Watches of epolls stand first in the list of their epoll.
    private static void Join(EventPoll* poll, OpenFile* file, EventWatch* watch)
    {
        watch->Poll = poll;
        watch->File = file;
        watch->Ready.Object = &watch->Header;
        watch->Ready.List = &poll->Ready;
        EventTree.Insert(&poll->Tree, watch);
        bool isFirst = poll->FirstWatch == null || file->Kind == FileKind.EventPoll;
        watch->NextOfPoll = isFirst ? poll->FirstWatch : null;
        watch->PreviousOfPoll = isFirst ? null : poll->LastWatch;
        Relink(poll, watch, watch, watch);
        poll->WatchCount++;
        watch->NextOfFile = file->FirstWatch;
        if (file->FirstWatch != null)
            file->FirstWatch->PreviousOfFile = watch;
        file->FirstWatch = watch;
    }

    private static void Leave(EventWatch* watch)
    {
        EventPoll* poll = watch->Poll;
        EventTree.Remove(&poll->Tree, watch);
        Relink(poll, watch, watch->NextOfPoll, watch->PreviousOfPoll);
        poll->WatchCount--;
        if (watch->NextOfFile != null)
            watch->NextOfFile->PreviousOfFile = watch->PreviousOfFile;
        if (watch->PreviousOfFile != null)
            watch->PreviousOfFile->NextOfFile = watch->NextOfFile;
        else
            watch->File->FirstWatch = watch->NextOfFile;
    }

    // What stands before and behind a watch in its epoll's list gets these as its next and previous.
    private static void Relink(EventPoll* poll, EventWatch* watch, EventWatch* next, EventWatch* previous)
    {
        if (watch->PreviousOfPoll != null)
            watch->PreviousOfPoll->NextOfPoll = next;
        else
            poll->FirstWatch = next;
        if (watch->NextOfPoll != null)
            watch->NextOfPoll->PreviousOfPoll = previous;
        else
            poll->LastWatch = previous;
    }
}
