// The queue of an instance. An event that is as the last one goes into it; when there are as many as there may be, or no memory for
// one more, a mark at the end says that something is missing, and only when it has been read can there be another. Protected by the
// kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Puts events into queues and takes them out.</summary>
internal sealed unsafe class InotifyQueue(FileState state, ThreadWaker waker)
{
    /// <summary>A watch has seen something; an instance that is being closed is told nothing.</summary>
    public void Append(Inotify* instance, int number, uint mask, uint cookie, ReadOnlySpan<byte> name)
    {
        if (instance->File->Header.References == 0)
            return;
        bool hasRoom = instance->Length < instance->Capacity;
        if (hasRoom && IsAsLast(instance, number, mask, name))
            return;
        InotifyEvent* told = hasRoom ? state.InotifyEvents.AllocateFor(instance) : null;
        if (told == null)
        {
            NoteOverflow(instance);
            return;
        }
        told->Instance = instance;
        told->Number = number;
        told->Mask = mask;
        told->Cookie = cookie;
        told->NameLength = (byte)name.Length;
        name.CopyTo(new Span<byte>(told->NameBytes, DirectoryEntry.MaxNameBytes));
        state.TrackerOf(&instance->Header).Register(&told->Header, ObjectKind.InotifyEvent);
        Link(told);
        waker.Wake(&instance->Readable);
    }

    /// <summary>Puts an event where its id belongs: nearly always at the end.</summary>
    public static void Link(InotifyEvent* told)
    {
        Inotify* instance = told->Instance;
        InotifyEvent* before = instance->LastEvent;
        while (before != null && before->Header.Id.Value > told->Header.Id.Value)
            before = before->Previous;
        InotifyEvent* behind = before == null ? instance->FirstEvent : before->Next;
        told->Previous = before;
        told->Next = behind;
        if (before != null)
            before->Next = told;
        else
            instance->FirstEvent = told;
        if (behind != null)
            behind->Previous = told;
        else
            instance->LastEvent = told;
        instance->EventCount++;
        instance->ReadableBytes += told->BytesToRead;
    }

    /// <summary>The first event, or the mark of an overflow, has been read or is given up.</summary>
    public void RemoveFirst(Inotify* instance)
    {
        if (instance->IsOverflowNext)
        {
            SetOverflow(instance, false, null);
            return;
        }
        InotifyEvent* first = instance->FirstEvent;
        if (instance->OverflownBehind == first)
            SetOverflow(instance, instance->HasOverflown, null);
        instance->FirstEvent = first->Next;
        if (first->Next != null)
            first->Next->Previous = null;
        else
            instance->LastEvent = null;
        instance->EventCount--;
        instance->ReadableBytes -= first->BytesToRead;
        state.TrackerOf(&first->Header).Remove(&first->Header);
        state.InotifyEvents.Free(first);
    }

    // Nothing is taken for an event that says that a watch has ended: its number may be another's by then.
    private static bool IsAsLast(Inotify* instance, int number, uint mask, ReadOnlySpan<byte> name)
    {
        InotifyEvent* last = instance->LastEvent;
        bool isLast = last != null && !(instance->HasOverflown && instance->OverflownBehind == last);
        return isLast && last->Number == number && last->Mask == mask && (mask & InotifyMask.Ignored) == 0
            && InotifyEvent.NameOf(last).SequenceEqual(name);
    }

    private void NoteOverflow(Inotify* instance)
    {
        if (instance->HasOverflown)
            return;
        SetOverflow(instance, true, instance->LastEvent);
        waker.Wake(&instance->Readable);
    }

    private void SetOverflow(Inotify* instance, bool hasOverflown, InotifyEvent* behind)
    {
        if (hasOverflown != instance->HasOverflown)
            instance->ReadableBytes += hasOverflown ? InotifyEvent.HeadBytes : unchecked((ulong)-InotifyEvent.HeadBytes);
        instance->HasOverflown = hasOverflown;
        instance->OverflownBehind = behind;
        state.MarkChanged(&instance->Header);
    }
}
