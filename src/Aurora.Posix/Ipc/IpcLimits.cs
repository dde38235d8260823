using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>
/// What the files below /proc/sys say of the limits of System V objects, and setting them. A file has one number, or four.
/// </summary>
public sealed unsafe class IpcLimits(IpcState state)
{
    internal void Write(ObjectTracker group, ProcNode node, ref Utf8Writer writer)
    {
        IpcSettings settings = state.SettingsOf(group);
        IpcSpace* space = state.Of(group);
        if (ProcNames.IsQueueSetting(node))
        {
            NamedQueueLimits.Write(NamedOf(space), node, ref writer);
            return;
        }
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
            case ProcNode.SemaphoreLimits: WriteSemaphores(in settings, ref writer); break;
            case ProcNode.SemaphoreNextId: writer.AppendDecimal((long)(space == null ? -1 : space->Sets.ChosenId)); break;
            case ProcNode.SegmentNextId: writer.AppendDecimal((long)(space == null ? -1 : space->Segments.ChosenId)); break;
        }
        writer.Append((byte)'\n');
    }

    private static void WriteSemaphores(in IpcSettings settings, ref Utf8Writer writer)
    {
        writer.AppendDecimal((long)settings.SemaphoresInSet);
        writer.Append((byte)'\t');
        writer.AppendDecimal((long)settings.AllSemaphores);
        writer.Append((byte)'\t');
        writer.AppendDecimal((long)settings.OperationsInCall);
        writer.Append((byte)'\t');
        writer.AppendDecimal((long)settings.MostSets);
    }

    // As many of the four numbers as there are; what is not said stays.
    private static bool ReadSemaphores(ReadOnlySpan<byte> text, ref IpcSettings settings)
    {
        Span<int> numbers = [settings.SemaphoresInSet, settings.AllSemaphores, settings.OperationsInCall, settings.MostSets];
        for (int i = 0; i < numbers.Length && !text.IsEmpty; i++)
        {
            if (!Utf8Parser.TryParse(text, out int number, out int used))
                return false;
            numbers[i] = number;
            text = text[used..].TrimStart(" \t"u8);
        }
        settings.SemaphoresInSet = numbers[0];
        settings.AllSemaphores = numbers[1];
        settings.OperationsInCall = numbers[2];
        settings.MostSets = numbers[3];
        return text.IsEmpty;
    }

    /// <summary>Sets a limit: Ok, EINVAL, EPERM or ENOMEM.</summary>
    internal Errno Set(Thread* thread, ProcNode node, ReadOnlySpan<byte> text)
    {
        IpcSpace* space = state.Make(state.Tracked.Of(&thread->Header));
        if (space == null)
            return Errno.ENOMEM;
        text = text.Trim(" \t\n\r"u8);
        if (ProcNames.IsQueueSetting(node))
            return SetNamed(space, node, text);
        bool isNumber = Utf8Parser.TryParse(text, out ulong value, out int used) && used == text.Length;
        IpcSettings settings = space->Settings;
        if (node == ProcNode.SemaphoreLimits ? text.IsEmpty || !ReadSemaphores(text, ref settings) : !isNumber)
            return Errno.EINVAL;
        switch (node)
        {
            case ProcNode.SegmentBytesMax: settings.LargestSegment = value; break;
            case ProcNode.SegmentPagesMax: settings.AllSegmentPages = value; break;
            case ProcNode.SegmentsMax: settings.MostSegments = Number(value); break;
            case ProcNode.LargestMessage: settings.LargestMessage = Number(value); break;
            case ProcNode.MessageQueueBytes: settings.QueueBytes = Number(value); break;
            case ProcNode.MessageQueuesMax: settings.MostQueues = Number(value); break;
            case ProcNode.MessageQueueNextId: return Choose(thread, space, &space->Queues, value);
            case ProcNode.SemaphoreLimits: break;
            case ProcNode.SemaphoreNextId: return Choose(thread, space, &space->Sets, value);
            case ProcNode.SegmentNextId: return Choose(thread, space, &space->Segments, value);
            default: return Errno.EINVAL;
        }
        if (!settings.IsValid)
            return Errno.EINVAL;
        space->Settings = settings;
        state.Tracked.MarkChanged(&space->Header);
        return Errno.Ok;
    }

    private static NamedQueueSettings NamedOf(IpcSpace* space) => space == null ? NamedQueueSettings.Default : space->NamedSettings;

    private Errno SetNamed(IpcSpace* space, ProcNode node, ReadOnlySpan<byte> text)
    {
        if (!NamedQueueLimits.TrySet(ref space->NamedSettings, node, text))
            return Errno.EINVAL;
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
