// What old programs ask about file systems: sysfs(2) for their types by number, ustat(2) for the room in one by its device.
using System;
using System.Runtime.InteropServices;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class FileSystemCalls
{
    private const int IndexOfName = 1;
    private const int NameOfIndex = 2;
    private const int Count = 3;

    // As /proc/filesystems lists them.
    private const int Types = 2;

    /// <summary>struct ustat.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LinuxUstat
    {
        public int FreeBlocks;
        public int Padding;
        public ulong FreeInodes;
        public ulong Names0;
        public uint Names1;
        public uint Padding1;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(136, &Ustat);
        table.Register(139, &Sysfs);
    }

    private static SystemCallResult Sysfs(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        switch (a->Int0)
        {
            case IndexOfName:
                if (!call.Path(a->Arg1, out ReadOnlySpan<byte> name))
                    return call.Failure;
                for (int index = 0; index < Types; index++)
                    if (name.SequenceEqual(NameOf(index)[..^1]))
                        return index;
                return Errno.EINVAL;
            case NameOfIndex:
                if (a->UInt1 >= Types)
                    return Errno.EINVAL;
                return call.WriteBytes(a->Arg2, NameOf(a->Int1)) ? Errno.Ok : call.Failure;
            case Count:
                return Types;
            default:
                return Errno.EINVAL;
        }
    }

    // With the zero that ends it.
    private static ReadOnlySpan<byte> NameOf(int index) => index == 0 ? "aurora\0"u8 : "proc\0"u8;

    private static SystemCallResult Ustat(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        LinuxUstat room = default;
        if (a->UInt0 == DeviceNumber.FileSystem)
        {
            kernel.Files.Space.Describe(out _, out ulong free);
            room.FreeBlocks = (int)Math.Min(free, int.MaxValue);
            room.FreeInodes = (ulong)FileLimits.Default.MaxInodes - (ulong)kernel.Files.Inodes.Count;
        }
        else if (a->UInt0 != DeviceNumber.ProcFileSystem)
        {
            return Errno.EINVAL;
        }
        return call.Write(a->Arg1, in room) ? Errno.Ok : call.Failure;
    }
}
