using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>
/// /proc/N/status and /proc/N/task/T/status, in the order of Linux. Behind what it has: <c>Detached</c>, for a process that is.
/// </summary>
internal sealed unsafe class ProcStatusText(MemoryManager memory)
{
    public void Write(ProcessInformation information, Process* process, Thread* thread, bool isOfThread, ref Utf8Writer writer)
    {
        int id = isOfThread && thread != null ? thread->Id : process->Id;
        writer.Append("Name:\t"u8);
        ProcStatText.WriteName(process, isOfThread ? thread : null, ref writer);
        if (process->FileSystem != null)
        {
            writer.Append("\nUmask:\t0"u8);
            writer.AppendOctal(((FileContext*)process->FileSystem)->Umask);
        }
        writer.Append("\nState:\t"u8);
        ProcStatText.StateOf(process, thread, out ReadOnlySpan<byte> state);
        ProcFields.WriteLine(state, ref writer);
        ProcFields.WriteNumber("Tgid:"u8, (uint)process->Id, ref writer);
        ProcFields.WriteNumber("Ngid:"u8, 0, ref writer);
        ProcFields.WriteNumber("Pid:"u8, (uint)id, ref writer);
        ProcFields.WriteNumber("PPid:"u8, (uint)(process->Parent == null ? 0 : process->Parent->Id), ref writer);
        WriteIdentity(process, ref writer);
        WriteNamespaceIds(process, id, ref writer);
        if (process->AddressSpace != null)
            WriteMemorySizes(process, ref writer);
        writer.Append("CoreDumping:\t0\nTHP_enabled:\t0\n"u8);
        ProcFields.WriteNumber("Threads:"u8, (uint)process->ThreadCount, ref writer);
        WriteSignals(information, process, thread, ref writer);
        WriteCapabilities(process, ref writer);
        writer.Append("Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n"u8);
        writer.Append("voluntary_ctxt_switches:\t"u8);
        writer.AppendDecimal(thread != null ? thread->VoluntarySwitches : process->VoluntarySwitches);
        writer.Append("\nnonvoluntary_ctxt_switches:\t"u8);
        writer.AppendDecimal(thread != null ? thread->InvoluntarySwitches : process->InvoluntarySwitches);
        writer.Append((byte)'\n');
        if (process->IsDetached)
            ProcFields.WriteNumber("Detached:"u8, 1, ref writer);
    }

    private static void WriteIdentity(Process* process, ref Utf8Writer writer)
    {
        ref readonly Credentials credentials = ref process->Credentials;
        writer.Append("TracerPid:\t0\nUid:"u8);
        ProcFields.WriteFour(credentials.RealUid, credentials.EffectiveUid, credentials.SavedUid, credentials.FileUid, ref writer);
        writer.Append("Gid:"u8);
        ProcFields.WriteFour(credentials.RealGid, credentials.EffectiveGid, credentials.SavedGid, credentials.FileGid, ref writer);
        ProcFields.WriteNumber("FDSize:"u8, SlotsOf(process), ref writer);
        WriteGroups(process, ref writer);
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

    // As many slots as there are up to the last chunk in use.
    private static uint SlotsOf(Process* process)
    {
        DescriptorTable* table = (DescriptorTable*)process->Descriptors;
        uint chunks = 0;
        for (int i = 0; table != null && i < DescriptorTable.MaxChunks; i++)
            chunks = table->ChunkAt(i) != null ? (uint)i + 1 : chunks;
        return chunks * DescriptorChunk.Capacity;
    }

    private static void WriteNamespaceIds(Process* process, int id, ref Utf8Writer writer)
    {
        ProcessGroup* group = process->ProcessGroup;
        ProcFields.WriteNumber("NStgid:"u8, (uint)process->Id, ref writer);
        ProcFields.WriteNumber("NSpid:"u8, (uint)id, ref writer);
        ProcFields.WriteNumber("NSpgid:"u8, (uint)(group == null ? 0 : group->Id), ref writer);
        ProcFields.WriteNumber("NSsid:"u8, (uint)(group == null || group->Session == null ? 0 : group->Session->Id), ref writer);
    }

    private void WriteMemorySizes(Process* process, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ulong locked = 0, data = 0, stack = 0, code = 0, library = 0;
        for (int i = 0; i < space->MappingCount; i++)
        {
            Mapping* mapping = MappingTable.At(space, i);
            bool isCode = (mapping->Protection & (Protection.Execute | Protection.Write)) == Protection.Execute;
            bool isWritable = (mapping->Protection & Protection.Write) != 0 && !mapping->IsShared;
            locked += (mapping->Flags & MappingFlags.Locked) != 0 ? mapping->Pages : 0;
            stack += (mapping->Flags & MappingFlags.Stack) != 0 ? mapping->Pages : 0;
            data += isWritable && (mapping->Flags & MappingFlags.Stack) == 0 ? mapping->Pages : 0;
            code += isCode && mapping->File == process->ExecutableInode ? mapping->Pages : 0;
            library += isCode && mapping->File != process->ExecutableInode ? mapping->Pages : 0;
        }
        // Peaks are not kept.
        ProcFields.WriteKilobytes("VmPeak:\t"u8, space->MappedPages, ref writer);
        ProcFields.WriteKilobytes("VmSize:\t"u8, space->MappedPages, ref writer);
        ProcFields.WriteKilobytes("VmLck:\t"u8, locked, ref writer);
        ProcFields.WriteKilobytes("VmPin:\t"u8, 0, ref writer);
        ProcFields.WriteKilobytes("VmHWM:\t"u8, space->ResidentPages, ref writer);
        ProcFields.WriteKilobytes("VmRSS:\t"u8, space->ResidentPages, ref writer);
        ProcFields.WriteKilobytes("VmData:\t"u8, data, ref writer);
        ProcFields.WriteKilobytes("VmStk:\t"u8, stack, ref writer);
        ProcFields.WriteKilobytes("VmExe:\t"u8, code, ref writer);
        ProcFields.WriteKilobytes("VmLib:\t"u8, library, ref writer);
        ProcFields.WriteKilobytes("VmPTE:\t"u8, memory.Residency.CountTables(space), ref writer);
        ProcFields.WriteKilobytes("VmSwap:\t"u8, 0, ref writer);
        ProcFields.WriteKilobytes("HugetlbPages:\t"u8, 0, ref writer);
    }

    private static void WriteSignals(ProcessInformation information, Process* process, Thread* thread, ref Utf8Writer writer)
    {
        writer.Append("SigQ:\t"u8);
        writer.AppendDecimal(information.SignalsOf(process));
        writer.Append((byte)'/');
        writer.AppendDecimal(process->Limits.Soft(Resource.PendingSignals));
        writer.Append((byte)'\n');
        ProcFields.WriteMask("SigPnd:\t"u8, thread == null ? 0 : thread->Pending.Set.Bits, ref writer);
        ProcFields.WriteMask("ShdPnd:\t"u8, process->Pending.Set.Bits, ref writer);
        ProcFields.WriteMask("SigBlk:\t"u8, thread == null ? 0 : thread->BlockedSignals.Bits, ref writer);
        ProcStatText.Dispositions(process, out ulong ignored, out ulong caught);
        ProcFields.WriteMask("SigIgn:\t"u8, ignored, ref writer);
        ProcFields.WriteMask("SigCgt:\t"u8, caught, ref writer);
    }

    private static void WriteCapabilities(Process* process, ref Utf8Writer writer)
    {
        ref readonly CapabilitySets sets = ref process->Credentials.Capabilities;
        ProcFields.WriteMask("CapInh:\t"u8, sets.Inheritable, ref writer);
        ProcFields.WriteMask("CapPrm:\t"u8, sets.Permitted, ref writer);
        ProcFields.WriteMask("CapEff:\t"u8, sets.Effective, ref writer);
        ProcFields.WriteMask("CapBnd:\t"u8, sets.Bounding, ref writer);
        ProcFields.WriteMask("CapAmb:\t"u8, sets.Ambient, ref writer);
        ProcFields.WriteNumber("NoNewPrivs:"u8, process->NoNewPrivileges ? 1U : 0, ref writer);
        writer.Append("Seccomp:\t0\nSeccomp_filters:\t0\n"u8);
    }
}
