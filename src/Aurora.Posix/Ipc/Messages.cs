using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>Makes and ends messages, and moves their text from and to programs.</summary>
public sealed unsafe class Messages(IpcState state, UserMemory user)
{
    /// <summary>
    /// A message with so many bytes from a program, in no queue. Ok, WouldBlock, Fault, or OutOfMemory: then there is none.
    /// </summary>
    public AccessResult Load(Thread* thread, long type, ulong address, int bytes, out Message* message)
    {
        message = Make(state.Tracked.Of(&thread->Header), type, bytes);
        if (message == null)
            return new AccessResult { Status = MemoryStatus.OutOfMemory };
        AccessResult access = default;
        for (Message* part = message; part != null && access.IsOk; part = part->NextPart)
        {
            access = user.Read(thread->Process->AddressSpace, new VirtualAddress(address), TextOf(part));
            address += (ulong)part->OwnBytes;
        }
        if (access.IsOk)
            return access;
        End(message);
        message = null;
        return access;
    }

    /// <summary>Gives a program so many bytes of a message: Ok, WouldBlock, Fault.</summary>
    public AccessResult Store(Thread* thread, Message* message, ulong address, int bytes)
    {
        AccessResult access = default;
        for (Message* part = message; part != null && bytes > 0 && access.IsOk; part = part->NextPart)
        {
            ReadOnlySpan<byte> text = TextOf(part);
            text = text[..Math.Min(text.Length, bytes)];
            access = user.Write(thread->Process->AddressSpace, new VirtualAddress(address), text);
            address += (ulong)text.Length;
            bytes -= text.Length;
        }
        return access;
    }

    /// <summary>The message ends, with all its parts; it is in no queue.</summary>
    public void End(Message* message)
    {
        Panic.Unless(message->Queue == null && message->Named == null, "ipc: a message ended in its queue"u8);
        while (message != null)
        {
            Message* next = message->NextPart;
            state.Tracked.Remove(&message->Header);
            Free(message);
            message = next;
        }
    }

    /// <summary>The text of a part.</summary>
    public static Span<byte> TextOf(Message* part)
        => part->Page != null ? new(part->Page, part->OwnBytes) : new(part->Inline, Math.Min(part->OwnBytes, Message.InlineBytes));

    /// <summary>A part that is not registered, with room for its text; null without memory.</summary>
    internal Message* Allocate(int bytes, int number)
    {
        Message* part = state.Messages.Allocate();
        if (part == null)
            return null;
        part->Bytes = bytes;
        part->Part = number;
        if (part->OwnBytes <= Message.InlineBytes)
            return part;
        part->Page = (byte*)state.Pages.AllocateFor(part, 1);
        if (part->Page != null)
            return part;
        state.Messages.Free(part);
        return null;
    }

    private void Free(Message* part)
    {
        if (part->Page != null)
            state.Pages.FreeFor(part, part->Page, 1);
        state.Messages.Free(part);
    }

    private Message* Make(ObjectTracker group, long type, int bytes)
    {
        Message* head = null;
        Message** link = &head;
        for (int number = 0; number < Message.PartsFor(bytes); number++)
        {
            Message* part = Allocate(bytes, number);
            if (part == null)
            {
                if (head != null)
                    End(head);
                return null;
            }
            group.Register(&part->Header, ObjectKind.Message);
            part->Head = number == 0 ? null : head;
            *link = part;
            link = &part->NextPart;
        }
        head->Type = type;
        return head;
    }
}
