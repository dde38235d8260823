using System;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>Makes an inode, and what belongs to it alone, of its records (<see cref="FilePart"/>), and takes it out of memory
/// again.</summary>
internal sealed unsafe class StoredInodes(
    FileState state, Inodes inodes, AttributeSets attributes, MemoryManager memory, FileServices files)
{
    private const int Parts = (int)FilePart.TargetTail + 1;

    // In the order of the parts.
    private readonly StateCodec[] _codecs =
    [
        new InodeCodec(files), new MemoryObjectCodec(memory), new ExtendedAttributesCodec(files), new SymbolicLinkTailCodec(files),
    ];

    /// <summary>
    /// Makes the inode, which is not in memory. It is charged to its user, and not refused for his limits. With any status but Ok nothing
    /// has changed.
    /// </summary>
    public RestoreStatus Install(ObjectTracker group, byte* room, StoredRecord* records, int count, out Inode* inode)
    {
        inode = null;
        ulong number = FileIds.NumberOf(records[0].Id);
        RestoreStatus status = group.ReserveAdoptions(Parts) ? RestoreStatus.Ok : RestoreStatus.OutOfMemory;
        for (int i = 0; i < count && status == RestoreStatus.Ok; i++)
            status = Create(group, room, in records[i], isFirst: i == 0);
        for (int i = 0; i < count && status == RestoreStatus.Ok; i++)
            status = Link(group, room, in records[i]);
        inode = (Inode*)group.Find(FileIds.OfFile(number, FilePart.Inode));
        if (status == RestoreStatus.Ok && !IsWhole(group, inode))
            status = RestoreStatus.BadRecord;
        if (status != RestoreStatus.Ok)
            Forget(group, number);
        return status;
    }

    // What belongs to the inode refers to it, and to nothing else.
    private RestoreStatus Link(ObjectTracker group, byte* room, in StoredRecord record)
    {
        StateCodec codec = _codecs[(int)FileIds.PartOf(record.Id)];
        ReadOnlySpan<byte> payload = PayloadOf(room, in record);
        ObjectId own = FileIds.OfFile(FileIds.NumberOf(record.Id), FilePart.Inode);
        Span<ObjectId> ids = stackalloc ObjectId[StateCodec.MostReferences];
        int count = codec.References(payload, ids);
        for (int i = 0; i < count; i++)
        {
            if (!ids[i].IsNone && ids[i] != own)
                return RestoreStatus.BadRecord;
        }
        return codec.Link(group, group.Find(record.Id), payload);
    }

    private static ReadOnlySpan<byte> PayloadOf(byte* room, in StoredRecord record) => new(room + record.Start, record.Length);

    private RestoreStatus Create(ObjectTracker group, byte* room, in StoredRecord record, bool isFirst)
    {
        FilePart part = FileIds.PartOf(record.Id);
        if (isFirst != (part == FilePart.Inode) || record.Kind != _codecs[(int)part].Kind)
            return RestoreStatus.BadRecord;
        state.Pages.Accounts.Enter(record.User, isPrivileged: true);
        return _codecs[(int)part].Create(group, record.Id, record.Version, PayloadOf(room, in record));
    }

    // Each of the records belongs to the inode, and says so.
    private static bool IsWhole(ObjectTracker group, Inode* inode)
        => InodeCodec.HasTail(inode) && (inode->Data == null || (inode->Data->Flags & VmObjectFlags.File) != 0)
            && !(inode->IsOrphan && inode->EntryCount > 0)
            && group.Find(FileIds.OfFile(inode->Number, FilePart.Data)) == inode->Data
            && group.Find(FileIds.OfFile(inode->Number, FilePart.Attributes)) == inode->Attributes
            && group.Find(FileIds.OfFile(inode->Number, FilePart.TargetTail)) == inode->Tail;

    /// <summary>Takes an inode out of memory that is as it was read, and what belongs to it; it may have been made in part only.</summary>
    public void Forget(ObjectTracker group, ulong number)
    {
        var data = (VmObject*)group.Find(FileIds.OfFile(number, FilePart.Data), ObjectKind.MemoryObject);
        if (data != null)
        {
            data->Keeper = null;
            memory.Objects.Forget(data);
        }
        ObjectHeader* set = group.Find(FileIds.OfFile(number, FilePart.Attributes), ObjectKind.ExtendedAttributes);
        if (set != null)
        {
            group.Forget(set);
            attributes.Free((ExtendedAttributes*)set);
        }
        ObjectHeader* tail = group.Find(FileIds.OfFile(number, FilePart.TargetTail), ObjectKind.SymbolicLinkTail);
        if (tail != null)
        {
            group.Forget(tail);
            state.Tails.Free((SymbolicLinkTail*)tail);
        }
        ObjectHeader* inode = group.Find(FileIds.OfFile(number, FilePart.Inode), ObjectKind.Inode);
        if (inode == null)
            return;
        group.Forget(inode);
        inodes.Free((Inode*)inode);
    }
}
