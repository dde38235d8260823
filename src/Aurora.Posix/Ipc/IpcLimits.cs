using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>What the files below /proc/sys say of the limits of System V objects, and setting them. A file has one number, or four.</summary>
public sealed unsafe class IpcLimits(IpcState state)
{
    internal void Write(ObjectTracker group, ProcNode node, ref Utf8Writer writer)
    {
        IpcSettings settings = state.SettingsOf(group);
        IpcSpace* space = state.Of(group);
        switch (node)
        {
            case ProcNode.SegmentBytesMax: writer.AppendDecimal(settings.LargestSegment); break;
            case ProcNode.SegmentPagesMax: writer.AppendDecimal(settings.AllSegmentPages); break;
            case ProcNode.SegmentsMax: writer.AppendDecimal((long)settings.MostSegments); break;
            case ProcNode.SegmentRemovalForced: writer.AppendDecimal(0L); break;
            case ProcNode.LargestMessage: writer.AppendDecimal((long)settings.LargestMessage); break;
            case ProcNode.MessageQueueBytes: writer.AppendDecimal((long)settings.QueueBytes); break;
            case ProcNode.MessageQueuesMax: writer.AppendDecimal((long)settings.MostQueues); break;
            case ProcNode.MessageQueueNextId: writer.AppendDecimal((long)(space == null ? -1 : space->Queues.ChosenId)); break;
            case ProcNode.SegmentNextId: writer.AppendDecimal((long)(space == null ? -1 : space->Segments.ChosenId)); break;
        }
        writer.Append((byte)'\n');
    }

    /// <summary>Sets a limit: Ok, EINVAL, EPERM or ENOMEM.</summary>
    internal Errno Set(Thread* thread, ProcNode node, ReadOnlySpan<byte> text)
    {
        IpcSpace* space = state.Make(state.Tracked.Of(&thread->Header));
        if (space == null)
            return Errno.ENOMEM;
        text = text.Trim(" \t\n\r"u8);
        bool isNumber = Utf8Parser.TryParse(text, out ulong value, out int used) && used == text.Length;
        if (!isNumber)
            return Errno.EINVAL;
        IpcSettings settings = space->Settings;
        switch (node)
        {
            case ProcNode.SegmentBytesMax: settings.LargestSegment = value; break;
            case ProcNode.SegmentPagesMax: settings.AllSegmentPages = value; break;
            case ProcNode.SegmentsMax: settings.MostSegments = Number(value); break;
            case ProcNode.LargestMessage: settings.LargestMessage = Number(value); break;
            case ProcNode.MessageQueueBytes: settings.QueueBytes = Number(value); break;
            case ProcNode.MessageQueuesMax: settings.MostQueues = Number(value); break;
            case ProcNode.MessageQueueNextId: return Choose(thread, space, &space->Queues, value);
            case ProcNode.SegmentNextId: return Choose(thread, space, &space->Segments, value);
            default: return Errno.EINVAL;
        }
        if (!settings.IsValid)
            return Errno.EINVAL;
        space->Settings = settings;
        state.Tracked.MarkChanged(&space->Header);
        return Errno.Ok;
    }

    // The id of the next object, for who puts programs back where they were.
    private Errno Choose(Thread* thread, IpcSpace* space, IpcTable* table, ulong id)
    {
        Credentials* caller = &thread->Process->Credentials;
        if (!caller->Has(Capability.Last) && !caller->Has(Capability.SysAdmin))
            return Errno.EPERM;
        if (id > int.MaxValue)
            return Errno.EINVAL;
        table->ChosenId = (int)id;
        state.Tracked.MarkChanged(&space->Header);
        return Errno.Ok;
    }

    // What is no int is no number that can be set.
    private static int Number(ulong value) => value > int.MaxValue ? -1 : (int)value;
}
