using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>shmctl.</summary>
internal static unsafe class SegmentControl
{
    private const int Lock = 11;
    private const int Unlock = 12;
    private const int StatusOfIndex = 13;
    private const int Totals = 14;
    private const int StatusOfAny = 15;

    // Segments whose pages are counted in one step.
    private const int CountedPerStep = 16;

    public static void Register(SystemCallTable table) => table.Register(31, &Control);

    private static SystemCallResult Control(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        int command = a->Int1;
        if (command < 0 || a->Int0 < 0)
            return Errno.EINVAL;
        switch (command)
        {
            case IpcFlags.Information: return TellLimits(kernel, thread, a->Arg2);
            case Totals: return TellTotals(kernel, thread, a->Arg2);
            case IpcFlags.Status or StatusOfIndex or StatusOfAny: return TellStatus(kernel, thread, a->Int0, command, a->Arg2);
            case IpcFlags.Set: return Set(kernel, thread, a->Int0, a->Arg2);
            case IpcFlags.Remove: return Remove(kernel, thread, a->Int0);
            case Lock or Unlock: return SetLock(kernel, thread, a->Int0, command == Lock);
            default: return Errno.EINVAL;
        }
    }

    private static IpcSpace* SpaceOf(LinuxKernel kernel, Thread* thread) => kernel.Ipc.State.Of(kernel.GroupOf(thread));

    private static long HighestIndex(IpcSpace* space) => space == null ? 0 : IpcIds.HighestIndex(&space->Segments);

    private static SystemCallResult TellLimits(LinuxKernel kernel, Thread* thread, ulong address)
    {
        IpcSettings settings = kernel.Ipc.State.SettingsOf(kernel.GroupOf(thread));
        var limits = new SegmentLimits
        {
            Largest = settings.LargestSegment, Smallest = 1, Most = (ulong)settings.MostSegments,
            MostOfProcess = (ulong)settings.MostSegments, AllPages = settings.AllSegmentPages,
        };
        return kernel.Write(thread, address, in limits, out SystemCallResult failure) ? HighestIndex(SpaceOf(kernel, thread)) : failure;
    }

    private static SystemCallResult TellTotals(LinuxKernel kernel, Thread* thread, ulong address)
    {
        IpcSpace* space = SpaceOf(kernel, thread);
        ref CallContinuation call = ref thread->Call;
        for (int left = CountedPerStep; space != null; left--)
        {
            SharedSegment* segment = (SharedSegment*)IpcIds.Next(&space->Segments, (int)call.Progress);
            if (segment == null)
                break;
            if (left == 0)
                return SystemCallResult.Again;
            call.Extra0 += kernel.Memory.Holes.CountPages(segment->Object);
            call.Progress = (ulong)segment->Ipc.Index + 1;
        }
        var totals = new SegmentTotals { ResidentPages = call.Extra0 };
        if (space != null)
        {
            totals.Count = space->Segments.Count;
            totals.AllPages = space->SegmentPages;
        }
        return kernel.Write(thread, address, in totals, out SystemCallResult failure) ? HighestIndex(space) : failure;
    }

    private static SystemCallResult TellStatus(LinuxKernel kernel, Thread* thread, int id, int command, ulong address)
    {
        IpcSpace* space = SpaceOf(kernel, thread);
        bool isByIndex = command != IpcFlags.Status;
        SharedSegment* segment = space == null ? null : (SharedSegment*)(isByIndex
            ? IpcIds.At(&space->Segments, id & IpcTable.IndexMask) : IpcIds.Find(&space->Segments, id));
        if (segment == null)
            return Errno.EINVAL;
        if (command != StatusOfAny && !IpcAccess.Has(&thread->Process->Credentials, in segment->Ipc, IpcAccess.Read))
            return Errno.EACCES;
        var status = new SegmentStatus
        {
            Permissions = IpcPermissions.Of(in segment->Ipc),
            Size = segment->Size,
            AttachSeconds = segment->AttachSeconds,
            DetachSeconds = segment->DetachSeconds,
            ChangeSeconds = segment->ChangeSeconds,
            Creator = segment->Creator,
            LastProcess = segment->LastProcess,
            Attaches = (ulong)segment->Object->Attaches,
        };
        return kernel.Write(thread, address, in status, out SystemCallResult failure) ? isByIndex ? segment->Ipc.Id : 0 : failure;
    }

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, int id, ulong address)
    {
        if (!kernel.Read(thread, address, out SegmentStatus wanted, out SystemCallResult failure))
            return failure;
        SharedSegment* segment = SegmentCalls.Find(kernel, thread, id);
        if (segment == null)
            return Errno.EINVAL;
        if (!IpcAccess.Owns(&thread->Process->Credentials, in segment->Ipc))
            return Errno.EPERM;
        if (!wanted.Permissions.IsValid)
            return Errno.EINVAL;
        kernel.Ipc.Segments.Change(segment, wanted.Permissions.Uid, wanted.Permissions.Gid, wanted.Permissions.Mode);
        return 0;
    }

    private static SystemCallResult Remove(LinuxKernel kernel, Thread* thread, int id)
    {
        SharedSegment* segment = SegmentCalls.Find(kernel, thread, id);
        if (segment == null)
            return Errno.EINVAL;
        if (!IpcAccess.Owns(&thread->Process->Credentials, in segment->Ipc))
            return Errno.EPERM;
        kernel.Ipc.Segments.Remove(segment);
        return 0;
    }

    private static SystemCallResult SetLock(LinuxKernel kernel, Thread* thread, int id, bool isLocked)
    {
        SharedSegment* segment = SegmentCalls.Find(kernel, thread, id);
        if (segment == null)
            return Errno.EINVAL;
        Process* process = thread->Process;
        uint user = process->Credentials.EffectiveUid;
        bool isPrivileged = process->Credentials.Has(Capability.LockMemory);
        ulong limit = process->Limits.Soft(Resource.LockedMemory);
        if (!isPrivileged && user != segment->Ipc.Uid && user != segment->Ipc.CreatorUid)
            return Errno.EPERM;
        if (!isPrivileged && isLocked && limit == 0)
            return Errno.EPERM;
        uint payer = process->Credentials.RealUid;
        bool isNew = isLocked && (segment->Ipc.Mode & SharedSegment.Locked) == 0;
        if (isNew && !isPrivileged && limit != ResourceLimit.Infinity
            && SharedSegments.LockedPages(SpaceOf(kernel, thread), payer) + segment->Pages > limit >> PageSize.Shift)
            return Errno.ENOMEM;
        kernel.Ipc.Segments.Lock(segment, isLocked, payer);
        return 0;
    }
}
