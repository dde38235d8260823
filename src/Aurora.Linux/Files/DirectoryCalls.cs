// Reading directories, and the current one: getdents, getcwd, chdir, chroot, umask.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>The fixed part of struct linux_dirent64; the name, its NUL and padding to eight bytes follow.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct LinuxDirent64
{
    public const int Bytes = 19;

    public ulong Inode;
    public long Position;
    public ushort Length;
    public byte Type;
}

internal static unsafe class DirectoryCalls
{
    private const int OldNameOffset = 18;
    private const int MaxRecordBytes = 280;

    public static void Register(SystemCallTable table)
    {
        table.Register(78, &GetEntries);
        table.Register(79, &GetCurrent);
        table.Register(80, &Change);
        table.Register(81, &ChangeToOpen);
        table.Register(95, &Umask);
        table.Register(161, &ChangeRoot);
        table.Register(217, &GetEntries64);
    }

    // Whoever reads a directory asks until there is nothing more, so that more room than this is not used.
    private const uint MostBytesAtOnce = 1 << 16;

    /// <summary>One entry as getdents reports it.</summary>
    private ref struct Entry
    {
        public ulong Inode;
        public ulong NextPosition;
        public byte Type;
        public ReadOnlySpan<byte> Name;
    }

    private static SystemCallResult GetEntries64(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => GetEntries(kernel, thread, a, isOld: false);

    private static SystemCallResult GetEntries(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => GetEntries(kernel, thread, a, isOld: true);

    private static SystemCallResult GetEntries(LinuxKernel kernel, Thread* thread, SystemCallArguments* a, bool isOld)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        if (file->Kind != FileKind.Directory)
            return Errno.ENOTDIR;
        if (file->Inode->IsOrphan)
            return Errno.ENOENT;
        SystemCallResult result = Fill(ref call, file, a, isOld);
        if (result.Outcome == SystemCallOutcome.Done && result.Value >= 0)
            kernel.Files.Notices.Tell(file, InotifyMask.Access);
        return result;
    }

    private static SystemCallResult Fill(ref FileCall call, OpenFile* file, SystemCallArguments* a, bool isOld)
    {
        LinuxKernel kernel = call.Kernel;
        Thread* thread = call.Thread;
        Span<byte> record = stackalloc byte[MaxRecordBytes];
        Span<byte> name = stackalloc byte[DirectoryEntry.MaxNameBytes];
        uint capacity = Math.Min(a->UInt2, MostBytesAtOnce);
        uint used = (uint)thread->Call.Progress;
        ulong position = file->Offset;
        while (true)
        {
            Errno error = Next(kernel.Files, thread, file, position, name, out Entry entry);
            if (error != Errno.Ok || entry.Name.IsEmpty)
                return End(thread, error, used);
            int length = isOld ? FormatOld(in entry, record) : Format(in entry, record);
            if (used + (uint)length > capacity)
                return used > 0 ? SystemCallResult.Done(used) : Errno.EINVAL;
            if (!call.WriteBytes(a->Arg1 + used, record[..length]))
            {
                thread->Call.Progress = used;
                return used > 0 && call.Failure.IsError ? SystemCallResult.Done(used) : call.Failure;
            }
            used += (uint)length;
            file->Offset = position = entry.NextPosition;
            kernel.Files.MarkChanged(&file->Header);
        }
    }

    // There is no more, or it cannot be had, or not yet: then the call goes on behind what it has written.
    private static SystemCallResult End(Thread* thread, Errno error, uint used)
    {
        if (error == Errno.EIOCBQUEUED)
            thread->Call.Progress = used;
        return error == Errno.EIOCBQUEUED || (error != Errno.Ok && used == 0) ? error : SystemCallResult.Done(used);
    }

    // Ok with an entry without a name at the end.
    private static Errno Next(FileServices files, Thread* thread, OpenFile* file, ulong position, Span<byte> buffer, out Entry entry)
    {
        entry = default;
        Inode* directory = file->Inode;
        entry.Type = InodeMode.DirectoryType(InodeMode.Directory);
        if (position < DirectoryEntry.FirstPosition)
        {
            entry.Name = position == 0 ? "."u8 : ".."u8;
            entry.NextPosition = position + 1;
            Inode* parent = position == 0 || directory->Above == null ? directory : directory->Above;
            entry.Inode = LinuxStat.NumberOf(parent);
            return Errno.Ok;
        }
        if (directory->IsProc)
            return NextOfProc(files, directory, position, buffer, ref entry);
        var caller = new FileCaller(thread);
        Errno error = files.Names.Next(in caller, directory, position, out DirectoryEntry* found);
        if (found == null)
            return error;
        entry.Name = DirectoryEntry.NameOf(found);
        entry.Inode = found->Target == null ? FileIds.NumberOf(found->TargetId) : LinuxStat.NumberOf(found->Target);
        entry.Type = found->TargetType;
        entry.NextPosition = found->Position;
        return Errno.Ok;
    }

    private static Errno NextOfProc(FileServices files, Inode* directory, ulong position, Span<byte> buffer, ref Entry entry)
    {
        if (!files.Proc.NextEntry(directory, ref position, out ProcKey key, buffer, out int length))
            return Errno.Ok;
        // SAFETY: the caller's buffer outlives the entry; the compiler cannot know that of a ref parameter.
        entry.Name = MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetReference(buffer), length);
        entry.Inode = files.Proc.NumberOf(directory, key);
        entry.Type = InodeMode.DirectoryType(key.Mode);
        entry.NextPosition = position + 1;
        return Errno.Ok;
    }

    private static int Format(in Entry entry, Span<byte> record)
    {
        int length = (LinuxDirent64.Bytes + entry.Name.Length + 1 + 7) & ~7;
        record[..length].Clear();
        var header = new LinuxDirent64
        {
            Inode = entry.Inode,
            Position = (long)entry.NextPosition,
            Length = (ushort)length,
            Type = entry.Type,
        };
        MemoryMarshal.Write(record, in header);
        entry.Name.CopyTo(record[LinuxDirent64.Bytes..]);
        return length;
    }

    // struct linux_dirent: the type is the record's last byte, after the name.
    private static int FormatOld(in Entry entry, Span<byte> record)
    {
        int length = (OldNameOffset + entry.Name.Length + 2 + 7) & ~7;
        record[..length].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(record, entry.Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], entry.NextPosition);
        BinaryPrimitives.WriteUInt16LittleEndian(record[16..], (ushort)length);
        entry.Name.CopyTo(record[OldNameOffset..]);
        record[length - 1] = entry.Type;
        return length;
    }

    private static SystemCallResult GetCurrent(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        var buffer = new Span<byte>(kernel.Files.PathBuffer, PageSize.Bytes);
        buffer[^1] = 0;
        Inode* directory = call.Context->CurrentDirectory;
        if (directory->IsOrphan)
            return Errno.ENOENT;
        int start = call.Files.Paths.PathOf(directory, call.Context->Root, buffer[..^1], out bool isReachable);
        if (start < 0)
            return Errno.ENAMETOOLONG;
        int length = PageSize.Bytes - start;
        ReadOnlySpan<byte> prefix = isReachable ? default : "(unreachable)"u8;
        if ((ulong)(length + prefix.Length) > a->Arg1)
            return Errno.ERANGE;
        if (!call.WriteBytes(a->Arg0, prefix) || !call.WriteBytes(a->Arg0 + (ulong)prefix.Length, buffer[start..]))
            return call.Failure;
        return SystemCallResult.Done(length + prefix.Length);
    }

    private static SystemCallResult Change(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg0, 0, follows: true, out Inode* inode))
            return call.Failure;
        Errno error = MayEnter(ref call, inode);
        if (error == Errno.Ok)
            kernel.Files.Contexts.SetCurrentDirectory(call.Context, inode);
        kernel.Files.Inodes.Release(inode);
        return error;
    }

    private static SystemCallResult ChangeToOpen(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.AnyFile(a->Int0, out OpenFile* file))
            return call.Failure;
        Errno error = MayEnter(ref call, file->Inode);
        if (error == Errno.Ok)
            kernel.Files.Contexts.SetCurrentDirectory(call.Context, file->Inode);
        return error;
    }

    private static SystemCallResult ChangeRoot(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg0, 0, follows: true, out Inode* inode))
            return call.Failure;
        Errno error = MayEnter(ref call, inode);
        if (error == Errno.Ok && !call.Caller.Has(Capability.SysChroot))
            error = Errno.EPERM;
        if (error == Errno.Ok)
            kernel.Files.Contexts.SetRoot(call.Context, inode);
        kernel.Files.Inodes.Release(inode);
        return error;
    }

    private static Errno MayEnter(ref FileCall call, Inode* inode)
    {
        FileCaller caller = call.Caller;
        return inode->IsDirectory ? Permissions.Check(inode, in caller, FileAccess.Execute) : Errno.ENOTDIR;
    }

    private static SystemCallResult Umask(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        return SystemCallResult.Done(kernel.Files.Contexts.SetUmask(call.Context, a->UInt0));
    }
}
