// The volume table: a record tree, named by the superblock, from volumes' numbers to their object trees and records (VolumeRecord). The
// first volume exists also while the table does not know it: it is empty then, or, while an image of version 1 is upgraded, what that
// image's superblock names.
using System;

namespace Aurora.Store;

/// <summary>Looks volumes up in a table. Damage in a record is refused by name.</summary>
internal sealed unsafe class VolumeTable(StoreContext context, TreeReader trees)
{
    /// <summary>The record of a volume and the root of its objects, as a table has them; NotFound. Blocks.</summary>
    public StoreStatus Find(in NodePointer table, ulong volume, out VolumeRecord record, out NodePointer objects)
    {
        StoreStatus status = trees.PinRecord(TreeKind.Volumes, table, volume, out NodeFrame* leaf, out RecordEntry* entry);
        if (status == StoreStatus.NotFound && volume == VolumeId.First.Value)
        {
            record = new VolumeRecord { History = context.First.History };
            objects = context.First.Objects;
            return StoreStatus.Ok;
        }
        record = default;
        objects = default;
        if (status != StoreStatus.Ok)
            return status;
        status = Read(leaf, entry, out record, out objects);
        NodeCache.Unpin(leaf);
        return status;
    }

    /// <summary>The first volume of a table with this number or a greater one; NotFound at the end. Blocks.</summary>
    public StoreStatus FindFrom(
        in NodePointer table, ulong from, out ulong volume, out VolumeRecord record, out NodePointer objects)
    {
        volume = 0;
        record = default;
        objects = default;
        StoreStatus status = trees.PinNextRecord(TreeKind.Volumes, table, from, out NodeFrame* leaf, out RecordEntry* entry);
        if (status == StoreStatus.Ok)
        {
            volume = entry->Key;
            status = Read(leaf, entry, out record, out objects);
            NodeCache.Unpin(leaf);
        }
        bool isFirst = from <= VolumeId.First.Value && volume != VolumeId.First.Value && status is StoreStatus.Ok or StoreStatus.NotFound;
        if (!isFirst || from > VolumeId.First.Value)
            return status;
        volume = VolumeId.First.Value;
        return Find(table, volume, out record, out objects);
    }

    /// <summary>The object tree of what is below all layers. Blocks.</summary>
    public StoreStatus RootOf(in NodePointer table, in TreeState state, out NodePointer objects)
    {
        objects = default;
        if (state.Kind == StateBelow.Nothing)
            return StoreStatus.Ok;
        StoreStatus status = Find(table, state.Volume, out VolumeRecord record, out objects);
        if (status != StoreStatus.Ok || state.Kind != StateBelow.Checkpoint)
            return status;
        status = FindKept(record, state.Sequence, out objects);
        return status == StoreStatus.NotFound
            ? context.Refuse(StoreStatus.Corrupt, FaultPlace.HistoryTree, 0, 0, state.Sequence)
            : status;
    }

    /// <summary>The object tree of a kept checkpoint; NotFound. Blocks.</summary>
    public StoreStatus FindKept(in VolumeRecord record, ulong sequence, out NodePointer objects)
        => trees.FindKept(record.History, sequence, out objects);

    private StoreStatus Read(NodeFrame* leaf, RecordEntry* entry, out VolumeRecord record, out NodePointer objects)
    {
        record = default;
        objects = entry->Root;
        bool isWhole = entry->RecordLength == VolumeRecord.Size && entry->InlinePages == 0;
        if (isWhole)
            record = *(VolumeRecord*)(entry + 1);
        isWhole = isWhole && record.NameLength is >= 0 and <= VolumeInfo.MaxNameBytes
            && (record.History.IsEmpty
                || (context.Geometry.IsDataBlock(record.History.Block) && record.History.Level < StoreFormat.MaxLevels));
        return isWhole ? StoreStatus.Ok : context.Refuse(StoreStatus.Corrupt, FaultPlace.VolumeTable, leaf->Block, 0, entry->Key);
    }
}
