// Processes. What follows from other records is not captured: children, group members and threads link themselves in.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Posix.Records;

/// <summary>Captures processes and puts them back.</summary>
public sealed unsafe partial class ProcessCodec(
    ProcessTable processes, ThreadScheduler scheduler, SignalQueue signals, MemoryManager memory, FileServices files) : RecordCodec
{
    private const int NameBytes = 16;

    public override ObjectKind Kind => ObjectKind.Process;
    public override byte Version => 3;
    public override int LargestPayload => sizeof(ProcessRecord) + SignalRecords.MaxBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Process* process = (Process*)header;
        ProcessRecord record = default;
        Describe(process, ref record);
        CopyCounts(process, ref record);
        int queued = SignalRecords.Write(&process->Pending, payload[sizeof(ProcessRecord)..]);
        record.QueuedSignals = process->Pending.Count;
        Write(payload, in record);
        return sizeof(ProcessRecord) + queued;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Process* process = (Process*)header;
        bool isSound = IsValid(process->Credentials.GroupCount, process->ExitSignal)
            && IsValid(in process->Credentials.Capabilities, process->OutOfMemoryBias, process->LeastOutOfMemoryBias)
            && SignalRecords.AreValid(&process->Pending)
            && IsLive(process->ProcessGroup, ObjectKind.ProcessGroup) && IsHeld(process->Actions, ObjectKind.SignalActions)
            && IsLiveOrNone(process->Parent, ObjectKind.Process) && IsYoungerThanParent(process)
            && MayBeDetached(FlagsOf(process)) && processes.Of(process).FindProcess(process->Id) == process;
        return isSound && process->State switch
        {
            ProcessState.Alive => HasParts(process),
            ProcessState.Zombie => process->FirstThread == null && process->AddressSpace == null,
            _ => false,
        };
    }

    // Init is what the group is.
    private static bool MayBeDetached(ProcessRecordFlags flags)
        => (flags & (ProcessRecordFlags.Init | ProcessRecordFlags.Detached)) != (ProcessRecordFlags.Init | ProcessRecordFlags.Detached);

    private static bool IsValid(int groups, int exitSignal)
        => (uint)groups <= Credentials.MaxGroups && exitSignal is >= 0 and <= (int)Signal.Last;

    private static bool IsValid(in CapabilitySets capabilities, int bias, int leastBias)
        => capabilities.IsValid && bias is >= -1000 and <= 1000 && leastBias is >= -1000 and <= 1000;

    // Version 1 ends before the capabilities: they went with the user id. Version 2 has queued signals of the older form. The length says
    // which version it is.
    private static RestoreStatus ReadRecord(ReadOnlySpan<byte> payload, out ProcessRecord record, out ReadOnlySpan<byte> queue,
        out byte version)
    {
        record = default;
        queue = default;
        version = 0;
        if (payload.Length < ProcessRecord.BytesOfVersion1)
            return RestoreStatus.BadRecord;
        fixed (ProcessRecord* start = &record)
        {
            var whole = new Span<byte>(start, ProcessRecord.Bytes);
            payload[..ProcessRecord.BytesOfVersion1].CopyTo(whole);
            if ((uint)start->QueuedSignals > SignalQueue.Limit)
                return RestoreStatus.BadRecord;
            int before = payload.Length - (start->QueuedSignals * SignalInfo.Bytes);
            int beforeOlder = payload.Length - (start->QueuedSignals * OlderSignalInfo.Bytes);
            version = before == ProcessRecord.Bytes ? (byte)3
                : beforeOlder == ProcessRecord.Bytes ? (byte)2 : beforeOlder == ProcessRecord.BytesOfVersion1 ? (byte)1 : (byte)0;
            if (version == 0)
                return RestoreStatus.BadRecord;
            int length = version == 1 ? ProcessRecord.BytesOfVersion1 : ProcessRecord.Bytes;
            payload[..length].CopyTo(whole);
            queue = payload[length..];
            if (version == 1)
            {
                ref IdentityRecord ids = ref start->Credentials;
                start->Capabilities = CapabilitySets.Of(ids.RealUid, ids.EffectiveUid, ids.SavedUid, ids.FileUid);
            }
        }
        return RestoreStatus.Ok;
    }

    // Only init has no memory while it lives: until its first program is loaded.
    private static bool MayLackMemory(bool isInit) => isInit;

    private bool HasParts(Process* process)
    {
        int threads = 0;
        for (Thread* thread = process->FirstThread; thread != null && threads <= process->ThreadCount; thread = thread->NextOfProcess)
        {
            if (!IsLive(thread, ObjectKind.Thread) || thread->Process != process)
                return false;
            threads++;
        }
        return threads > 0 && threads == process->ThreadCount
            && (process->AddressSpace == null ? MayLackMemory(process == processes.Of(process).Init)
            : IsHeld(process->AddressSpace, ObjectKind.AddressSpace))
            && IsHeld(process->Descriptors, ObjectKind.DescriptorTable) && IsHeld(process->FileSystem, ObjectKind.FileContext);
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is < 1 or > 3)
            return RestoreStatus.UnknownVersion;
        RestoreStatus status = ReadRecord(payload, out ProcessRecord record, out ReadOnlySpan<byte> queue, out byte found);
        if (status != RestoreStatus.Ok)
            return status;
        IdSlot* slot = processes.Of(tracker).Ids.Take(record.Id);
        bool isValid = slot != null && slot->Process == null && (record.Flags & ~ProcessRecordFlags.All) == 0 && MayBeDetached(record.Flags)
            && IsValid(record.Credentials.GroupCount, record.ExitSignal)
            && IsValid(in record.Capabilities, record.OutOfMemoryBias, record.LeastOutOfMemoryBias)
            && (found == version || (record.QueuedSignals == 0 && found >= 2 && version >= 2));
        if (!isValid)
            return RestoreStatus.BadRecord;
        Process* process = processes.AllocateProcess();
        if (process == null)
            return RestoreStatus.OutOfMemory;
        slot->Process = process;
        PidNamespace space = processes.Of(tracker);
        space.CountProcess(1);
        space.Ids.GoOnFrom(Math.Max(space.Ids.Last, record.Id));
        tracker.Adopt(&process->Header, Kind, id);
        Fill(process, in record);
        return SignalRecords.Read(signals, &process->Pending, record.PendingSet, record.QueuedSignals, queue, version < 3);
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        ReadRecord(payload, out ProcessRecord record, out _, out _);
        ids[0] = FileIds.InodeOf(record.ExecutableInode);
        return 1;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Process* process = (Process*)header;
        ReadRecord(payload, out ProcessRecord record, out _, out _);
        ProcessGroup* group = (ProcessGroup*)tracker.Find(record.Group, ObjectKind.ProcessGroup);
        Process* parent = (Process*)tracker.Find(record.Parent, ObjectKind.Process);
        SignalActions* actions = (SignalActions*)tracker.Find(record.Actions, ObjectKind.SignalActions);
        if (group == null || actions == null || (parent == null && !record.Parent.IsNone))
            return RestoreStatus.MissingReference;
        if (parent == process)
            return RestoreStatus.BadRecord;
        process->Actions = actions;
        actions->Header.References++;
        processes.SetParent(process, parent);
        processes.JoinGroup(process, group);
        if ((record.Flags & ProcessRecordFlags.Init) != 0)
            processes.Lead(process);
        return LinkShared(tracker, process, in record);
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Process* process = (Process*)header;
        bool isAlive = process->State == ProcessState.Alive;
        if (isAlive != (process->FirstThread != null) || processes.Of(tracker).Init == null || !IsYoungerThanParent(process))
            return RestoreStatus.BadRecord;
        if (process->Alarm.Nanoseconds != 0)
            scheduler.Arm(&process->Alarm, DeadlineKind.ProcessAlarm, &process->Header, process->Alarm.Nanoseconds);
        if (!signals.Account(process, &process->Pending))
            return RestoreStatus.OutOfMemory;
        // Linking is not a change: the record that says it is where it came from.
        tracker.ClearChanged(header);
        return RestoreStatus.Ok;
    }

    // Parents that went round in a circle would be followed for ever. A process is made by its parent or an heir's descendant: all its
    // ancestors have lower ids, which are never used again.
    private static bool IsYoungerThanParent(Process* process)
        => process->Parent == null || process->Parent->Header.Id < process->Header.Id;

    private RestoreStatus LinkShared(ObjectTracker tracker, Process* process, in ProcessRecord record)
    {
        if (process->State == ProcessState.Zombie)
            return RestoreStatus.Ok;
        AddressSpace* space = (AddressSpace*)tracker.Find(record.AddressSpace, ObjectKind.AddressSpace);
        DescriptorTable* table = (DescriptorTable*)tracker.Find(record.Descriptors, ObjectKind.DescriptorTable);
        FileContext* context = (FileContext*)tracker.Find(record.FileContext, ObjectKind.FileContext);
        bool isLoading = record.AddressSpace.IsNone && MayLackMemory((record.Flags & ProcessRecordFlags.Init) != 0);
        if ((space == null && !isLoading) || table == null || context == null)
            return RestoreStatus.MissingReference;
        if (space != null)
            memory.Spaces.Retain(space);
        files.Descriptors.Hold(table);
        files.Contexts.Hold(context);
        files.Proc.HoldProgram(process, tracker);
        process->AddressSpace = space;
        process->Descriptors = table;
        process->FileSystem = context;
        return RestoreStatus.Ok;
    }
}
