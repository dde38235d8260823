// Brings a group back from its volume, or begins one with the files of another. Before the heap is sealed or after, and while other groups
// run: the group is held meanwhile, and nothing of it is captured.
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Restores groups, one at a time.</summary>
public sealed unsafe class GroupRestore(
    ObjectRestorer restorer, StoreRecords records, RestoreRoom room, GroupCodec groups, FileServices files, MemoryManager memory,
    FiberScheduler fibers, IpcServices ipc)
{
    /// <summary>
    /// True while objects of some group are there and not yet put together: what ends unused objects a few at a time must wait, since some
    /// only seem to be unused.
    /// </summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>True when files are to be closed, or messages to be ended, and may be.</summary>
    public bool HasFilesToClose
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (files.Closing.HasWork || ipc.HasWork) && !IsUnderWay;
    }

    /// <summary>
    /// Rebuilds a group, which has a tree without a root, from the newest state of a volume. What nothing refers to is ended where the
    /// group is to run (<paramref name="endUnreferenced"/>). Where it can be refused, it is before anything is made when there is no room
    /// for all of it (<paramref name="asksForRoom"/>). Of a copy (<paramref name="isCopy"/>), which may be made again, what was read may
    /// stay in memory. Blocks.
    /// </summary>
    public RestoreResult Restore(
        ObjectTracker group, VolumeId volume, RestoreScope scope, bool endUnreferenced, bool asksForRoom = false, bool isCopy = false)
    {
        RestoreResult result = !records.Open(group, volume, isCopy)
            ? new RestoreResult { Fault = new RestoreFault { Status = RestoreStatus.OutOfMemory }, IsUntouched = true }
            : asksForRoom ? room.Ask(records, scope) : default;
        if (result.IsOk)
        {
            IsUnderWay = files.Reclaim.IsHeld = true;
            memory.Restore.Begin(group);
            ulong start = fibers.Trace.Begin();
            result = restorer.Restore(group, records, scope);
            memory.Restore.End();
            fibers.Trace.EndFor(group.Index, TraceKind.Restore, start, volume.Value);
            IsUnderWay = files.Reclaim.IsHeld = false;
        }
        records.Clear(result.IsOk);
        GroupObject* about = groups.Of(group);
        if (about != null)
            result.MemoryMebibytes = about->MemoryMebibytes;
        if (!result.IsOk)
            return result;
        // A call may have been building something when the checkpoint was taken, an address space for execve for example. It begins again
        // after the restore, and what it had built belongs to nobody.
        if (endUnreferenced)
            EndUnreferenced(group);
        if (about == null)
            result.Fault = new RestoreFault { Status = RestoreStatus.MissingReference, Kind = ObjectKind.Group };
        else if (files.RootOf(group) == null)
            result.Fault = new RestoreFault { Status = RestoreStatus.MissingReference, Kind = ObjectKind.Inode };
        else
            result.Fault = new RestoreFault { Status = files.Conversion.Convert(group), Kind = ObjectKind.FileTree };
        return result;
    }

    private void EndUnreferenced(ObjectTracker group)
    {
        for (uint place = 0; !memory.Restore.EndUnreferencedSpaces(group, ref place);)
            fibers.GiveWay();
        for (uint place = 0; !memory.Restore.EndUnreferencedObjects(group, ref place);)
            fibers.GiveWay();
    }
}
