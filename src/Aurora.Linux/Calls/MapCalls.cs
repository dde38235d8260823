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
    private const uint GrowsDown = 0x100;
    private const uint StackHint = 0x20000;
    private const uint HugePages = 0x40000;
    private const uint FixedNoReplace = 0x100000;

    // LOWER32 (0x40) is a promise about addresses; DENYWRITE, EXECUTABLE, LOCKED, NORESERVE, POPULATE, NONBLOCK and SYNC have nothing to change.
    private const uint Known = TypeMask | Fixed | Anonymous | GrowsDown | StackHint | FixedNoReplace
        | 0x40 | 0x800 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000;

    private const uint SyncAsync = 1;
    private const uint SyncInvalidate = 2;
    private const uint SyncNow = 4;

    public static void Register(SystemCallTable table)
    {
        table.Register(9, &Mmap);
        table.Register(26, &Msync);
    }

    private static SystemCallResult Mmap(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong length = arguments->Arg1;
        uint flags = arguments->UInt3;
        ulong offset = arguments->Arg5;
        uint type = flags & TypeMask;
        bool isFixed = (flags & (Fixed | FixedNoReplace)) != 0;
        bool isBadAddress = isFixed && (arguments->Arg0 & PageSize.OffsetMask) != 0;
        if (length == 0 || (offset & PageSize.OffsetMask) != 0 || isBadAddress || type is not (TypeShared or TypePrivate or TypeSharedValidate))
            return Errno.EINVAL;
        if ((flags & HugePages) != 0 || (type == TypeSharedValidate && (flags & ~Known) != 0))
            return type == TypeSharedValidate ? Errno.EOPNOTSUPP : Errno.EINVAL;
        const ulong LargestFile = (MemoryManager.MaxObjectPages << PageSize.Shift) - 1;
        if (length > AddressSpace.UserEnd)
            return Errno.ENOMEM;
        if (offset > ((flags & Anonymous) == 0 ? LargestFile - length : ulong.MaxValue - length))
            return Errno.EOVERFLOW;
        var request = new MapRequest
        {
            Address = new VirtualAddress(isFixed ? arguments->Arg0 : arguments->Arg0 & ~PageSize.OffsetMask),
            Length = length,
            Placement = (flags & FixedNoReplace) != 0 ? MapPlacement.FixedNoReplace
                : (flags & Fixed) != 0 ? MapPlacement.Fixed : MapPlacement.Hint,
            Protection = (Protection)(arguments->UInt2 & ProtectionMask),
            Flags = (type == TypePrivate ? MappingFlags.None : MappingFlags.Shared)
                | ((flags & GrowsDown) != 0 ? MappingFlags.GrowsDown : MappingFlags.None),
        };
        if ((flags & Anonymous) == 0)
        {
            Errno error = AttachFile(kernel, thread, arguments->Int4, offset, type != TypePrivate, ref request);
            if (error != Errno.Ok)
                return error;
        }
        MemoryStatus status = kernel.Memory.Map(thread->Process->AddressSpace, in request, out VirtualAddress address);
        return status == MemoryStatus.Ok ? (long)address.Value : LinuxKernel.ErrorOf(status);
    }

    private static Errno AttachFile(
        LinuxKernel kernel, Thread* thread, int descriptor, ulong offset, bool isShared, ref MapRequest request)
    {
        OpenFile* file = FileServices.Find((DescriptorTable*)thread->Process->Descriptors, descriptor);
        if (file == null || file->Kind == FileKind.PathOnly)
            return Errno.EBADF;
        if (!file->IsReadable)
            return Errno.EACCES;
        if (isShared && (request.Protection & Protection.Write) != 0 && !file->IsWritable)
            return Errno.EACCES;
        if (IsZeroDevice(file))
            return Errno.Ok;
        FileOperations? operations = kernel.Files.OperationsOf(file);
        request.Object = operations is null ? null : operations.Mappable(file);
        if (request.Object == null)
            return file->Kind == FileKind.Regular ? Errno.ENOMEM : Errno.ENODEV;
        request.PageOffset = offset >> PageSize.Shift;
        request.File = file->Inode->Header.Id;
        request.MaxProtection = isShared && !file->IsWritable ? Protection.Read | Protection.Execute : Protection.None;
        return Errno.Ok;
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
        if (isOdd || !MemoryCalls.GoodRange(arguments->Arg0, length))
            return Errno.EINVAL;
        if (thread->Call.Phase == 0)
        {
            if (length != 0 && !kernel.Memory.IsRangeMapped(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg0), length))
                return Errno.ENOMEM;
            if ((flags & SyncNow) == 0)
                return 0;
        }
        return SyncCalls.Wait(kernel, thread);
    }
}
