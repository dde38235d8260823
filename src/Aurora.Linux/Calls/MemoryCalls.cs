// Memory calls that need no file: mprotect, munmap, brk, mremap and advice. mmap is in MapCalls, mlock in MemoryLockCalls.
using System;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class MemoryCalls
{
    private const uint ProtectionMask = 7;
    // PROT_SEM, which asks for nothing.
    private const uint ProtectSemaphores = 8;
    private const uint ProtectGrowsDown = 0x01000000;
    private const uint ProtectGrowsUp = 0x02000000;
    private const uint RemapMayMove = 1;
    private const uint RemapFixed = 2;
    private const uint RemapDontUnmap = 4;
    private const int DontNeed = 4;
    private const int Free = 8;
    private const int DontFork = 10;
    private const int DoFork = 11;
    private const int WipeOnFork = 18;
    private const int KeepOnFork = 19;

    private const ulong MincorePagesPerStep = 1 << 16;

    public static void Register(SystemCallTable table)
    {
        table.Register(10, &Mprotect);
        table.Register(11, &Munmap);
        table.Register(12, &Brk);
        table.Register(25, &Mremap);
        table.Register(27, &Mincore);
        table.Register(28, &Madvise);
    }

    private static SystemCallResult Mprotect(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint bits = arguments->UInt2;
        uint grows = bits & (ProtectGrowsDown | ProtectGrowsUp);
        ulong start = arguments->Arg0;
        ulong length = arguments->Arg1;
        if (grows == (ProtectGrowsDown | ProtectGrowsUp) || (start & PageSize.OffsetMask) != 0)
            return Errno.EINVAL;
        if (length == 0)
            return 0;
        if (!GoodRange(start, length))
            return Errno.ENOMEM;
        if ((bits & ~(ProtectionMask | ProtectSemaphores | grows)) != 0)
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        Errno error = grows == 0 ? Errno.Ok : ToBeginning(space, grows == ProtectGrowsDown, ref start, ref length);
        return error != Errno.Ok ? error : LinuxKernel.ErrorOf(
            kernel.Memory.Mappings.Protect(space, new VirtualAddress(start), length, (Protection)(bits & ProtectionMask)));
    }

    // PROT_GROWSDOWN means a stack from its beginning on, which need not be known to who asks; nothing grows upwards.
    private static Errno ToBeginning(AddressSpace* space, bool isDown, ref ulong start, ref ulong length)
    {
        Mapping* mapping = MappingTable.At(space, MappingTable.FirstEndingAfter(space, start));
        if (mapping == null || mapping->Start.Value > (isDown ? start + length - 1 : start))
            return Errno.ENOMEM;
        if (!isDown || (mapping->Flags & MappingFlags.GrowsDown) == 0)
            return Errno.EINVAL;
        length = start + length - mapping->Start.Value;
        start = mapping->Start.Value;
        return Errno.Ok;
    }

    private static SystemCallResult Munmap(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!GoodRange(arguments->Arg0, arguments->Arg1) || arguments->Arg1 == 0)
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        ulong given = thread->Call.Progress;
        if (given < arguments->Arg1 && arguments->Arg1 > ObjectHoles.MaxDiscardPages * PageSize.Bytes)
        {
            if (given == 0 && !kernel.Memory.Mappings.PrepareUnmap(space, new VirtualAddress(arguments->Arg0), arguments->Arg1))
                return Errno.ENOMEM;
            // The pages first, in steps; what fails here is left to the unmapping itself.
            MemoryStatus gives = kernel.Memory.Mappings.GiveUpPages(
                space, new VirtualAddress(arguments->Arg0 + given), arguments->Arg1 - given, out ulong done, out WaitQueue* wait);
            thread->Call.Progress += done;
            if (gives == MemoryStatus.WouldBlock)
                return WaitFor(kernel, thread, wait);
            if (gives == MemoryStatus.Ok && thread->Call.Progress < arguments->Arg1)
                return SystemCallResult.Again;
        }
        return LinuxKernel.ErrorOf(kernel.Memory.Mappings.Unmap(space, new VirtualAddress(arguments->Arg0), arguments->Arg1));
    }

    private static SystemCallResult Brk(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        bool growsLocked = space->LocksFuture && arguments->Arg0 > space->BreakEnd.Value;
        if (growsLocked && !MemoryLockCalls.IsWithinLimit(thread, PageSize.PagesFor(arguments->Arg0 - space->BreakEnd.Value)))
            return (long)space->BreakEnd.Value;
        return (long)kernel.Memory.Break.Set(space, new VirtualAddress(arguments->Arg0)).Value;
    }

    private static SystemCallResult Mremap(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint flags = arguments->UInt3;
        bool isFixed = (flags & RemapFixed) != 0;
        if ((flags & ~(RemapMayMove | RemapFixed | RemapDontUnmap)) != 0 || (isFixed && (flags & RemapMayMove) == 0))
            return Errno.EINVAL;
        bool keepsOld = (flags & RemapDontUnmap) != 0;
        if (keepsOld && (flags & RemapMayMove) == 0)
            return Errno.EINVAL;
        if ((arguments->Arg0 & PageSize.OffsetMask) != 0 || arguments->Arg2 == 0 || arguments->Arg1 == 0)
            return Errno.EINVAL;
        var request = new RemapRequest
        {
            Address = new VirtualAddress(arguments->Arg0),
            OldLength = arguments->Arg1,
            NewLength = arguments->Arg2,
            MayMove = (flags & RemapMayMove) != 0,
            IsFixed = isFixed,
            KeepsOld = keepsOld,
            NewAddress = new VirtualAddress(arguments->Arg4),
        };
        Mapping* mapping = MappingTable.Find(thread->Process->AddressSpace, request.Address);
        bool growsLocked = mapping != null && (mapping->Flags & MappingFlags.Locked) != 0 && request.NewLength > request.OldLength;
        if (growsLocked && !MemoryLockCalls.IsWithinLimit(thread,
            PageSize.PagesFor(request.NewLength) - PageSize.PagesFor(request.OldLength)))
            return Errno.EAGAIN;
        MemoryStatus status = kernel.Memory.Remaps.Remap(thread->Process->AddressSpace, in request, out VirtualAddress address);
        return status == MemoryStatus.Ok ? (long)address.Value
            : status == MemoryStatus.NotMapped ? Errno.EFAULT : LinuxKernel.ErrorOf(status);
    }

    private static SystemCallResult Madvise(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong length = (arguments->Arg1 + PageSize.OffsetMask) & ~PageSize.OffsetMask;
        if (!GoodRange(arguments->Arg0, length) || length < arguments->Arg1)
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        var start = new VirtualAddress(arguments->Arg0);
        switch (arguments->Int2)
        {
            case DontNeed:
                return DropPages(kernel, thread, start, length);
            // Pages may be dropped at any time: at once is allowed.
            case Free:
                return thread->Call.Progress > 0 || IsAnonymous(kernel, space, start, length)
                    ? DropPages(kernel, thread, start, length) : Errno.EINVAL;
            case DontFork or DoFork:
                return Mark(kernel, space, start, length, MappingFlags.DontFork, arguments->Int2 == DontFork);
            case WipeOnFork or KeepOnFork:
                return Mark(kernel, space, start, length, MappingFlags.WipeOnFork, arguments->Int2 == WipeOnFork);
            // NORMAL RANDOM SEQUENTIAL WILLNEED HUGEPAGE NOHUGEPAGE DONTDUMP DODUMP COLD PAGEOUT. Equal pages are not merged.
            case 0 or 1 or 2 or 3 or 14 or 15 or 16 or 17 or 20 or 21:
                return length == 0 || AddressRanges.IsMapped(space, start, length) ? 0 : Errno.ENOMEM;
            default:
                return Errno.EINVAL;
        }
    }

    private static SystemCallResult Mark(
        LinuxKernel kernel, AddressSpace* space, VirtualAddress start, ulong length, MappingFlags mark, bool isSet)
        => length == 0 ? 0 : LinuxKernel.ErrorOf(kernel.Memory.Marks.Mark(space, start, length, mark, isSet));

    // True when all that is mapped in the range is private anonymous memory: MADV_FREE takes nothing else.
    private static bool IsAnonymous(LinuxKernel kernel, AddressSpace* space, VirtualAddress start, ulong length)
    {
        const MappingFlags Kind = MappingFlags.Anonymous | MappingFlags.Shared;
        VirtualAddress end = start + length;
        Mapping* mapping = MappingTable.Find(space, start);
        for (; mapping != null && mapping->Start.Value < end.Value; mapping = MappingTable.Find(space, mapping->End))
        {
            if ((mapping->Flags & Kind) != MappingFlags.Anonymous)
                return false;
        }
        return true;
    }

    private static SystemCallResult DropPages(LinuxKernel kernel, Thread* thread, VirtualAddress start, ulong length)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        ulong given = thread->Call.Progress;
        if (length == 0)
            return 0;
        if (given == 0 && MappingMarks.LockedPages(space, start.Value, start.Value + length) != 0)
            return Errno.EINVAL;
        if (given < length)
        {
            MemoryStatus status =
                kernel.Memory.Mappings.DropPages(space, start + given, length - given, out ulong done, out WaitQueue* wait);
            thread->Call.Progress += done;
            if (status == MemoryStatus.WouldBlock)
                return WaitFor(kernel, thread, wait);
            if (status != MemoryStatus.Ok)
                return LinuxKernel.ErrorOf(status);
            if (given + done < length)
                return SystemCallResult.Again;
        }
        // Gaps are told of when everything else has been given up.
        return AddressRanges.IsMapped(space, start, length) ? 0 : Errno.ENOMEM;
    }

    private static SystemCallResult WaitFor(LinuxKernel kernel, Thread* thread, WaitQueue* wait)
    {
        kernel.Scheduler.BlockOn(thread, wait);
        return SystemCallResult.BlockedUninterruptible;
    }

    private static SystemCallResult Mincore(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        const int AtOnce = 512;
        if ((arguments->Arg0 & PageSize.OffsetMask) != 0)
            return Errno.EINVAL;
        if (!GoodRange(arguments->Arg0, arguments->Arg1))
            return Errno.ENOMEM;
        ulong pages = PageSize.PagesFor(arguments->Arg1);
        AddressSpace* space = thread->Process->AddressSpace;
        ulong stepEnd = Math.Min(pages, thread->Call.Progress + MincorePagesPerStep);
        // All of the step's answer is made ready first, so that a step does not wait in the middle.
        AccessResult ready = kernel.User.Probe(
            space, new VirtualAddress(arguments->Arg2 + thread->Call.Progress), stepEnd - thread->Call.Progress, true);
        if (!ready.IsOk)
            return kernel.Stop(thread, in ready);
        Span<byte> buffer = stackalloc byte[AtOnce];
        while (thread->Call.Progress < stepEnd)
        {
            ulong done = thread->Call.Progress;
            Span<byte> piece = buffer[..(int)Math.Min(AtOnce, stepEnd - done)];
            if (kernel.Memory.Residency.ShowResident(space, new VirtualAddress(arguments->Arg0) + (done << PageSize.Shift),
                piece) != MemoryStatus.Ok)
                return Errno.ENOMEM;
            AccessResult access = kernel.User.Write(space, new VirtualAddress(arguments->Arg2 + done), piece);
            if (!access.IsOk)
                return kernel.Stop(thread, in access);
            thread->Call.Progress += (ulong)piece.Length;
        }
        return thread->Call.Progress < pages ? SystemCallResult.Again : Errno.Ok;
    }

    /// <summary>True for a page-aligned range inside user space.</summary>
    internal static bool GoodRange(ulong address, ulong length)
        => (address & PageSize.OffsetMask) == 0 && address <= AddressSpace.UserEnd && length <= AddressSpace.UserEnd - address;
}
