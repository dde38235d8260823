// Which volumes there are: what the sets of layers say, then the volume table.
using System;

namespace Aurora.Store;

/// <summary>What was found of a volume.</summary>
internal struct VolumeLook
{
    public VolumeRecord Record;

    /// <summary>Its newest commit; sequence 0 when it has had none.</summary>
    public CheckpointInfo Last;
}

/// <summary>Looks volumes up in the present state.</summary>
internal sealed unsafe class VolumeDirectory(StoreContext context, PresentState present, VolumeTable table)
{
    /// <summary>
    /// The active set has changes of the volume, and its flags have not changed since the first of them: commits go on. Does not wait.
    /// </summary>
    public bool IsOpenForCommits(ulong volume)
    {
        VolumeChanges* changes = present.Active.Find(volume);
        return changes != null && changes->Top != null && !changes->IsDropped && !changes->HasAttributes;
    }

    /// <summary>Finds a volume; NotFound when there is none, or it is hidden. Blocks.</summary>
    public StoreStatus Look(VolumeId volume, out VolumeLook look)
    {
        look = default;
        return volume.IsHidden ? StoreStatus.NotFound : LookAny(volume, out look);
    }

    /// <summary>As above, hidden ones as well. Blocks.</summary>
    public StoreStatus LookAny(VolumeId volume, out VolumeLook look)
    {
        while (true)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = TryLook(volume.Value, out look);
            if (status is StoreStatus.Ok or StoreStatus.NotFound || cut == context.Super->Current.Number)
                return status;
        }
    }

    /// <summary>What the store's users see of a volume; NotFound when there is none. Blocks.</summary>
    public StoreStatus Get(VolumeId volume, out VolumeInfo info)
    {
        info = default;
        StoreStatus status = Look(volume, out VolumeLook look);
        if (status != StoreStatus.Ok)
            return status;
        info.Id = volume;
        info.Flags = look.Record.Flags;
        info.Parent = new VolumeId(look.Record.Parent);
        info.ParentSequence = look.Record.ParentSequence;
        info.CreatedNanoseconds = look.Record.CreatedNanoseconds;
        info.LastSequence = look.Last.Sequence;
        info.LastEpoch = look.Last.Commit.Epoch;
        info.NameLength = look.Record.NameLength;
        for (int i = 0; i < info.NameLength; i++)
            info.Name[i] = look.Record.Name[i];
        return StoreStatus.Ok;
    }

    /// <summary>See <see cref="ObjectStore.FindState"/>. Blocks.</summary>
    public StoreStatus FindState(VolumeId volume, out StoredState state)
    {
        state = default;
        StoreStatus status = Look(volume, out VolumeLook look);
        if (status != StoreStatus.Ok)
            return status;
        // What was cloned from a volume without commits holds what that one does, as long as that one has none.
        state = new StoredState(volume, look.Last.Sequence);
        while (status == StoreStatus.Ok && look.Last.Sequence == 0 && look.Record.Parent != 0)
        {
            var parent = new VolumeId(look.Record.Parent);
            if (look.Record.ParentSequence != 0)
            {
                state = new StoredState(parent, look.Record.ParentSequence);
                return StoreStatus.Ok;
            }
            status = Look(parent, out look);
        }
        return status == StoreStatus.NotFound ? StoreStatus.Ok : status;
    }

    /// <summary>The first volume with a greater number; NotFound at the end. Blocks.</summary>
    public StoreStatus Next(VolumeId after, out VolumeInfo info)
    {
        info = default;
        for (ulong at = after.Value; ;)
        {
            ulong cut = context.Super->Current.Number;
            StoreStatus status = table.FindFrom(present.Table, at + 1, out ulong inTable, out _, out _);
            if (cut != context.Super->Current.Number)
                continue;
            if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
                return status;
            ulong next = status == StoreStatus.Ok ? inTable : ulong.MaxValue;
            next = Math.Min(next, NextIn(present.Active, at + 1));
            if (present.IsFrozen)
                next = Math.Min(next, NextIn(present.Frozen, at + 1));
            if (next >= VolumeRecord.HiddenBit)
                return StoreStatus.NotFound;
            status = Get(new VolumeId(next), out info);
            if (status != StoreStatus.NotFound)
                return status;
            at = next;
        }
    }

    private static ulong NextIn(LayerSet set, ulong from)
    {
        VolumeChanges* changes = set.FindFrom(from);
        return changes == null ? ulong.MaxValue : changes->Volume;
    }

    private StoreStatus TryLook(ulong volume, out VolumeLook look)
    {
        look = default;
        bool hasAttributes = false;
        bool isNew = TakeFrom(present.Active, volume, ref look, ref hasAttributes, out bool isDropped);
        if (!isNew && !isDropped && present.IsFrozen)
            isNew = TakeFrom(present.Frozen, volume, ref look, ref hasAttributes, out isDropped);
        if (isDropped || volume == 0 || volume >= VolumeRecord.DroppedBit)
            return StoreStatus.NotFound;
        if (isNew)
            return StoreStatus.Ok;
        StoreStatus status = table.Find(present.Table, volume, out VolumeRecord record, out _);
        if (status != StoreStatus.Ok)
            return status;
        if (look.Last.Sequence == 0)
            look.Last = record.LastCommit;
        if (hasAttributes)
            record.TakeAttributes(look.Record);
        look.Record = record;
        return StoreStatus.Ok;
    }

    // What a set knows, unless a newer one knew it. True when there is nothing below.
    private static bool TakeFrom(LayerSet set, ulong volume, ref VolumeLook look, ref bool hasAttributes, out bool isDropped)
    {
        VolumeChanges* changes = set.Find(volume);
        isDropped = changes != null && changes->IsDropped;
        if (changes == null || isDropped)
            return false;
        if (look.Last.Sequence == 0 && changes->Top != null)
            look.Last = changes->Top->Last;
        VolumeRecord newer = look.Record;
        if (changes->IsNew || (changes->HasAttributes && !hasAttributes))
            look.Record = changes->Record;
        if (changes->IsNew && hasAttributes)
            look.Record.TakeAttributes(newer);
        hasAttributes |= changes->HasAttributes;
        return changes->IsNew;
    }
}
