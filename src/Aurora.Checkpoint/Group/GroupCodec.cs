using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Checkpoint;

/// <summary>Captures and restores the group object; each group has exactly one.</summary>
public sealed unsafe class GroupCodec : StateCodec
{
    // Ids and times beyond these are not reached by counting: a record that has them is damaged.
    private const ulong MaxNextId = 1UL << 62;

    private struct Place
    {
        public GroupObject* Group;
    }

    private readonly TrackedObjects _tracked;
    private readonly GroupTable<Place> _places;
    private readonly Slab<GroupObject> _groups;
    private readonly GroupClocks _clocks;
    private readonly ProcessTable _processes;

    public GroupCodec(PageAllocator pages, TrackedObjects tracked, GroupClocks clocks, ProcessTable processes)
    {
        _processes = processes;
        _tracked = tracked;
        _places = new GroupTable<Place>(tracked);
        _groups = new Slab<GroupObject>(pages, GroupTable.MaxGroups);
        _clocks = clocks;
    }

    /// <summary>The group object of a group; null until created or restored.</summary>
    public GroupObject* Of(ObjectTracker group) => _places.At(group.Index)->Group;

    public override ObjectKind Kind => ObjectKind.Group;
    public override byte Version => 4;

    /// <summary>Makes the group object of a group that starts from nothing.</summary>
    public void CreateNew(ObjectTracker tracker)
    {
        Panic.Unless(Of(tracker) == null, "group: created twice"u8);
        GroupObject* group = _groups.Allocate();
        Panic.Unless(group != null, "group: no memory"u8);
        _places.At(tracker.Index)->Group = group;
        tracker.Register(&group->Header, Kind);
    }

    /// <summary>A group ends: this is the last of its objects.</summary>
    public void End(ObjectTracker group)
    {
        GroupObject* about = Of(group);
        if (about == null)
            return;
        _places.At(group.Index)->Group = null;
        group.Remove(&about->Header);
        _groups.Free(about);
    }

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        GroupObject* group = (GroupObject*)header;
        GroupRecord record = Describe(group);
        group->LastProcessId = record.LastProcessId;
        MemoryMarshal.Write(payload, in record);
        return GroupRecord.Size + group->Left.Write(payload[GroupRecord.Size..]);
    }

    private GroupRecord Describe(GroupObject* group)
        => new()
        {
            Epoch = group->Epoch.Value,
            MonotonicNanoseconds = group->MonotonicNanoseconds,
            RealtimeNanoseconds = group->RealtimeNanoseconds,
            NextObjectId = _tracked.Of(&group->Header).NextId.Value,
            Machine = group->Machine,
            LastProcessId = _processes.Of(&group->Header).Ids.Last,
            MemoryMebibytes = group->MemoryMebibytes,
            Flags = group->Flags,
            WaitStatus = group->WaitStatus,
            Generation = group->Generation,
        };

    /// <summary>Reads and checks a record of any version.</summary>
    public static RestoreStatus Read(byte version, ReadOnlySpan<byte> payload, out GroupRecord record, out LeftBranches left)
    {
        record = default;
        left = default;
        if (version is < 1 or > 4)
            return RestoreStatus.UnknownVersion;
        int size = version switch { 1 => GroupRecord.SizeOfVersion1, 2 or 3 => GroupRecord.SizeOfVersion3, _ => GroupRecord.Size };
        bool hasSize = payload.Length == size || (version >= 3 && payload.Length > size);
        if (!hasSize || !left.TryRead(payload[size..]))
            return RestoreStatus.BadRecord;
        Span<byte> whole = stackalloc byte[GroupRecord.Size];
        whole.Clear();
        payload[..size].CopyTo(whole);
        record = MemoryMarshal.Read<GroupRecord>(whole);
        return IsValid(in record) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        GroupObject* group = (GroupObject*)header;
        GroupRecord record = Describe(group);
        Span<byte> written = stackalloc byte[LeftBranches.Capacity * LeftRange.Size];
        var left = default(LeftBranches);
        return group == _places.At(header->Group)->Group && IsValid(in record) && record.NextObjectId > header->Id.Value
            && left.TryRead(written[..group->Left.Write(written)]);
    }

    private static bool IsValid(in GroupRecord record)
        => record.NextObjectId <= MaxNextId && record.MonotonicNanoseconds <= long.MaxValue
            && record.Epoch is > 0 and < long.MaxValue && (uint)record.LastProcessId < IdTable.Limit
            && (record.Flags & ~(GroupFlags.HasEnded | GroupFlags.IsSuspended)) == 0 && record.Generation <= long.MaxValue
            && ((record.Flags & GroupFlags.HasEnded) != 0 || record.WaitStatus == 0);

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out GroupRecord record, out LeftBranches left);
        if (status != RestoreStatus.Ok)
            return status;
        if (Of(tracker) != null || record.NextObjectId <= id.Value)
            return RestoreStatus.BadRecord;
        GroupObject* group = _groups.Allocate();
        if (group == null)
            return RestoreStatus.OutOfMemory;
        _places.At(tracker.Index)->Group = group;
        group->Epoch = new Epoch(record.Epoch);
        group->MonotonicNanoseconds = record.MonotonicNanoseconds;
        group->RealtimeNanoseconds = record.RealtimeNanoseconds;
        group->Machine = record.Machine;
        group->LastProcessId = record.LastProcessId;
        group->MemoryMebibytes = record.MemoryMebibytes;
        group->Flags = record.Flags;
        group->WaitStatus = record.WaitStatus;
        group->Generation = record.Generation;
        group->Left = left;
        tracker.Adopt(&group->Header, Kind, id);
        tracker.ContinueIdsFrom(new ObjectId(record.NextObjectId));
        return RestoreStatus.Ok;
    }

    /// <summary>Lets the group's time go on, before anything is finished: timers are armed against it.</summary>
    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        _clocks.Of(tracker).ContinueFrom(((GroupObject*)header)->MonotonicNanoseconds);
        // Not the highest id in use: a number that was given back must not be handed out again at once.
        if (((GroupObject*)header)->LastProcessId != 0)
            _processes.Of(tracker).Ids.GoOnFrom(((GroupObject*)header)->LastProcessId);
        return RestoreStatus.Ok;
    }
}
