// /proc/PID/status (proc(5)).
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

internal sealed unsafe partial class ProcText
{
    private void WriteStatus(Process* process, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ref readonly Credentials credentials = ref process->Credentials;
        writer.Append("Name:\t"u8);
        WriteName(process, ref writer);
        writer.Append("\nUmask:\t0"u8);
        writer.AppendOctal(process->FileSystem == null ? 0 : ((FileContext*)process->FileSystem)->Umask);
        writer.Append("\nState:\t"u8);
        StateOf(process, out ReadOnlySpan<byte> state);
        WriteLine(state, ref writer);
        WriteIds("Tgid:"u8, (uint)process->Id, ref writer);
        WriteIds("Ngid:"u8, 0, ref writer);
        WriteIds("Pid:"u8, (uint)process->Id, ref writer);
        WriteIds("PPid:"u8, (uint)(process->Parent == null ? 0 : process->Parent->Id), ref writer);
        writer.Append("TracerPid:\t0\nUid:"u8);
        WriteFour(credentials.RealUid, credentials.EffectiveUid, credentials.SavedUid, credentials.FileUid, ref writer);
        writer.Append("Gid:"u8);
        WriteFour(credentials.RealGid, credentials.EffectiveGid, credentials.SavedGid, credentials.FileGid, ref writer);
        WriteIds("FDSize:"u8, 256, ref writer);
        WriteGroups(process, ref writer);
        if (space != null)
            WriteMemory(space, process, ref writer);
        WriteIds("Threads:"u8, (uint)process->ThreadCount, ref writer);
        WriteMask("SigPnd:\t"u8, process->FirstThread == null ? 0 : process->FirstThread->Pending.Set.Bits, ref writer);
        WriteMask("ShdPnd:\t"u8, process->Pending.Set.Bits, ref writer);
        WriteMask("SigBlk:\t"u8, process->FirstThread == null ? 0 : process->FirstThread->BlockedSignals.Bits, ref writer);
        WriteActions(process, ref writer);
        ref readonly CapabilitySets sets = ref credentials.Capabilities;
        WriteMask("CapInh:\t"u8, sets.Inheritable, ref writer);
        WriteMask("CapPrm:\t"u8, sets.Permitted, ref writer);
        WriteMask("CapEff:\t"u8, sets.Effective, ref writer);
        WriteMask("CapBnd:\t"u8, sets.Bounding, ref writer);
        WriteMask("CapAmb:\t"u8, sets.Ambient, ref writer);
        WriteIds("NoNewPrivs:"u8, process->NoNewPrivileges ? 1U : 0, ref writer);
        writer.Append("Seccomp:\t0\nSeccomp_filters:\t0\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n"u8);
        writer.Append("Mems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t"u8);
        writer.AppendDecimal(process->VoluntarySwitches);
        writer.Append("\nnonvoluntary_ctxt_switches:\t"u8);
        writer.AppendDecimal(process->InvoluntarySwitches);
        writer.Append((byte)'\n');
    }

    // The sizes by kind, as Linux counts them. Peaks are not kept.
    private void WriteMemory(AddressSpace* space, Process* process, ref Utf8Writer writer)
    {
        ulong locked = 0, data = 0, stack = 0, code = 0, libraries = 0;
        for (int index = 0; files.Memory.MappingAt(space, index) is var mapping && mapping != null; index++)
        {
            bool isPrivateData = !mapping->IsShared && (mapping->Protection & Protection.Write) != 0;
            if ((mapping->Flags & MappingFlags.Locked) != 0)
                locked += mapping->Pages;
            if ((mapping->Flags & MappingFlags.GrowsDown) != 0)
                stack += mapping->Pages;
            else if (isPrivateData)
                data += mapping->Pages;
            else if ((mapping->Protection & Protection.Execute) == 0)
                continue;
            else if (mapping->File == process->ExecutableInode)
                code += mapping->Pages;
            else
                libraries += mapping->Pages;
        }
        WriteKilobytes("VmPeak:\t"u8, space->MappedPages, ref writer);
        WriteKilobytes("VmSize:\t"u8, space->MappedPages, ref writer);
        WriteKilobytes("VmLck:\t"u8, locked, ref writer);
        WriteKilobytes("VmPin:\t"u8, 0, ref writer);
        WriteKilobytes("VmHWM:\t"u8, space->ResidentPages, ref writer);
        WriteKilobytes("VmRSS:\t"u8, space->ResidentPages, ref writer);
        WriteKilobytes("VmData:\t"u8, data, ref writer);
        WriteKilobytes("VmStk:\t"u8, stack, ref writer);
        WriteKilobytes("VmExe:\t"u8, code, ref writer);
        WriteKilobytes("VmLib:\t"u8, libraries, ref writer);
        WriteKilobytes("VmSwap:\t"u8, 0, ref writer);
    }

    // The signals that are ignored and those that have handlers.
    private static void WriteActions(Process* process, ref Utf8Writer writer)
    {
        ulong ignored = 0, caught = 0;
        for (int signal = 1; process->Actions != null && signal <= (int)Signal.Last; signal++)
        {
            ulong handler = SignalActions.Of(process->Actions, (Signal)signal)->Handler;
            if (handler == SignalAction.Ignore)
                ignored |= 1UL << (signal - 1);
            else if (handler != SignalAction.Default)
                caught |= 1UL << (signal - 1);
        }
        WriteMask("SigIgn:\t"u8, ignored, ref writer);
        WriteMask("SigCgt:\t"u8, caught, ref writer);
    }

    private static void WriteGroups(Process* process, ref Utf8Writer writer)
    {
        writer.Append("Groups:\t"u8);
        for (int i = 0; i < process->Credentials.GroupCount; i++)
        {
            writer.AppendDecimal(process->Credentials.Groups[i]);
            writer.Append((byte)' ');
        }
        writer.Append((byte)'\n');
    }

    private static void WriteIds(ReadOnlySpan<byte> label, uint value, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.Append((byte)'\t');
        writer.AppendDecimal(value);
        writer.Append((byte)'\n');
    }

    private static void WriteFour(uint a, uint b, uint c, uint d, ref Utf8Writer writer)
    {
        writer.Append((byte)'\t');
        writer.AppendDecimal(a);
        writer.Append((byte)'\t');
        writer.AppendDecimal(b);
        writer.Append((byte)'\t');
        writer.AppendDecimal(c);
        writer.Append((byte)'\t');
        writer.AppendDecimal(d);
        writer.Append((byte)'\n');
    }

    private static void WriteMask(ReadOnlySpan<byte> label, ulong mask, ref Utf8Writer writer)
    {
        writer.Append(label);
        writer.AppendHex(mask, 16);
        writer.Append((byte)'\n');
    }
}
