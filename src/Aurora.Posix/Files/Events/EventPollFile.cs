using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>An epoll as an open file: it can be polled, by another epoll too, and is readable when something it watches is ready.</summary>
internal sealed unsafe class EventPollFile(EventPolls polls, ThreadWaker waker) : FileOperations
{
    public override bool IsSound(OpenFile* file)
    {
        EventPoll* poll = EventPolls.Of(file);
        return poll != null && poll->Header.Kind == ObjectKind.EventPoll && poll->File == file;
    }

    public override void Close(OpenFile* file)
    {
        EventPoll* poll = EventPolls.Of(file);
        file->Attachment = null;
        polls.End(poll);
    }

    public override PollEvents Poll(OpenFile* file, PollEvents interest, Thread* waiter)
    {
        EventPoll* poll = EventPolls.Of(file);
        if (waiter != null)
            waker.BlockOn(waiter, &poll->Ready.Pollers);
        return polls.IsReady(poll) ? PollEvents.Readable : PollEvents.None;
    }

    public override bool HasStillPosition(OpenFile* file) => true;

    public override bool CanPoll(OpenFile* file) => true;

    public override void Listen(OpenFile* file, ReadyWatch* watch)
        => waker.Listen(watch, &EventPolls.Of(file)->Ready.Pollers, (uint)PollEvents.In);
}
