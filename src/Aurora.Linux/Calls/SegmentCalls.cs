// shmget, shmat and shmdt: System V shared memory. A segment is a memory object, and attaching it a shared mapping of all of it; how often
// it is attached is how many mappings show it, pieces that mprotect or munmap has made counted each, as on Linux.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class SegmentCalls
{
    private const uint HugePages = 0x800;
    private const uint ReadOnly = 0x1000;
    private const uint RoundDown = 0x2000;
    private const uint Remap = 0x4000;
    private const uint Execute = 0x8000;
    private const int PiecesPerStep = 256;

    // Phases of shmdt: the first piece is looked for; the rest are.
    private const byte Discovering = 1;

    public static void Register(SystemCallTable table)
    {
        table.Register(29, &Get);
        table.Register(30, &Attach);
        table.Register(67, &Detach);
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        int key = a->Int0;
        uint flags = a->UInt2;
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        var found = (SharedSegment*)(key == IpcIdentity.Private || space == null ? null : IpcIds.FindKey(&space->Segments, key));
        if (found == null)
            return key != IpcIdentity.Private && (flags & IpcFlags.Create) == 0 ? Errno.ENOENT : Make(kernel, thread, key, a->Arg1, flags);
        if ((flags & (IpcFlags.Create | IpcFlags.Exclusive)) == (IpcFlags.Create | IpcFlags.Exclusive))
            return Errno.EEXIST;
        if (found->Size < a->Arg1)
            return Errno.EINVAL;
        return IpcAccess.Has(&thread->Process->Credentials, in found->Ipc, flags) ? found->Ipc.Id : Errno.EACCES;
    }

    // Without huge pages in the machine they are refused as a size that there is not.
    private static SystemCallResult Make(LinuxKernel kernel, Thread* thread, int key, ulong size, uint flags)
    {
        if ((flags & HugePages) != 0)
            return Errno.EINVAL;
        Errno error = kernel.Ipc.Segments.Make(thread->Process, key, size, flags, out SharedSegment* segment);
        return error == Errno.Ok ? segment->Ipc.Id : error;
    }

    private static SystemCallResult Attach(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        ulong address = a->Arg1;
        uint flags = a->UInt2;
        if (a->Int0 < 0)
            return Errno.EINVAL;
        bool isPlaced = address != 0;
        if ((address & PageSize.OffsetMask) != 0)
        {
            if ((flags & RoundDown) == 0)
                return Errno.EINVAL;
            address &= ~PageSize.OffsetMask;
        }
        if (address == 0 && (flags & Remap) != 0)
            return Errno.EINVAL;
        bool isWritable = (flags & ReadOnly) == 0;
        bool isExecutable = (flags & Execute) != 0;
        SharedSegment* segment = Find(kernel, thread, a->Int0);
        if (segment == null)
            return Errno.EINVAL;
        uint wanted = IpcAccess.Read | (isWritable ? IpcAccess.Write : 0) | (isExecutable ? IpcAccess.Execute : 0);
        if (!IpcAccess.Has(&thread->Process->Credentials, in segment->Ipc, wanted))
            return Errno.EACCES;
        AddressSpace* space = thread->Process->AddressSpace;
        if (isPlaced && (flags & Remap) == 0 && !IsFree(space, address, segment->Size))
            return Errno.EINVAL;
        if (space->LocksFuture && !MemoryLockCalls.IsWithinLimit(thread, segment->Pages))
            return Errno.EAGAIN;
        var request = new MapRequest
        {
            Address = new VirtualAddress(address),
            Length = segment->Size,
            Placement = isPlaced ? MapPlacement.Fixed : MapPlacement.Hint,
            Protection = Protection.Read | (isWritable ? Protection.Write : 0) | (isExecutable ? Protection.Execute : 0),
            MaxProtection = isWritable ? Protection.None : Protection.Read | Protection.Execute,
            Flags = MappingFlags.Shared | MappingFlags.Segment | (space->LocksFuture ? MappingFlags.Locked : MappingFlags.None),
            Object = segment->Object,
        };
        // What is replaced may be the last piece of this very segment, which may have been removed: it counts as attached meanwhile.
        segment->Object->Attaches++;
        MemoryStatus status = kernel.Memory.Mappings.Map(space, in request, out VirtualAddress at);
        if (--segment->Object->Attaches == 0 && segment->IsDestroyed)
            kernel.Ipc.Segments.Remove(segment);
        return status == MemoryStatus.Ok ? (long)at.Value : LinuxKernel.ErrorOf(status);
    }

    /// <summary>The segment with an id in the group of a thread, or null.</summary>
    internal static SharedSegment* Find(LinuxKernel kernel, Thread* thread, int id)
    {
        IpcSpace* space = kernel.Ipc.State.Of(kernel.GroupOf(thread));
        return space == null ? null : (SharedSegment*)IpcIds.Find(&space->Segments, id);
    }

    // What reaches beyond the end of a program's addresses is refused when it is mapped.
    private static bool IsFree(AddressSpace* space, ulong address, ulong bytes)
    {
        ulong end = address + bytes;
        if (end < address)
            return false;
        int index = MappingTable.FirstEndingAfter(space, address);
        Mapping* next = MappingTable.At(space, index);
        return next == null || next->Start.Value >= end;
    }

    private static SystemCallResult Detach(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        ulong address = a->Arg0;
        if ((address & PageSize.OffsetMask) != 0 || address >= AddressSpace.UserEnd)
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        ref CallContinuation call = ref thread->Call;
        int pieces = PiecesPerStep;
        for (; pieces > 0; pieces--)
        {
            Mapping* mapping = MappingTable.At(space, MappingTable.FirstEndingAfter(space, address + call.Progress));
            if (mapping == null || (call.Phase == Discovering && mapping->End.Value - address > call.Extra1))
                return call.Phase == Discovering ? 0 : Errno.EINVAL;
            call.Progress = mapping->End.Value - address;
            bool isPiece = mapping->IsOfSegment && mapping->Start.Value >= address
                && (mapping->Start.Value - address) >> PageSize.Shift == mapping->PageOffset
                && (call.Phase != Discovering || mapping->Object->Header.Id.Value == call.Extra0);
            if (!isPiece)
                continue;
            if (call.Phase != Discovering)
            {
                call.Phase = Discovering;
                call.Extra0 = mapping->Object->Header.Id.Value;
                call.Extra1 = mapping->Object->SizePages << PageSize.Shift;
            }
            MemoryStatus status = kernel.Memory.Mappings.Unmap(space, mapping->Start, mapping->Pages << PageSize.Shift);
            Panic.Unless(status == MemoryStatus.Ok, "shmdt: a whole mapping could not be unmapped"u8);
        }
        return SystemCallResult.Again;
    }
}
