using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Captures and restores the group object; there is exactly one in a group.</summary>
public sealed unsafe class GroupCodec : StateCodec
{
    private readonly Slab<GroupObject> _groups;

    public GroupCodec(PageAllocator pages) => _groups = new Slab<GroupObject>(pages, 1);

    /// <summary>The group object; null until created or restored.</summary>
    public GroupObject* Group { get; private set; }

    public override ObjectKind Kind => ObjectKind.Group;
    public override byte Version => 1;

    /// <summary>Makes the group object of a group that starts from nothing.</summary>
    public void CreateNew(ObjectTracker tracker)
    {
        Panic.Unless(Group == null, "group: created twice"u8);
        Group = _groups.Allocate();
        tracker.Register(&Group->Header, Kind);
    }

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        GroupObject* group = (GroupObject*)header;
        var record = new GroupRecord
        {
            Epoch = group->Epoch.Value,
            MonotonicNanoseconds = group->MonotonicNanoseconds,
            RealtimeNanoseconds = group->RealtimeNanoseconds,
            NextObjectId = NextId.Value,
            Machine = group->Machine,
        };
        MemoryMarshal.Write(payload, in record);
        return GroupRecord.Size;
    }

    /// <summary>Set by the engine before each capture: the tracker's next id at that instant.</summary>
    public ObjectId NextId { get; set; }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version != Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length != GroupRecord.Size || Group != null)
            return RestoreStatus.BadRecord;
        var record = MemoryMarshal.Read<GroupRecord>(payload);
        if (record.NextObjectId <= id.Value || record.MonotonicNanoseconds > long.MaxValue)
            return RestoreStatus.BadRecord;
        Group = _groups.Allocate();
        Group->Epoch = new Epoch(record.Epoch);
        Group->MonotonicNanoseconds = record.MonotonicNanoseconds;
        Group->RealtimeNanoseconds = record.RealtimeNanoseconds;
        Group->Machine = record.Machine;
        tracker.Adopt(&Group->Header, Kind, id);
        tracker.ContinueIdsFrom(new ObjectId(record.NextObjectId));
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload) => RestoreStatus.Ok;
}
