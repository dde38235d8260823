// Advisory locks: flock, and fcntl's record locks, both those of processes and those of open files.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>struct flock.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxLock
{
    public const short Read = 0;
    public const short Write = 1;
    public const short Unlock = 2;

    public short Type;
    public short Whence;
    public int Padding0;
    public long Start;
    public long Length;
    public int Process;
    public int Padding1;
}

internal static unsafe class LockCalls
{
    public const uint GetLock = 5;
    public const uint SetLock = 6;
    public const uint SetLockWait = 7;
    public const uint OpenFileGetLock = 36;
    public const uint OpenFileSetLock = 37;
    public const uint OpenFileSetLockWait = 38;

    private const int FlockShared = 1;
    private const int FlockExclusive = 2;
    private const int FlockNonBlocking = 4;
    private const int FlockUnlock = 8;

    public static void Register(SystemCallTable table) => table.Register(73, &Flock);

    public static SystemCallResult Control(ref FileCall call, int descriptor, OpenFile* file, uint command, ulong address)
    {
        if (!call.Read(address, out LinuxLock asked))
            return call.Failure;
        bool isOpenFile = command >= OpenFileGetLock;
        if (isOpenFile && asked.Process != 0)
            return Errno.EINVAL;
        if (!Range(file, in asked, out ulong start, out ulong end) || asked.Type is < LinuxLock.Read or > LinuxLock.Unlock)
            return Errno.EINVAL;
        ObjectId owner = isOpenFile ? file->Header.Id : call.Table->Header.Id;
        if (command is GetLock or OpenFileGetLock)
            return Describe(ref call, file, owner, asked, start, end, address);
        if ((asked.Type == LinuxLock.Read && !file->IsReadable) || (asked.Type == LinuxLock.Write && !file->IsWritable))
            return Errno.EBADF;
        int process = isOpenFile ? FileLock.NoProcess : call.Process->Id;
        int left = ProcessLife.UnitsPerStep;
        if (!call.Files.Locks.Set(file->Inode, owner, process, false, (LockRequest)asked.Type, start, end, ref left, out Errno error))
            return SystemCallResult.Again;
        if (error == Errno.Ok && !isOpenFile && asked.Type != LinuxLock.Unlock && IsClosed(ref call, descriptor, file))
        {
            // The descriptor was closed while the call waited: nothing would ever release what the process got.
            call.Files.Locks.Set(file->Inode, owner, call.Process->Id, false, LockRequest.Unlock, start, end);
            return Errno.EBADF;
        }
        if (error != Errno.EAGAIN || command is SetLock or OpenFileSetLock)
            return error;
        FileLock* blocker = call.Files.Locks.FindAnyConflict(file->Inode, owner, asked.Type == LinuxLock.Write, start, end);
        if (!isOpenFile && LockDeadlock.WouldClose(call.Kernel, owner, blocker))
            return Errno.EDEADLK;
        LockDeadlock.Note(call.Thread, blocker);
        call.Kernel.Scheduler.BlockOn(call.Thread, &file->Inode->LockWaiters);
        return SystemCallResult.Blocked;
    }

    private static bool IsClosed(ref FileCall call, int descriptor, OpenFile* file)
        => call.Thread->Files.IsHeld && Descriptors.Find(call.Table, descriptor) != file;

    private static SystemCallResult Describe(
        ref FileCall call, OpenFile* file, ObjectId owner, LinuxLock asked, ulong start, ulong end, ulong address)
    {
        if (asked.Type == LinuxLock.Unlock)
            return Errno.EINVAL;
        FileLock* other = call.Files.Locks.FindConflict(file->Inode, owner, false, asked.Type == LinuxLock.Write, start, end);
        if (other == null)
        {
            asked.Type = LinuxLock.Unlock;
        }
        else
        {
            asked.Type = other->IsExclusive ? LinuxLock.Write : LinuxLock.Read;
            asked.Whence = 0;
            asked.Start = (long)other->Start;
            asked.Length = other->End >= long.MaxValue ? 0 : (long)(other->End - other->Start + 1);
            asked.Process = other->Process;
        }
        return call.Write(address, in asked) ? Errno.Ok : call.Failure;
    }

    // The bytes a struct flock means: from its start, or for a negative length up to it; zero reaches to the end whatever that becomes.
    private static bool Range(OpenFile* file, in LinuxLock asked, out ulong start, out ulong end)
    {
        start = end = 0;
        long origin = asked.Whence switch { 0 => 0, 1 => (long)file->Offset, 2 => (long)file->Inode->Size, _ => -1 };
        if (origin < 0 || (asked.Start > 0 && origin > long.MaxValue - asked.Start))
            return false;
        long first = origin + asked.Start;
        if (asked.Length < 0)
        {
            if (asked.Length == long.MinValue || first + asked.Length < 0)
                return false;
            start = (ulong)(first + asked.Length);
            end = (ulong)first - 1;
            return first > 0;
        }
        if (first < 0)
            return false;
        start = (ulong)first;
        end = asked.Length == 0 ? ulong.MaxValue : start + (ulong)asked.Length - 1;
        return true;
    }

    private static SystemCallResult Flock(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        LockRequest request;
        switch (a->Int1 & ~FlockNonBlocking)
        {
            case FlockShared: request = LockRequest.Shared; break;
            case FlockExclusive: request = LockRequest.Exclusive; break;
            case FlockUnlock: request = LockRequest.Unlock; break;
            default: return Errno.EINVAL;
        }
        Errno error = kernel.Files.Locks.Set(file->Inode, file->Header.Id, thread->Process->Id, true, request, 0, ulong.MaxValue);
        if (error != Errno.EAGAIN || (a->Int1 & FlockNonBlocking) != 0)
            return error;
        kernel.Scheduler.BlockOn(thread, &file->Inode->LockWaiters);
        return SystemCallResult.Blocked;
    }
}
