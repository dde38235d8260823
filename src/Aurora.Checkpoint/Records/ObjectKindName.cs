using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The kinds of kernel objects in words.</summary>
public static class ObjectKindName
{
    public static ReadOnlySpan<byte> Of(ObjectKind kind) => kind switch
    {
        ObjectKind.Group => "group"u8,
        ObjectKind.MemoryObject => "memory object"u8,
        ObjectKind.AddressSpace => "address space"u8,
        ObjectKind.Mapping => "mapping"u8,
        ObjectKind.Process => "process"u8,
        ObjectKind.Thread => "thread"u8,
        ObjectKind.SignalActions => "signal actions"u8,
        ObjectKind.ProcessGroup => "process group"u8,
        ObjectKind.Session => "session"u8,
        ObjectKind.DescriptorTable => "descriptor table"u8,
        ObjectKind.OpenFile => "open file"u8,
        ObjectKind.Inode => "inode"u8,
        ObjectKind.DirectoryEntry => "directory entry"u8,
        ObjectKind.Pipe => "pipe"u8,
        ObjectKind.Terminal => "terminal"u8,
        ObjectKind.OutputHold => "held output"u8,
        ObjectKind.Timer => "timer"u8,
        ObjectKind.FileContext => "file context"u8,
        ObjectKind.DescriptorChunk => "descriptors"u8,
        ObjectKind.FileLock => "file lock"u8,
        ObjectKind.SymbolicLinkTail => "end of a symbolic link"u8,
        ObjectKind.ExtendedAttributes => "extended attributes"u8,
        ObjectKind.SignalBacklog => "queued signals"u8,
        ObjectKind.FormerName => "former name"u8,
        ObjectKind.FileTree => "tree of files"u8,
        ObjectKind.EventPoll => "epoll"u8,
        ObjectKind.EventWatch => "watch of an epoll"u8,
        ObjectKind.Inotify => "inotify instance"u8,
        ObjectKind.InotifyWatch => "inotify watch"u8,
        ObjectKind.InotifyEvent => "inotify event"u8,
        ObjectKind.Socket => "socket"u8,
        ObjectKind.SocketMessage => "message at a socket"u8,
        ObjectKind.SocketRights => "open files in a message"u8,
        ObjectKind.TerminalText => "terminal text"u8,
        ObjectKind.MachineSettings => "machine settings"u8,
        ObjectKind.Region => "region"u8,
        ObjectKind.EventCounter => "event counter"u8,
        ObjectKind.TimerFile => "timer file"u8,
        ObjectKind.SignalFile => "signal file"u8,
        ObjectKind.ProcessHandle => "process handle"u8,
        ObjectKind.IpcSpace => "System V objects"u8,
        ObjectKind.SharedSegment => "shared segment"u8,
        ObjectKind.SemaphoreSet => "set of semaphores"u8,
        ObjectKind.SemaphoreBlock => "semaphores"u8,
        ObjectKind.SemaphoreUndo => "what is to be undone to semaphores"u8,
        ObjectKind.IpcWaiter => "waiter for a System V object"u8,
        ObjectKind.MessageQueue => "message queue"u8,
        ObjectKind.Message => "message"u8,
        ObjectKind.NamedQueue => "POSIX message queue"u8,
        _ => "object of an unknown kind"u8,
    };

    /// <summary>An object as messages name it: its kind in words and as stored, and its id.</summary>
    public static void AppendObject(ref Utf8Writer text, ObjectKind kind, ObjectId id)
    {
        text.Append(Of(kind));
        text.Append((byte)' ');
        text.AppendDecimal(id.Value);
        text.Append(" (kind "u8);
        text.AppendDecimal((ulong)kind);
        text.Append((byte)')');
    }
}
