// What ephemeral groups are read from. Nothing of such a group is ever written, so all that begin with the same state (StoredState) share a
// volume that has it: a clone, Partial, which a machine that starts drops. It is made for the first of them. When the last one has gone it
// goes too, unless the records of the state stay in memory (StagedStates): then more copies are expected, and they commit nothing. While
// the disk is short none is kept for that. One fiber makes and removes groups; what stays of a state others may drop at any time.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The volumes that ephemeral groups share. Everything blocks.</summary>
internal sealed unsafe class BaseVolumes(
    GroupVolumes volumes, StagedStates staged, BaseFrames frames, FiberScheduler fibers, PageAllocator pages)
{
    private struct BaseVolume
    {
        public BaseVolume* Next;
        public StoredState State;
        public ulong Volume;

        /// <summary>So many groups are read from it.</summary>
        public int Groups;
    }

    private readonly Slab<BaseVolume> _bases = new(pages, GroupTable.MaxGroups);
    private BaseVolume* _first;

    /// <summary>
    /// A volume with the state that another has now (sequence 0) or had at a checkpoint, for one group; the name is for lists of volumes.
    /// </summary>
    public Errno Take(VolumeId source, ulong sequence, ReadOnlySpan<byte> name, out VolumeId volume, out StoredState state)
    {
        volume = default;
        state = new StoredState(source, sequence);
        Errno error = sequence == 0 ? volumes.FindState(source, out state) : Errno.Ok;
        if (error != Errno.Ok)
            return error;
        BaseVolume* shared = Find(in state);
        if (shared == null)
            error = Make(source, sequence, name, out shared);
        if (error != Errno.Ok)
            return error;
        shared->Groups++;
        volume = new VolumeId(shared->Volume);
        state = shared->State;
        return Errno.Ok;
    }

    /// <summary>A group goes, or could not be made: the volume that it is read from goes unless others need it.</summary>
    public void Leave(GroupEntry* entry)
    {
        if (!entry->IsEphemeral)
        {
            volumes.DropUnfinished(entry->VolumeId);
            return;
        }
        BaseVolume* shared = _first;
        while (shared != null && shared->Volume != entry->Stored)
            shared = shared->Next;
        Panic.Unless(shared != null && shared->Groups > 0, "groups: an ephemeral group was read from a volume that nobody knows"u8);
        shared->Groups--;
        DropUnneeded();
    }

    /// <summary>Drops what no group is read from, and none is expected to be.</summary>
    public void DropUnneeded()
    {
        BaseVolume* next;
        for (BaseVolume* shared = _first; shared != null; shared = next)
        {
            next = shared->Next;
            if (shared->Groups == 0 && (!staged.Has(in shared->State) || volumes.IsDiskShort))
                Drop(shared);
        }
    }

    private BaseVolume* Find(in StoredState state)
    {
        BaseVolume* shared = _first;
        while (shared != null && !shared->State.IsSameAs(in state))
            shared = shared->Next;
        return shared;
    }

    // Others may have changed the source before the clone had its place in the log: what the clone holds only the clone says.
    private Errno Make(VolumeId source, ulong sequence, ReadOnlySpan<byte> name, out BaseVolume* made)
    {
        made = _bases.Allocate();
        if (made == null)
            return Errno.ENOMEM;
        Errno error = volumes.Clone(source, sequence, name, out VolumeId clone);
        StoredState state = default;
        if (error == Errno.Ok)
            error = volumes.FindState(clone, out state);
        if (error == Errno.Ok)
        {
            *made = new BaseVolume { Next = _first, State = state, Volume = clone.Value };
            _first = made;
            return Errno.Ok;
        }
        if (!clone.IsNone)
            volumes.DropUnfinished(clone);
        _bases.Free(made);
        made = null;
        return error;
    }

    private void Drop(BaseVolume* shared)
    {
        BaseVolume* before = null;
        for (BaseVolume* at = _first; at != shared; at = at->Next)
            before = at;
        if (before == null)
            _first = shared->Next;
        else
            before->Next = shared->Next;
        var volume = new VolumeId(shared->Volume);
        BaseName name = GroupMemory.NameOf(shared->State);
        _bases.Free(shared);
        for (uint at = 0; !frames.DropOf(in name, ref at);)
            fibers.Yield();
        volumes.DropUnfinished(volume);
    }
}
