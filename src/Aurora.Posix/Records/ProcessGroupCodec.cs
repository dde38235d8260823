using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Records;

/// <summary>The state record of a process group; the signals that are on their way to its members follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessGroupRecord
{
    public const int Bytes = 16;

    public ObjectId Session;
    public int Id;
    public uint SignalsSent;
}

/// <summary>Captures process groups; their members link themselves in.</summary>
public sealed unsafe class ProcessGroupCodec(ProcessTable processes) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.ProcessGroup;
    public override int LargestPayload => sizeof(ProcessGroupRecord) + (GroupSignals.Length * sizeof(GroupSignal));

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        ProcessGroup* group = (ProcessGroup*)header;
        int length = Write(
            payload, new ProcessGroupRecord { Session = group->Session->Header.Id, Id = group->Id, SignalsSent = group->SignalsSent });
        for (int i = 0; i < GroupSignals.Length && group->Sending[i].Signal != 0; i++)
            length += Write(payload[length..], in group->Sending[i]);
        return length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        ProcessGroup* group = (ProcessGroup*)header;
        return IsLive(group->Session, ObjectKind.Session) && group->FirstMember != null
            && processes.Of(header).FindGroup(group->Id) == group
            && AreValid(in group->Sending);
    }

    private static bool AreValid(in GroupSignals signals)
    {
        SignalSet left = GroupSignals.Possible;
        for (int i = 0; i < GroupSignals.Length && signals[i].Signal != 0; i++)
        {
            if (signals[i].Signal is < 0 or > (int)Signal.Last || !left.Contains((Signal)signals[i].Signal))
                return false;
            left = left.Without((Signal)signals[i].Signal);
        }
        return true;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out ProcessGroupRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        IdSlot* slot = processes.Of(tracker).Ids.Take(record.Id);
        if (slot == null || slot->Group != null || !ReadSignals(payload[sizeof(ProcessGroupRecord)..], out GroupSignals sending))
            return RestoreStatus.BadRecord;
        ProcessGroup* group = processes.AllocateGroup();
        if (group == null)
            return RestoreStatus.OutOfMemory;
        group->Id = record.Id;
        group->SignalsSent = record.SignalsSent;
        group->Sending = sending;
        slot->Group = group;
        tracker.Adopt(&group->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    private static bool ReadSignals(ReadOnlySpan<byte> payload, out GroupSignals sending)
    {
        sending = default;
        int count = payload.Length / sizeof(GroupSignal);
        if (payload.Length % sizeof(GroupSignal) != 0 || count > GroupSignals.Length)
            return false;
        for (int i = 0; i < count; i++)
        {
            sending[i] = Reread<GroupSignal>(payload[(i * sizeof(GroupSignal))..]);
            if (sending[i].Signal == 0)
                return false;
        }
        return AreValid(in sending);
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
    {
        ProcessGroup* group = (ProcessGroup*)header;
        if (group->FirstMember == null)
            return RestoreStatus.BadRecord;
        if (group->Sending[0].Signal != 0)
            processes.BeginSending(group);
        return RestoreStatus.Ok;
    }
}
