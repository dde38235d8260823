using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Records;

/// <summary>The state record of a process group.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessGroupRecord
{
    public const int Bytes = 16;

    public ObjectId Session;
    public int Id;
    public int Reserved;
}

/// <summary>Captures process groups; their members link themselves in.</summary>
public sealed unsafe class ProcessGroupCodec(ProcessTable processes) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.ProcessGroup;
    public override int LargestPayload => sizeof(ProcessGroupRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        ProcessGroup* group = (ProcessGroup*)header;
        return Write(payload, new ProcessGroupRecord { Session = group->Session->Header.Id, Id = group->Id });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        ProcessGroup* group = (ProcessGroup*)header;
        return IsLive(group->Session, ObjectKind.Session) && group->FirstMember != null && processes.FindGroup(group->Id) == group;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out ProcessGroupRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        IdSlot* slot = processes.Ids.Make(record.Id);
        if (slot == null || slot->Group != null)
            return RestoreStatus.BadRecord;
        ProcessGroup* group = processes.AllocateGroup();
        if (group == null)
            return RestoreStatus.OutOfMemory;
        group->Id = record.Id;
        slot->Group = group;
        tracker.Adopt(&group->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ProcessGroupRecord record = Reread<ProcessGroupRecord>(payload);
        Session* session = (Session*)tracker.Find(record.Session, ObjectKind.Session);
        if (session == null)
            return RestoreStatus.MissingReference;
        ProcessTable.LinkGroup((ProcessGroup*)header, session);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => ((ProcessGroup*)header)->FirstMember != null ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
