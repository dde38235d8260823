using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>
/// What every tree has, whatever the user puts into it: /proc, and the device nodes in /dev, which are ordinary inodes made with the
/// image. What exists already is left as it is.
/// </summary>
public static unsafe class StandardTree
{
    /// <summary>Adds the standard files to a namespace whose root exists.</summary>
    public static Errno Populate(FileServices files, Namespace* space)
    {
        var builder = new TreeBuilder(files, space);
        Errno error = AddProc(files, space, builder);
        if (error == Errno.Ok)
            error = builder.MakeDirectories("/dev"u8);
        if (error == Errno.Ok)
            error = builder.Make("/tmp"u8, InodeMode.Directory | InodeMode.Sticky | InodeMode.AccessMask);
        if (error != Errno.Ok)
            return error;
        // Where shm_open and sem_open make their files.
        Note(builder.Make("/dev/shm"u8, InodeMode.Directory | InodeMode.Sticky | InodeMode.AccessMask), ref error);
        AddDevice(builder, "/dev/null"u8, 0x1B6, DeviceNumber.Null, ref error);
        AddDevice(builder, "/dev/zero"u8, 0x1B6, DeviceNumber.Zero, ref error);
        AddDevice(builder, "/dev/full"u8, 0x1B6, DeviceNumber.Full, ref error);
        AddDevice(builder, "/dev/random"u8, 0x1B6, DeviceNumber.Random, ref error);
        AddDevice(builder, "/dev/urandom"u8, 0x1B6, DeviceNumber.Urandom, ref error);
        AddDevice(builder, "/dev/tty"u8, 0x1B6, DeviceNumber.ControllingTerminal, ref error);
        AddDevice(builder, "/dev/ptmx"u8, 0x1B6, DeviceNumber.Multiplexer, ref error);
        // Where /dev/pts and /dev/mqueue are seen; what is in them is of each group's own making (ServedPlaces).
        Note(builder.Make("/dev/pts"u8, InodeMode.Directory | 0x1ED), ref error);
        Note(builder.Make("/dev/mqueue"u8, InodeMode.Directory | InodeMode.Sticky | InodeMode.AccessMask), ref error);
        AddDevice(builder, "/dev/console"u8, 0x180, DeviceNumber.Console, ref error);
        AddDevice(builder, "/dev/ttyS0"u8, 0x180, DeviceNumber.SerialTerminal, ref error);
        AddLink(builder, "/dev/fd"u8, "/proc/self/fd"u8, ref error);
        AddLink(builder, "/dev/stdin"u8, "/proc/self/fd/0"u8, ref error);
        AddLink(builder, "/dev/stdout"u8, "/proc/self/fd/1"u8, ref error);
        AddLink(builder, "/dev/stderr"u8, "/proc/self/fd/2"u8, ref error);
        return error;
    }

    private static Errno AddProc(FileServices files, Namespace* space, TreeBuilder builder)
    {
        if (space->ProcRoot != null)
            return Errno.Ok;
        Inode* proc = null;
        Errno error = builder.Make("/proc"u8, InodeMode.Directory | 0x16D);
        if (error == Errno.Ok)
            error = builder.Find("/proc"u8, follow: false, out proc);
        if (error != Errno.Ok)
            return error;
        files.Inodes.Release(proc);
        if (proc->EntryCount != 0)
            return Errno.ENOTEMPTY;
        proc->Flags = InodeFlags.Proc | InodeFlags.Pinned;
        proc->ProcKey = new ProcKey(ProcNode.Root);
        space->ProcRoot = proc;
        space->Tree->ProcRoot = proc->Header.Id;
        files.MarkChanged(&space->Tree->Header);
        files.MarkChanged(&proc->Header);
        return Errno.Ok;
    }

    private static void AddDevice(TreeBuilder builder, ReadOnlySpan<byte> path, uint permissions, ulong device, ref Errno error)
        => Note(builder.Make(path, InodeMode.CharacterDevice | permissions, device), ref error);

    private static void AddLink(TreeBuilder builder, ReadOnlySpan<byte> path, ReadOnlySpan<byte> target, ref Errno error)
        => Note(builder.MakeLink(path, target), ref error);

    private static void Note(Errno result, ref Errno error)
    {
        if (result is not (Errno.Ok or Errno.EEXIST) && error == Errno.Ok)
            error = result;
    }
}
