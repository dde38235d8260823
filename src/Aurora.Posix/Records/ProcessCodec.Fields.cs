using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Records;

// The copying between a process and its record, field by field.
public sealed unsafe partial class ProcessCodec
{
    private void Describe(Process* process, ref ProcessRecord record)
    {
        record.Parent = IdOf(process->Parent);
        record.Group = IdOf(process->ProcessGroup);
        record.AddressSpace = IdOf(process->AddressSpace);
        record.Descriptors = IdOf(process->Descriptors);
        record.FileContext = IdOf(process->FileSystem);
        record.Actions = IdOf(process->Actions);
        record.Id = process->Id;
        record.Flags = FlagsOf(process);
        record.ExitStatus = process->ExitStatus;
        record.ExitSignal = process->ExitSignal;
        record.StopReport = process->StopReport;
        record.Personality = process->Personality;
        record.Nice = process->Nice;
        record.SignalsSeen = process->SignalsSeen;
        record.PendingSet = process->Pending.Set.Bits;
        Copy(in process->Credentials, ref record.Credentials);
        record.Capabilities = process->Credentials.Capabilities;
        record.OutOfMemoryBias = process->OutOfMemoryBias;
        record.LeastOutOfMemoryBias = process->LeastOutOfMemoryBias;
        record.Limits = process->Limits;
        record.ArgumentsStart = process->ArgumentsStart;
        record.ArgumentsEnd = process->ArgumentsEnd;
        record.EnvironmentStart = process->EnvironmentStart;
        record.EnvironmentEnd = process->EnvironmentEnd;
        record.StackStart = process->StackStart;
        record.AuxiliaryWords = process->AuxiliaryWords;
        record.ExecutableInode = process->ExecutableInode;
        fixed (byte* name = record.Name)
            new ReadOnlySpan<byte>(process->Name, NameBytes).CopyTo(new Span<byte>(name, NameBytes));
    }

    private static void Copy(in Credentials from, ref IdentityRecord to)
        => MemoryMarshal.AsBytes(new ReadOnlySpan<Credentials>(in from))[..IdentityRecord.Bytes].CopyTo(
            MemoryMarshal.AsBytes(new Span<IdentityRecord>(ref to)));

    private static void Copy(in IdentityRecord from, ref Credentials to)
        => MemoryMarshal.AsBytes(new ReadOnlySpan<IdentityRecord>(in from)).CopyTo(MemoryMarshal.AsBytes(new Span<Credentials>(ref to)));

    private static void CopyCounts(Process* process, ref ProcessRecord record)
    {
        record.StartNanoseconds = process->StartNanoseconds;
        record.UserNanoseconds = process->UserNanoseconds;
        record.SystemNanoseconds = process->SystemNanoseconds;
        record.MinorFaults = process->MinorFaults;
        record.MajorFaults = process->MajorFaults;
        record.VoluntarySwitches = process->VoluntarySwitches;
        record.InvoluntarySwitches = process->InvoluntarySwitches;
        record.ChildUserNanoseconds = process->ChildUserNanoseconds;
        record.ChildSystemNanoseconds = process->ChildSystemNanoseconds;
        record.ChildMinorFaults = process->ChildMinorFaults;
        record.ChildMajorFaults = process->ChildMajorFaults;
        record.AlarmNanoseconds = process->Alarm.IsArmed ? process->Alarm.Nanoseconds : process->AlarmExpiredNanoseconds;
        record.AlarmIntervalNanoseconds = process->AlarmIntervalNanoseconds;
        record.VirtualTimerNanoseconds = process->VirtualTimerNanoseconds;
        record.VirtualTimerIntervalNanoseconds = process->VirtualTimerIntervalNanoseconds;
        record.ProfileTimerNanoseconds = process->ProfileTimerNanoseconds;
        record.ProfileTimerIntervalNanoseconds = process->ProfileTimerIntervalNanoseconds;
    }

    private ProcessRecordFlags FlagsOf(Process* process)
    {
        ProcessRecordFlags flags = process == processes.Of(process).Init ? ProcessRecordFlags.Init : ProcessRecordFlags.None;
        flags |= process->State == ProcessState.Zombie ? ProcessRecordFlags.Zombie : 0;
        flags |= process->HasExecuted ? ProcessRecordFlags.HasExecuted : 0;
        flags |= process->IsEnding ? ProcessRecordFlags.Ending : 0;
        flags |= process->IsStopped ? ProcessRecordFlags.Stopped : 0;
        flags |= process->ContinueReport ? ProcessRecordFlags.ContinueReport : 0;
        flags |= process->BorrowsMemory ? ProcessRecordFlags.BorrowsMemory : 0;
        flags |= process->IsDumpable ? ProcessRecordFlags.Dumpable : 0;
        flags |= process->AlarmExpiredNanoseconds != 0 && !process->Alarm.IsArmed ? ProcessRecordFlags.AlarmStandsStill : 0;
        flags |= process->IsUnguarded ? ProcessRecordFlags.Unguarded : 0;
        flags |= process->NoNewPrivileges ? ProcessRecordFlags.NoNewPrivileges : 0;
        flags |= process->IsDetached ? ProcessRecordFlags.Detached : 0;
        flags |= process->IsOvertaken ? ProcessRecordFlags.Overtaken : 0;
        return flags | (process->IsChildSubreaper ? ProcessRecordFlags.ChildSubreaper : 0);
    }

    private static void Fill(Process* process, in ProcessRecord record)
    {
        ProcessRecordFlags flags = record.Flags;
        process->Id = record.Id;
        process->SignalsSeen = record.SignalsSeen;
        process->State = (flags & ProcessRecordFlags.Zombie) != 0 ? ProcessState.Zombie : ProcessState.Alive;
        process->HasExecuted = (flags & ProcessRecordFlags.HasExecuted) != 0;
        process->IsEnding = (flags & ProcessRecordFlags.Ending) != 0;
        process->IsUnguarded = (flags & ProcessRecordFlags.Unguarded) != 0;
        process->IsStopped = (flags & ProcessRecordFlags.Stopped) != 0;
        process->ContinueReport = (flags & ProcessRecordFlags.ContinueReport) != 0;
        process->BorrowsMemory = (flags & ProcessRecordFlags.BorrowsMemory) != 0;
        process->IsDumpable = (flags & ProcessRecordFlags.Dumpable) != 0;
        process->NoNewPrivileges = (flags & ProcessRecordFlags.NoNewPrivileges) != 0;
        process->IsChildSubreaper = (flags & ProcessRecordFlags.ChildSubreaper) != 0;
        process->IsDetached = (flags & ProcessRecordFlags.Detached) != 0;
        process->IsOvertaken = (flags & ProcessRecordFlags.Overtaken) != 0;
        process->ExitStatus = record.ExitStatus;
        process->ExitSignal = record.ExitSignal;
        process->StopReport = (byte)record.StopReport;
        process->Personality = record.Personality;
        process->Nice = record.Nice;
        Copy(in record.Credentials, ref process->Credentials);
        process->Credentials.Capabilities = record.Capabilities;
        process->OutOfMemoryBias = record.OutOfMemoryBias;
        process->LeastOutOfMemoryBias = record.LeastOutOfMemoryBias;
        process->Limits = record.Limits;
        process->ArgumentsStart = record.ArgumentsStart;
        process->ArgumentsEnd = record.ArgumentsEnd;
        process->EnvironmentStart = record.EnvironmentStart;
        process->EnvironmentEnd = record.EnvironmentEnd;
        process->StackStart = record.StackStart;
        process->AuxiliaryWords = record.AuxiliaryWords;
        process->ExecutableInode = record.ExecutableInode;
        fixed (byte* name = record.Name)
            new ReadOnlySpan<byte>(name, NameBytes).CopyTo(new Span<byte>(process->Name, NameBytes));
        process->Name[NameBytes - 1] = 0;
        FillCounts(process, in record);
    }

    private static void FillCounts(Process* process, in ProcessRecord record)
    {
        process->StartNanoseconds = record.StartNanoseconds;
        process->UserNanoseconds = record.UserNanoseconds;
        process->SystemNanoseconds = record.SystemNanoseconds;
        process->MinorFaults = record.MinorFaults;
        process->MajorFaults = record.MajorFaults;
        process->VoluntarySwitches = record.VoluntarySwitches;
        process->InvoluntarySwitches = record.InvoluntarySwitches;
        process->ChildUserNanoseconds = record.ChildUserNanoseconds;
        process->ChildSystemNanoseconds = record.ChildSystemNanoseconds;
        process->ChildMinorFaults = record.ChildMinorFaults;
        process->ChildMajorFaults = record.ChildMajorFaults;
        bool isStill = (record.Flags & ProcessRecordFlags.AlarmStandsStill) != 0;
        process->Alarm.Nanoseconds = isStill ? 0 : record.AlarmNanoseconds;
        process->AlarmExpiredNanoseconds = isStill ? record.AlarmNanoseconds : 0;
        process->AlarmIntervalNanoseconds = record.AlarmIntervalNanoseconds;
        process->VirtualTimerNanoseconds = record.VirtualTimerNanoseconds;
        process->VirtualTimerIntervalNanoseconds = record.VirtualTimerIntervalNanoseconds;
        process->ProfileTimerNanoseconds = record.ProfileTimerNanoseconds;
        process->ProfileTimerIntervalNanoseconds = record.ProfileTimerIntervalNanoseconds;
    }
}
