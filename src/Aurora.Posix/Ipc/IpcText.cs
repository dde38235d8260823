using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;

namespace Aurora.Posix.Ipc;

/// <summary>
/// The files of /proc/sysvipc. Whole lines only: the next part begins with the object whose line did not fit, or with what has taken its
/// place by then.
/// </summary>
public sealed unsafe class IpcText(IpcState state, ObjectHoles holes)
{
    internal void Write(ObjectTracker group, ProcNode node, ref ProcPart part, ref Utf8Writer writer)
    {
        switch (node)
        {
            case ProcNode.SysVIpcSegments: WriteSegments(group, ref part, ref writer); break;
            case ProcNode.SysVIpcSemaphores: WriteSets(group, ref part, ref writer); break;
            case ProcNode.SysVIpcMessages: WriteQueues(group, ref part, ref writer); break;
        }
    }

    private void WriteSegments(ObjectTracker group, ref ProcPart part, ref Utf8Writer writer)
    {
        if (part.Start == 0)
        {
            writer.Append("       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime"u8);
            writer.Append("      dtime      ctime                   rss                  swap\n"u8);
        }
        IpcSpace* space = state.Of(group);
        IpcObject* next = space == null ? null : IpcIds.Next(&space->Segments, (int)part.Address);
        for (part.Length = writer.Length; next != null; next = IpcIds.Next(&space->Segments, next->Ipc.Index + 1))
        {
            part.NextAddress = (ulong)next->Ipc.Index;
            WriteSegment((SharedSegment*)next, ref writer);
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    private void WriteQueues(ObjectTracker group, ref ProcPart part, ref Utf8Writer writer)
    {
        if (part.Start == 0)
        {
            writer.Append("       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"u8);
            writer.Append("      stime      rtime      ctime\n"u8);
        }
        IpcSpace* space = state.Of(group);
        IpcObject* next = space == null ? null : IpcIds.Next(&space->Queues, (int)part.Address);
        for (part.Length = writer.Length; next != null; next = IpcIds.Next(&space->Queues, next->Ipc.Index + 1))
        {
            part.NextAddress = (ulong)next->Ipc.Index;
            WriteQueue((MessageQueue*)next, ref writer);
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    private void WriteSets(ObjectTracker group, ref ProcPart part, ref Utf8Writer writer)
    {
        if (part.Start == 0)
            writer.Append("       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"u8);
        IpcSpace* space = state.Of(group);
        IpcObject* next = space == null ? null : IpcIds.Next(&space->Sets, (int)part.Address);
        for (part.Length = writer.Length; next != null; next = IpcIds.Next(&space->Sets, next->Ipc.Index + 1))
        {
            part.NextAddress = (ulong)next->Ipc.Index;
            var set = (SemaphoreSet*)next;
            WriteBeginning(in set->Ipc, ref writer);
            WriteColumn((ulong)set->Count, 10, ref writer);
            WriteOwners(in set->Ipc, ref writer);
            WriteColumn(set->OperationSeconds, 10, ref writer);
            WriteColumn(set->ChangeSeconds, 10, ref writer);
            writer.Append((byte)'\n');
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    private static void WriteQueue(MessageQueue* queue, ref Utf8Writer writer)
    {
        WriteBeginning(in queue->Ipc, ref writer);
        writer.Append((byte)' ');
        WriteColumn(queue->Bytes, 10, ref writer);
        WriteColumn(queue->Count, 10, ref writer);
        WriteColumn((ulong)queue->LastSender, 5, ref writer);
        WriteColumn((ulong)queue->LastReceiver, 5, ref writer);
        WriteOwners(in queue->Ipc, ref writer);
        WriteColumn(queue->SendSeconds, 10, ref writer);
        WriteColumn(queue->ReceiveSeconds, 10, ref writer);
        WriteColumn(queue->ChangeSeconds, 10, ref writer);
        writer.Append((byte)'\n');
    }

    private void WriteSegment(SharedSegment* segment, ref Utf8Writer writer)
    {
        WriteBeginning(in segment->Ipc, ref writer);
        WriteColumn(segment->Size, 21, ref writer);
        WriteColumn((ulong)segment->Creator, 5, ref writer);
        WriteColumn((ulong)segment->LastProcess, 5, ref writer);
        writer.Append((byte)' ');
        WriteColumn((ulong)segment->Object->Attaches, 5, ref writer);
        WriteOwners(in segment->Ipc, ref writer);
        WriteColumn(segment->AttachSeconds, 10, ref writer);
        WriteColumn(segment->DetachSeconds, 10, ref writer);
        WriteColumn(segment->ChangeSeconds, 10, ref writer);
        WriteColumn(holes.CountPages(segment->Object) << PageSize.Shift, 21, ref writer);
        WriteColumn(0, 21, ref writer);
        writer.Append((byte)'\n');
    }

    // Key, id and mode, as all the files begin.
    private static void WriteBeginning(in IpcIdentity identity, ref Utf8Writer writer)
    {
        Span<byte> buffer = stackalloc byte[24];
        var number = new Utf8Writer(buffer);
        number.AppendDecimal((long)identity.Key);
        WritePadding(10 - number.Length, ref writer);
        writer.Append(number.Written);
        WriteColumn((ulong)identity.Id, 10, ref writer);
        number = new Utf8Writer(buffer);
        number.AppendOctal(identity.Mode);
        writer.Append((byte)' ');
        WritePadding(5 - number.Length, ref writer);
        writer.Append(number.Written);
    }

    private static void WriteOwners(in IpcIdentity identity, ref Utf8Writer writer)
    {
        WriteColumn(identity.Uid, 5, ref writer);
        WriteColumn(identity.Gid, 5, ref writer);
        WriteColumn(identity.CreatorUid, 5, ref writer);
        WriteColumn(identity.CreatorGid, 5, ref writer);
    }

    private static void WriteColumn(ulong value, int width, ref Utf8Writer writer)
    {
        writer.Append((byte)' ');
        writer.AppendDecimal(value, width);
    }

    private static void WritePadding(int count, ref Utf8Writer writer)
    {
        for (; count > 0; count--)
            writer.Append((byte)' ');
    }
}
