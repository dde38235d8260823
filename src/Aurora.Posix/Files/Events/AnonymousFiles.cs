// Files that are made by calls of their own and have no name: eventfds, timerfds, signalfds, pidfds, epolls, inotify instances. Each has
// an inode without a type, whose target is what /proc shows of it, and an object that is what it does (OpenFile.Attachment); all three go
// together, but for that of pidfds, which those of one process share. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Makes anonymous files. ENFILE or ENOMEM when there is no room; else the new file has one reference.</summary>
public sealed unsafe class AnonymousFiles(FileState state, OpenFiles openFiles, TimerFiles timers, EventPolls polls, InotifyWatches inotify,
    ProcessHandleOperations processHandles)
{
    /// <summary>What all their names begin with.</summary>
    public static ReadOnlySpan<byte> Prefix => "anon_inode:"u8;

    /// <summary>eventfd2.</summary>
    public Errno MakeCounter(in FileCaller caller, uint count, bool isSemaphore, uint flags, out OpenFile* file)
    {
        file = null;
        EventCounter* counter = state.EventCounters.Allocate();
        if (counter == null)
            return Errno.ENOMEM;
        Errno error = openFiles.MakeAnonymous(in caller, FileKind.EventCounter, "[eventfd]"u8, flags, out file);
        if (error != Errno.Ok)
        {
            state.EventCounters.Free(counter);
            return error;
        }
        counter->Count = count;
        counter->IsSemaphore = isSemaphore;
        counter->File = file;
        Attach(file, &counter->Header, ObjectKind.EventCounter);
        return Errno.Ok;
    }

    /// <summary>timerfd_create.</summary>
    public Errno MakeTimer(in FileCaller caller, TimerFileClock clock, uint flags, out OpenFile* file)
    {
        file = null;
        TimerFile* timer = state.TimerFiles.Allocate();
        if (timer == null)
            return Errno.ENOMEM;
        Errno error = openFiles.MakeAnonymous(in caller, FileKind.Timer, "[timerfd]"u8, flags, out file);
        if (error != Errno.Ok)
        {
            state.TimerFiles.Free(timer);
            return error;
        }
        timer->Clock = clock;
        timer->File = file;
        Attach(file, &timer->Header, ObjectKind.TimerFile);
        timers.Begin(timer);
        return Errno.Ok;
    }

    /// <summary>signalfd4.</summary>
    public Errno MakeSignals(in FileCaller caller, SignalSet mask, uint flags, out OpenFile* file)
    {
        file = null;
        SignalFile* signals = state.SignalFiles.Allocate();
        if (signals == null)
            return Errno.ENOMEM;
        Errno error = openFiles.MakeAnonymous(in caller, FileKind.Signals, "[signalfd]"u8, flags, out file);
        if (error != Errno.Ok)
        {
            state.SignalFiles.Free(signals);
            return error;
        }
        signals->Mask = mask;
        signals->File = file;
        Attach(file, &signals->Header, ObjectKind.SignalFile);
        return Errno.Ok;
    }

    /// <summary>pidfd_open, for a process of the caller's group.</summary>
    public Errno MakeProcessHandle(in FileCaller caller, Process* process, uint flags, out OpenFile* file)
    {
        file = null;
        ProcessHandle* handle = processHandles.Hold(process);
        if (handle == null)
            return Errno.ENOMEM;
        Errno error = openFiles.MakeAnonymous(in caller, FileKind.ProcessHandle, "[pidfd]"u8, flags, out file);
        if (error != Errno.Ok)
        {
            processHandles.Release(handle);
            return error;
        }
        file->Attachment = &handle->Header;
        state.MarkChanged(&file->Header);
        return Errno.Ok;
    }

    /// <summary>epoll_create1.</summary>
    public Errno MakeEventPoll(in FileCaller caller, out OpenFile* file)
    {
        file = null;
        EventPoll* poll = polls.Create(state.TrackerOf(&caller.Context->Header));
        if (poll == null)
            return Errno.ENOMEM;
        Errno error = openFiles.MakeAnonymous(in caller, FileKind.EventPoll, "[eventpoll]"u8, 0, out file);
        if (error != Errno.Ok)
        {
            polls.End(poll);
            return error;
        }
        file->Attachment = &poll->Header;
        state.MarkChanged(&file->Header);
        Panic.Unless(EventPolls.Attach(file), "files: a new epoll has a file"u8);
        return Errno.Ok;
    }

    /// <summary>inotify_init1, for reading alone. EMFILE when the user has as many as he may.</summary>
    public Errno MakeInotify(in FileCaller caller, uint flags, out OpenFile* file)
    {
        file = null;
        ObjectTracker tracker = state.TrackerOf(&caller.Context->Header);
        Errno error = inotify.Create(tracker, caller.Thread->Process->Credentials.EffectiveUid, out Inotify* instance);
        if (error != Errno.Ok)
            return error;
        error = openFiles.MakeAnonymous(in caller, FileKind.Inotify, "inotify"u8, flags, out file);
        if (error != Errno.Ok)
        {
            inotify.End(instance);
            return error;
        }
        file->Flags &= ~OpenFlags.AccessMask;
        file->Attachment = &instance->Header;
        state.MarkChanged(&file->Header);
        Panic.Unless(InotifyWatches.Attach(file), "files: a new inotify instance has a file"u8);
        return Errno.Ok;
    }

    private void Attach(OpenFile* file, ObjectHeader* header, ObjectKind kind)
    {
        file->Attachment = header;
        state.TrackerOf(&file->Header).Register(header, kind);
        state.MarkChanged(&file->Header);
    }
}
