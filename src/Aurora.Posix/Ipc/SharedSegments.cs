using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Ipc;

/// <summary>Makes segments of shared memory, changes and ends them.</summary>
public sealed unsafe class SharedSegments(IpcState state, SharedSegmentKeeper keeper, VmObjects objects)
{
    private const int SegmentsPerStep = 256;

    /// <summary>
    /// A new segment of the process, which is not attached: Ok, EINVAL, ENOSPC or ENOMEM. <paramref name="mode"/> has its permission bits.
    /// </summary>
    public Errno Make(Process* process, int key, ulong size, uint mode, out SharedSegment* segment)
    {
        segment = null;
        ObjectTracker group = state.Tracked.Of(&process->Header);
        IpcSpace* space = state.Make(group);
        if (space == null)
            return Errno.ENOMEM;
        ulong pages = PageSize.PagesFor(size);
        if (size == 0 || size > space->Settings.LargestSegment)
            return Errno.EINVAL;
        if (pages << PageSize.Shift < size || space->SegmentPages + pages < pages
            || space->SegmentPages + pages > space->Settings.AllSegmentPages)
            return Errno.ENOSPC;
        if (space->Segments.Count >= space->Settings.MostSegments)
            return Errno.ENOSPC;
        segment = Allocate(group, pages);
        if (segment == null)
            return Errno.ENOMEM;
        segment->Size = size;
        segment->Ipc.Key = key;
        segment->Ipc.Mode = mode & IpcIdentity.AccessMask;
        IpcAccess.Own(&process->Credentials, ref segment->Ipc);
        segment->Creator = process->Id;
        if (!state.Ids.Add(&space->Segments, (IpcObject*)segment))
        {
            objects.Release(segment->Object);
            state.Segments.Free(segment);
            segment = null;
            return Errno.ENOMEM;
        }
        group.Register(&segment->Header, ObjectKind.SharedSegment);
        segment->ChangeSeconds = keeper.SecondsOf(&segment->Header);
        Own(space, segment);
        group.MarkChanged(&space->Header);
        return Errno.Ok;
    }

    private SharedSegment* Allocate(ObjectTracker group, ulong pages)
    {
        SharedSegment* segment = state.Segments.Allocate();
        if (segment == null)
            return null;
        segment->Object = objects.Create(group, pages, VmObjectFlags.None);
        if (segment->Object != null)
            return segment;
        state.Segments.Free(segment);
        return null;
    }

    // The segment's memory is that of this segment.
    internal static void Own(IpcSpace* space, SharedSegment* segment)
    {
        segment->Object->Segment = segment;
        space->SegmentPages += segment->Pages;
    }

    /// <summary>Removes a segment: now, or when the last one that shows it does so no longer; until then it has no key.</summary>
    public void Remove(SharedSegment* segment)
    {
        if (segment->Object->Attaches == 0)
        {
            End(segment);
            return;
        }
        IpcIds.ForgetKey(&state.Of(&segment->Header)->Segments, (IpcObject*)segment);
        segment->Ipc.Mode |= SharedSegment.Destroyed;
        state.Tracked.MarkChanged(&segment->Header);
    }

    /// <summary>Gives a segment other owners and rights.</summary>
    public void Change(SharedSegment* segment, uint uid, uint gid, uint mode)
    {
        segment->Ipc.Uid = uid;
        segment->Ipc.Gid = gid;
        segment->Ipc.Mode = (segment->Ipc.Mode & ~IpcIdentity.AccessMask) | (mode & IpcIdentity.AccessMask);
        segment->ChangeSeconds = keeper.SecondsOf(&segment->Header);
        state.Tracked.MarkChanged(&segment->Header);
    }

    /// <summary>Locks a segment's memory on behalf of a user, or unlocks it.</summary>
    public void Lock(SharedSegment* segment, bool isLocked, uint user)
    {
        if (((segment->Ipc.Mode & SharedSegment.Locked) != 0) == isLocked)
            return;
        segment->Ipc.Mode ^= SharedSegment.Locked;
        segment->LockedBy = isLocked ? user : 0;
        state.Tracked.MarkChanged(&segment->Header);
    }

    /// <summary>How many pages of segments a user has locked.</summary>
    public static ulong LockedPages(IpcSpace* space, uint user)
    {
        ulong pages = 0;
        for (IpcObject* each = IpcIds.Next(&space->Segments, 0); each != null; each = IpcIds.Next(&space->Segments, each->Ipc.Index + 1))
        {
            SharedSegment* segment = (SharedSegment*)each;
            if ((segment->Ipc.Mode & SharedSegment.Locked) != 0 && segment->LockedBy == user)
                pages += segment->Pages;
        }
        return pages;
    }

    /// <summary>Ends segments of a group that ends and has no programs any more, some of them; true when none is left.</summary>
    internal bool EndSome(IpcSpace* space)
    {
        for (int left = SegmentsPerStep; left > 0; left--)
        {
            SharedSegment* segment = (SharedSegment*)IpcIds.Next(&space->Segments, 0);
            if (segment == null)
                return true;
            End(segment);
        }
        return false;
    }

    private void End(SharedSegment* segment)
    {
        VmObject* memory = segment->Object;
        memory->Segment = null;
        keeper.Forget(segment);
        objects.Release(memory);
    }
}
