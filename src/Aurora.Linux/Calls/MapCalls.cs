// mmap and msync: where memory meets files. A shared mapping shows the file's own pages; a private one a copy-on-write clone of them.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class MapCalls
{
    private const uint ProtectionMask = 7;
    private const uint TypeMask = 0xF;
    private const uint TypeShared = 1;
    private const uint TypePrivate = 2;
    private const uint TypeSharedValidate = 3;
    private const uint Fixed = 0x10;
    private const uint Anonymous = 0x20;
    private const uint Locked = 0x2000;
    private const uint GrowsDown = 0x100;
    private const uint StackHint = 0x20000;
    private const uint HugePages = 0x40000;
    private const uint FixedNoReplace = 0x100000;

    // LOWER32 (0x40) is a promise about addresses; DENYWRITE, EXECUTABLE, NORESERVE, POPULATE, NONBLOCK and SYNC have nothing to change.
    private const uint Known = TypeMask | Fixed | Anonymous | GrowsDown | StackHint | FixedNoReplace
        | 0x40 | 0x800 | 0x1000 | Locked | 0x4000 | 0x8000 | 0x10000;

    private const uint SyncAsync = 1;
    private const uint SyncInvalidate = 2;
    private const uint SyncNow = 4;

    public static void Register(SystemCallTable table)
    {
        table.Register(9, &Mmap);
        table.Register(26, &Msync);
        table.Register(216, &RemapFilePages);
    }

    private static SystemCallResult Mmap(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong length = arguments->Arg1;
        uint flags = arguments->UInt3;
        ulong offset = arguments->Arg5;
        uint type = flags & TypeMask;
        bool isFixed = (flags & (Fixed | FixedNoReplace)) != 0;
        bool isBadAddress = isFixed && (arguments->Arg0 & PageSize.OffsetMask) != 0;
        if ((offset & PageSize.OffsetMask) != 0)
            return Errno.EINVAL;
        if ((flags & Anonymous) == 0 && FindFile(thread, arguments->Int4) == null)
            return Errno.EBADF;
        if (length == 0 || isBadAddress || type is not (TypeShared or TypePrivate or TypeSharedValidate))
            return Errno.EINVAL;
        if ((flags & HugePages) != 0 || (type == TypeSharedValidate && (flags & ~Known) != 0))
            return type == TypeSharedValidate ? Errno.EOPNOTSUPP : Errno.EINVAL;
        const ulong LargestFile = (VmObject.MaxPages << PageSize.Shift) - 1;
        if (length > AddressSpace.UserEnd)
            return Errno.ENOMEM;
        if (offset > ((flags & Anonymous) == 0 ? LargestFile - length : ulong.MaxValue - length))
            return Errno.EOVERFLOW;
        bool isLocked = (flags & Locked) != 0 || thread->Process->AddressSpace->LocksFuture;
        if ((flags & Locked) != 0 && !MemoryLockCalls.MayLock(thread))
            return Errno.EPERM;
        if (isLocked && !MemoryLockCalls.IsWithinLimit(thread, PageSize.PagesFor(length)))
            return Errno.EAGAIN;
        var request = new MapRequest
        {
            Address = new VirtualAddress(isFixed ? arguments->Arg0 : arguments->Arg0 & ~PageSize.OffsetMask),
            Length = length,
            Placement = (flags & FixedNoReplace) != 0 ? MapPlacement.FixedNoReplace
                : (flags & Fixed) != 0 ? MapPlacement.Fixed : MapPlacement.Hint,
            Protection = (Protection)(arguments->UInt2 & ProtectionMask),
            Flags = (type == TypePrivate ? MappingFlags.None : MappingFlags.Shared)
                | ((flags & GrowsDown) != 0 ? MappingFlags.GrowsDown : MappingFlags.None)
                | (isLocked ? MappingFlags.Locked : MappingFlags.None),
        };
        if ((flags & Anonymous) == 0)
        {
            Errno error = AttachFile(kernel, thread, arguments->Int4, offset, type != TypePrivate, ref request);
            if (error != Errno.Ok)
                return error;
        }
        MemoryStatus status = kernel.Memory.Mappings.Map(thread->Process->AddressSpace, in request, out VirtualAddress address);
        return status == MemoryStatus.Ok ? (long)address.Value : LinuxKernel.ErrorOf(status);
    }

    private static OpenFile* FindFile(Thread* thread, int descriptor)
    {
        OpenFile* file = Descriptors.Find((DescriptorTable*)thread->Process->Descriptors, descriptor);
        return file == null || file->Kind == FileKind.PathOnly ? null : file;
    }

    private static Errno AttachFile(
        LinuxKernel kernel, Thread* thread, int descriptor, ulong offset, bool isShared, ref MapRequest request)
    {
        OpenFile* file = FindFile(thread, descriptor);
        if (!file->IsReadable)
            return Errno.EACCES;
        if (isShared && (request.Protection & Protection.Write) != 0 && !file->IsWritable)
            return Errno.EACCES;
        bool staysReadOnly = isShared && !file->IsWritable;
        request.MaxProtection = staysReadOnly ? Protection.Read | Protection.Execute : Protection.None;
        if (IsZeroDevice(file))
            return Errno.Ok;
        if (isShared && !staysReadOnly && !MayShare(file->Inode, ref request))
            return Errno.EPERM;
        FileOperations? operations = kernel.Files.OpenFiles.OperationsOf(file);
        request.Object = operations is null ? null : operations.Mappable(file);
        if (request.Object == null)
            return file->Kind == FileKind.Regular ? Errno.ENOMEM : Errno.ENODEV;
        request.PageOffset = offset >> PageSize.Shift;
        request.File = file->Inode->Header.Id;
        return Errno.Ok;
    }

    // A seal against writes is one against mappings through which they could be made; one against future ones is against new ones of those.
    private static bool MayShare(Inode* inode, ref MapRequest request)
    {
        if (!inode->IsSealed(FileSeals.Write | FileSeals.FutureWrite))
            return true;
        bool isFuture = !inode->IsSealed(FileSeals.Write);
        request.MaxProtection = Protection.Read | Protection.Execute;
        return isFuture && (request.Protection & Protection.Write) == 0;
    }

    // remap_file_pages, as Linux does it today: a new mapping of other pages in place of the old one.
    private static SystemCallResult RemapFilePages(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong start = arguments->Arg0 & ~PageSize.OffsetMask;
        ulong length = arguments->Arg1 & ~PageSize.OffsetMask;
        ulong page = arguments->Arg3;
        AddressSpace* space = thread->Process->AddressSpace;
        if (arguments->Arg2 != 0 || length == 0 || !MemoryCalls.GoodRange(start, length) || page > VmObject.MaxPages)
            return Errno.EINVAL;
        Mapping* mapping = MappingTable.Find(space, new VirtualAddress(start));
        if (mapping == null || !mapping->IsShared)
            return Errno.EINVAL;
        for (Mapping* next = mapping; next->End.Value < start + length; )
        {
            Mapping* after = MappingTable.Find(space, next->End);
            if (after == null || after->Object != mapping->Object || after->Flags != mapping->Flags
                || after->Protection != mapping->Protection)
                return Errno.EINVAL;
            next = after;
        }
        var request = new MapRequest
        {
            Address = new VirtualAddress(start),
            Length = length,
            Placement = MapPlacement.Fixed,
            Protection = mapping->Protection,
            MaxProtection = mapping->MaxProtection,
            Flags = mapping->Flags,
            Object = mapping->Object,
            PageOffset = page,
            File = mapping->File,
        };
        return LinuxKernel.ErrorOf(kernel.Memory.Mappings.Map(space, in request, out _));
    }

    // Mapping /dev/zero is the old way to ask for anonymous memory.
    private static bool IsZeroDevice(OpenFile* file)
        => file->Kind == FileKind.Device && file->Inode->Device == DeviceNumber.Zero;

    // Stores to a mapping are in the file at once; MS_SYNC waits, as fsync does, for a checkpoint that holds them.
    private static SystemCallResult Msync(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint flags = arguments->UInt2;
        bool isOdd = (flags & ~(SyncAsync | SyncInvalidate | SyncNow)) != 0 || (flags & (SyncAsync | SyncNow)) == (SyncAsync | SyncNow);
        ulong length = (arguments->Arg1 + PageSize.OffsetMask) & ~PageSize.OffsetMask;
        if (isOdd || (arguments->Arg0 & PageSize.OffsetMask) != 0)
            return Errno.EINVAL;
        if (!MemoryCalls.GoodRange(arguments->Arg0, length))
            return Errno.ENOMEM;
        if (thread->Call.Phase == 0)
        {
            AddressSpace* space = thread->Process->AddressSpace;
            if ((flags & SyncInvalidate) != 0 && MappingMarks.LockedPages(space, arguments->Arg0, arguments->Arg0 + length) != 0)
                return Errno.EBUSY;
            if (length != 0 && !AddressRanges.IsMapped(space, new VirtualAddress(arguments->Arg0), length))
                return Errno.ENOMEM;
            if ((flags & SyncNow) == 0)
                return 0;
        }
        return SyncCalls.Wait(kernel, thread);
    }
}
