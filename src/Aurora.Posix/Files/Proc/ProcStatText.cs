using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>/proc/N/stat and statm, and what status has with them in common.</summary>
internal static unsafe class ProcStatText
{
    // proc(5), /proc/pid/stat, fields 1 to 52.
    public static void Write(ProcessInformation information, Process* process, Thread* thread, bool isOfThread,
        bool isOpen, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ProcessGroup* group = process->ProcessGroup;
        Session* session = group == null ? null : group->Session;
        Thread* own = isOfThread ? thread : null;
        ulong user = own != null ? own->UserNanoseconds : ProcessTimes.User(process);
        ulong system = own != null ? own->SystemNanoseconds : ProcessTimes.System(process);
        writer.AppendDecimal(own != null ? own->Id : process->Id);
        writer.Append(" ("u8);
        WriteName(process, own, ref writer);
        writer.Append(") "u8);
        writer.Append(StateOf(process, thread, out _));
        ProcFields.WriteField((ulong)(process->Parent == null ? 0 : process->Parent->Id), ref writer);
        ProcFields.WriteField((ulong)(group == null ? 0 : group->Id), ref writer);
        ProcFields.WriteField((ulong)(session == null ? 0 : session->Id), ref writer);
        ProcFields.WriteField(information.TerminalOf(session), ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(information.ForegroundGroup(session));
        writer.Append(" 0"u8);
        ProcFields.WriteField(own != null ? own->MinorFaults : process->MinorFaults, ref writer);
        ProcFields.WriteField(process->ChildMinorFaults, ref writer);
        ProcFields.WriteField(own != null ? own->MajorFaults : process->MajorFaults, ref writer);
        ProcFields.WriteField(process->ChildMajorFaults, ref writer);
        ProcFields.WriteField(user / ProcFields.TickNanoseconds, ref writer);
        ProcFields.WriteField(system / ProcFields.TickNanoseconds, ref writer);
        ProcFields.WriteField(process->ChildUserNanoseconds / ProcFields.TickNanoseconds, ref writer);
        ProcFields.WriteField(process->ChildSystemNanoseconds / ProcFields.TickNanoseconds, ref writer);
        ProcFields.WriteField((ulong)(20 + process->Nice), ref writer);
        writer.Append((byte)' ');
        writer.AppendDecimal(process->Nice);
        ProcFields.WriteField((ulong)process->ThreadCount, ref writer);
        writer.Append(" 0"u8);
        ProcFields.WriteField(process->StartNanoseconds / ProcFields.TickNanoseconds, ref writer);
        ProcFields.WriteField(space == null ? 0 : space->MappedPages << PageSize.Shift, ref writer);
        ProcFields.WriteField(space == null ? 0 : space->ResidentPages, ref writer);
        writer.Append(" 18446744073709551615 1 1"u8);
        // Where its memory lies is for those who may look into it.
        ProcFields.WriteField(isOpen ? process->StackStart : 0, ref writer);
        writer.Append(" 0 0"u8);
        // The bits of the standard signals only: fields 31 to 34 are from before there were others.
        ProcFields.WriteField(thread == null ? 0 : thread->Pending.Set.Bits & int.MaxValue, ref writer);
        ProcFields.WriteField(thread == null ? 0 : thread->BlockedSignals.Bits & int.MaxValue, ref writer);
        Dispositions(process, out ulong ignored, out ulong caught);
        ProcFields.WriteField(ignored & int.MaxValue, ref writer);
        ProcFields.WriteField(caught & int.MaxValue, ref writer);
        writer.Append(" 0 0 0 17 0"u8);
        ProcFields.WriteField(thread != null && thread->Schedule.IsRealTime ? thread->Schedule.Priority : 0UL, ref writer);
        ProcFields.WriteField(thread == null ? 0 : (ulong)thread->Schedule.Policy, ref writer);
        writer.Append(" 0 0 0 0 0"u8);
        ProcFields.WriteField(space == null || !isOpen ? 0 : space->BreakStart.Value, ref writer);
        ProcFields.WriteField(isOpen ? process->ArgumentsStart : 0, ref writer);
        ProcFields.WriteField(isOpen ? process->ArgumentsEnd : 0, ref writer);
        ProcFields.WriteField(isOpen ? process->EnvironmentStart : 0, ref writer);
        ProcFields.WriteField(isOpen ? process->EnvironmentEnd : 0, ref writer);
        ProcFields.WriteField(isOpen ? (ulong)process->ExitStatus : 0, ref writer);
        writer.Append((byte)'\n');
    }

    public static void WriteSizes(Process* process, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        writer.AppendDecimal(space == null ? 0 : space->MappedPages);
        ProcFields.WriteField(space == null ? 0 : space->ResidentPages, ref writer);
        writer.Append(" 0 0 0"u8);
        ProcFields.WriteField(space == null ? 0 : space->MappedPages, ref writer);
        writer.Append(" 0\n"u8);
    }

    // Of a thread by its own name, which may differ.
    public static void WriteName(Process* process, Thread* thread, ref Utf8Writer writer)
    {
        const int bytes = 16;
        var name = new ReadOnlySpan<byte>(thread != null ? thread->Name : process->Name, bytes);
        int end = name.IndexOf((byte)0);
        writer.Append(end < 0 ? name : name[..end]);
    }

    /// <summary>The letter for the state of a thread of a process, and the word that goes with it in status.</summary>
    public static byte StateOf(Process* process, Thread* thread, out ReadOnlySpan<byte> word)
    {
        word = "Z (zombie)"u8;
        // A leader that has ended before the other threads is a zombie by itself.
        if (process->State == ProcessState.Zombie || thread == null)
            return word[0];
        if (process->IsStopped)
            word = "T (stopped)"u8;
        else if (thread->State == ThreadState.Runnable)
            word = "R (running)"u8;
        else if (thread->State == ThreadState.BlockedUninterruptible)
            word = "D (disk sleep)"u8;
        else
            word = "S (sleeping)"u8;
        return word[0];
    }

    public static void Dispositions(Process* process, out ulong ignored, out ulong caught)
    {
        ignored = caught = 0;
        for (Signal signal = Signal.SIGHUP; process->Actions != null && signal <= Signal.Last; signal++)
        {
            ulong handler = SignalActions.Of(process->Actions, signal)->Handler;
            if (handler == SignalAction.Ignore)
                ignored |= SignalSet.Of(signal).Bits;
            else if (handler != SignalAction.Default)
                caught |= SignalSet.Of(signal).Bits;
        }
    }
}
