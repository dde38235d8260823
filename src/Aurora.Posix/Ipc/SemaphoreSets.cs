using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Ipc;

/// <summary>Makes, changes and ends sets of semaphores.</summary>
public sealed unsafe class SemaphoreSets(IpcState state, IpcWaiters waiters, UndoLists undos, GroupClocks clocks)
{
    private const int PiecesPerStep = 256;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>A new set of the process, all zeros: Ok, ENOSPC or ENOMEM. There are so many semaphores, at least one.</summary>
    public Errno Make(Process* process, int key, int count, uint mode, out SemaphoreSet* set)
    {
        set = null;
        ObjectTracker group = state.Tracked.Of(&process->Header);
        IpcSpace* space = state.Make(group);
        if (space == null)
            return Errno.ENOMEM;
        if (space->SemaphoreCount + (ulong)count > (ulong)space->Settings.AllSemaphores || space->Sets.Count >= space->Settings.MostSets)
            return Errno.ENOSPC;
        set = Allocate(count);
        if (set == null)
            return Errno.ENOMEM;
        set->Ipc.Key = key;
        set->Ipc.Mode = mode & IpcIdentity.AccessMask;
        IpcAccess.Own(&process->Credentials, ref set->Ipc);
        if (!MakeBlocks(group, set) || !state.Ids.Add(&space->Sets, (IpcObject*)set))
        {
            EndBlocks(set, int.MaxValue);
            Free(set);
            set = null;
            return Errno.ENOMEM;
        }
        group.Register(&set->Header, ObjectKind.SemaphoreSet);
        space->SemaphoreCount += (ulong)count;
        set->ChangeSeconds = clocks.Of(&set->Header).RealtimeNanoseconds / NanosecondsPerSecond;
        group.MarkChanged(&space->Header);
        return Errno.Ok;
    }

    /// <summary>A set with room for its blocks, which is not registered; null without memory.</summary>
    internal SemaphoreSet* Allocate(int count)
    {
        SemaphoreSet* set = state.Sets.Allocate();
        if (set == null)
            return null;
        set->Count = count;
        if (set->BlockCount > 1)
            set->Table = (SemaphoreBlock**)state.Pages.AllocateFor(set, 1);
        if (set->BlockCount == 1 || set->Table != null)
            return set;
        state.Sets.Free(set);
        return null;
    }

    /// <summary>Puts a block in its place; false if there is one already, or the set has no such block.</summary>
    internal static bool Place(SemaphoreSet* set, SemaphoreBlock* block)
    {
        if ((uint)block->Number >= (uint)set->BlockCount)
            return false;
        SemaphoreBlock** place = set->Table == null ? &set->First : &set->Table[block->Number];
        if (*place != null)
            return false;
        *place = block;
        block->Set = set;
        return true;
    }

    private bool MakeBlocks(ObjectTracker group, SemaphoreSet* set)
    {
        for (int number = 0; number < set->BlockCount; number++)
        {
            SemaphoreBlock* block = state.Blocks.Allocate();
            if (block == null)
                return false;
            block->Number = number;
            Place(set, block);
            group.Register(&block->Header, ObjectKind.SemaphoreBlock);
        }
        return true;
    }

    /// <summary>Gives a set other owners and rights.</summary>
    public void Change(SemaphoreSet* set, uint uid, uint gid, uint mode)
    {
        set->Ipc.Uid = uid;
        set->Ipc.Gid = gid;
        set->Ipc.Mode = (set->Ipc.Mode & ~IpcIdentity.AccessMask) | (mode & IpcIdentity.AccessMask);
        set->ChangeSeconds = clocks.Of(&set->Header).RealtimeNanoseconds / NanosecondsPerSecond;
        state.Tracked.MarkChanged(&set->Header);
    }

    /// <summary>
    /// Removes a set: its id leads nowhere, who waits hears of it, nothing is undone in it; what hangs on it ends in steps.
    /// </summary>
    public void Remove(SemaphoreSet* set)
    {
        IpcSpace* space = state.Of(&set->Header);
        waiters.ServeAll(&set->Changers, Errno.EIDRM);
        waiters.ServeAll(&set->Observers, Errno.EIDRM);
        state.Ids.Remove(&space->Sets, (IpcObject*)set);
        space->SemaphoreCount -= (ulong)set->Count;
        set->Ipc.Mode |= SemaphoreSet.Removed;
        state.Tracked.MarkChanged(&set->Header);
        state.PutOff((IpcObject*)set);
        EndStep(set);
    }

    /// <summary>Ends sets of a group that ends, some of them; true when none is left.</summary>
    internal bool EndSome(IpcSpace* space)
    {
        for (int left = PiecesPerStep; left > 0; left--)
        {
            SemaphoreSet* set = (SemaphoreSet*)IpcIds.Next(&space->Sets, 0);
            if (set == null)
                return true;
            Remove(set);
        }
        return false;
    }

    /// <summary>Goes on with ending a removed set.</summary>
    internal void EndStep(SemaphoreSet* set)
    {
        int left = PiecesPerStep;
        for (; left > 0 && set->FirstUndo != null; left--)
            undos.End(set->FirstUndo);
        if (set->FirstUndo != null || !EndBlocks(set, left))
            return;
        state.ForgetEnding((IpcObject*)set);
        state.Tracked.Remove(&set->Header);
        Free(set);
    }

    // True when none is left.
    private bool EndBlocks(SemaphoreSet* set, int most)
    {
        for (int number = 0; number < set->BlockCount; number++)
        {
            SemaphoreBlock** place = set->Table == null ? &set->First : &set->Table[number];
            if (*place == null)
                continue;
            if (most-- <= 0)
                return false;
            state.Tracked.Remove(&(*place)->Header);
            state.Blocks.Free(*place);
            *place = null;
        }
        return true;
    }

    private void Free(SemaphoreSet* set)
    {
        if (set->Table != null)
            state.Pages.FreeFor(set, set->Table, 1);
        state.Sets.Free(set);
    }
}
