// mq_open, mq_unlink, mq_notify and mq_getsetattr: POSIX message queues, in the order of Linux's checks. What goes through them is in
// NamedQueueTransfers.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>struct mq_attr.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct QueueAttributes
{
    public const int Bytes = 64;

    public long Flags;
    public long MostMessages, MostBytes, Count;
    private fixed long _reserved[4];
}

internal static unsafe class NamedQueueCalls
{
    private const int NotifySignal = 0;
    private const int NotifyNone = 1;
    private const int NotifyThread = 2;

    // What a thread's notice is identified by (NOTIFY_COOKIE_LEN).
    private const int CookieBytes = 32;

    /// <summary>struct sigevent, as far as it counts here.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Event
    {
        public ulong Value;
        public int Signal;
        public int Notify;
        private fixed int _padding[12];
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(240, &Open);
        table.Register(241, &Unlink);
        table.Register(244, &Notify);
        table.Register(245, &GetAndSet);
    }

    /// <summary>The queue of a descriptor; false with EBADF when there is none.</summary>
    internal static bool Find(ref FileCall call, int descriptor, out OpenFile* file, out NamedQueue* queue)
    {
        queue = null;
        if (!call.File(descriptor, out file))
            return false;
        if (file->Kind == FileKind.NamedQueue)
        {
            queue = file->Inode->Queue;
            return true;
        }
        call.Failure = Errno.EBADF;
        return false;
    }

    private static SystemCallResult Open(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        QueueAttributes attributes = default;
        if (a->Arg3 != 0 && !call.Read(a->Arg3, out attributes))
            return call.Failure;
        if (!Name(ref call, a->Arg0, out ReadOnlySpan<byte> name, out Errno bad))
            return call.Failure;
        if (name.IsEmpty)
            return Errno.ENOENT;
        if (!Descriptors.FindFree(call.Table, 0, call.DescriptorLimit, out _))
            return Errno.EMFILE;
        if (bad != Errno.Ok)
            return bad;
        uint flags = a->UInt1;
        FileCaller caller = call.Caller;
        NamedQueue* queue = NamedQueues.Find(kernel.Ipc.State.Of(call.Group), name);
        NamedQueueSize? size = a->Arg3 == 0 ? null
            : new NamedQueueSize { MostMessages = attributes.MostMessages, MostBytes = attributes.MostBytes };
        Errno error = queue != null ? MayOpen(in caller, queue, flags)
            : (flags & OpenFlags.Create) == 0 ? Errno.ENOENT
            : kernel.Ipc.Named.Make(
                in caller, call.Group, name, a->UInt2 & InodeMode.PermissionMask & ~call.Context->Umask, size, out queue);
        return error == Errno.Ok ? Install(ref call, queue, flags) : error;
    }

    // The name itself may be none that a queue can have, which is told later.
    private static bool Name(ref FileCall call, ulong address, out ReadOnlySpan<byte> name, out Errno bad)
    {
        bad = Errno.Ok;
        if (!call.Path(address, out name))
            return false;
        bad = NamedQueues.CheckName(name);
        return true;
    }

    private static Errno MayOpen(in FileCaller caller, NamedQueue* queue, uint flags)
    {
        if ((flags & (OpenFlags.Create | OpenFlags.Exclusive)) == (OpenFlags.Create | OpenFlags.Exclusive))
            return Errno.EEXIST;
        uint mode = flags & OpenFlags.AccessMask;
        if (mode == OpenFlags.AccessMask)
            return Errno.EINVAL;
        FileAccess wanted = (mode != OpenFlags.WriteOnly ? FileAccess.Read : FileAccess.None)
            | (mode != OpenFlags.ReadOnly ? FileAccess.Write : FileAccess.None);
        return Permissions.Check(queue->Inode, in caller, wanted);
    }

    private static SystemCallResult Install(ref FileCall call, NamedQueue* queue, uint flags)
    {
        FileCaller caller = call.Caller;
        Errno error = call.Files.OpenFiles.Open(in caller, queue->Inode, flags, out OpenFile* file);
        if (error != Errno.Ok)
            return error;
        error = call.Files.Descriptors.Install(call.Table, file, 0, call.DescriptorLimit, closeOnExec: true, out int descriptor);
        if (error == Errno.Ok)
            return SystemCallResult.Done(descriptor);
        call.Files.OpenFiles.Release(file);
        return error;
    }

    private static SystemCallResult Unlink(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!Name(ref call, a->Arg0, out ReadOnlySpan<byte> name, out Errno bad))
            return call.Failure;
        if (bad != Errno.Ok)
            return bad;
        FileCaller caller = call.Caller;
        return kernel.Ipc.Named.Remove(in caller, call.Group.Index, name);
    }

    private static SystemCallResult Notify(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        Event wanted = default;
        if (a->Arg1 != 0 && !call.Read(a->Arg1, out wanted))
            return call.Failure;
        if (wanted.Notify is not (NotifySignal or NotifyNone or NotifyThread))
            return Errno.EINVAL;
        if (wanted.Notify == NotifySignal && (uint)wanted.Signal > (uint)Signal.Last)
            return Errno.EINVAL;
        if (wanted.Notify == NotifyThread)
            return RefuseThread(ref call, in wanted);
        if (!Find(ref call, a->Int0, out _, out NamedQueue* queue))
            return call.Failure;
        if (a->Arg1 == 0)
        {
            if (queue->Notice.Owner != thread->Process->Header.Id)
                return 0;
            kernel.Ipc.Notices.End(queue);
        }
        else
        {
            QueueNoticeKind kind = wanted.Notify == NotifySignal ? QueueNoticeKind.Signal : QueueNoticeKind.Silent;
            Errno error = kernel.Ipc.Notices.Begin(queue, thread->Process, kind, wanted.Signal, wanted.Value);
            if (error != Errno.Ok)
                return error;
        }
        kernel.Ipc.Traffic.TouchStatus(queue);
        return 0;
    }

    // It asks for a message at a socket of AF_NETLINK, of which there are none: whatever the descriptor is, it is not that.
    private static SystemCallResult RefuseThread(ref FileCall call, in Event wanted)
    {
        Span<byte> cookie = stackalloc byte[CookieBytes];
        if (!call.ReadBytes(wanted.Value, cookie) || !call.File(wanted.Signal, out OpenFile* file))
            return call.Failure;
        return file->Kind == FileKind.Socket ? Errno.EINVAL : Errno.ENOTSOCK;
    }

    private static SystemCallResult GetAndSet(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        QueueAttributes wanted = default;
        if (a->Arg1 != 0 && !call.Read(a->Arg1, out wanted))
            return call.Failure;
        if ((wanted.Flags & ~(long)OpenFlags.NonBlocking) != 0)
            return Errno.EINVAL;
        if (!Find(ref call, a->Int0, out OpenFile* file, out NamedQueue* queue))
            return call.Failure;
        // What the caller is told is what was before, and nothing changes before it can be told.
        if (a->Arg2 != 0 && !call.Probe(a->Arg2, (ulong)sizeof(QueueAttributes), willWrite: true) && !call.Failure.IsError)
            return call.Failure;
        var present = new QueueAttributes
        {
            Flags = file->Flags & OpenFlags.NonBlocking,
            MostMessages = queue->MostMessages, MostBytes = queue->MostBytes, Count = queue->Count,
        };
        if (a->Arg1 != 0)
        {
            file->Flags = (file->Flags & ~OpenFlags.NonBlocking) | (uint)wanted.Flags;
            kernel.Files.MarkChanged(&file->Header);
            kernel.Ipc.Traffic.TouchStatus(queue);
        }
        return a->Arg2 == 0 || call.Write(a->Arg2, in present) ? 0 : call.Failure;
    }
}
