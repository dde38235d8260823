// What every file call begins with: the caller's table and context, paths copied from the program, and where a path starts. Each dispatch
// makes one of these and asks for its files in the same order (CallFiles). A helper that returns false leaves the result of the call in
// Failure: an error, or a wait for a page of the program after which the call comes again.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>One dispatch of a file call.</summary>
internal unsafe ref struct FileCall
{
    /// <summary>AT_FDCWD.</summary>
    public const int CurrentDirectory = -100;
    public const uint NoFollow = 0x100;
    public const uint EffectiveAccess = 0x200;
    public const uint RemoveDirectory = 0x200;
    public const uint Follow = 0x400;
    public const uint NoAutomount = 0x800;
    public const uint EmptyPath = 0x1000;
    public const uint StatSync = 0x6000;

    public readonly LinuxKernel Kernel;
    public readonly Thread* Thread;
    public SystemCallResult Failure;

    /// <summary>The name that led to what has been resolved last, until any name changes; null: it was meant by an open file.</summary>
    public DirectoryEntry* Name;

    // How many files the call has asked for in this dispatch.
    private int _asked;

    public FileCall(LinuxKernel kernel, Thread* thread)
    {
        Kernel = kernel;
        Thread = thread;
    }

    public readonly FileServices Files => Kernel.Files;
    public readonly Process* Process => Thread->Process;
    public readonly DescriptorTable* Table => (DescriptorTable*)Thread->Process->Descriptors;
    public readonly FileContext* Context => (FileContext*)Thread->Process->FileSystem;
    public readonly ObjectTracker Group => Files.GroupOf(&Context->Header);
    public readonly FileCaller Caller => new(Thread);

    public readonly ulong DescriptorLimit => Process->Limits.Soft(Resource.OpenFiles);

    /// <summary>The open file of a descriptor, the same in every dispatch of a call; EBADF if there is none or it only names a
    /// file.</summary>
    public bool File(int descriptor, out OpenFile* file)
    {
        file = Find(descriptor);
        if (file != null && file->Kind != FileKind.PathOnly)
            return true;
        Failure = Errno.EBADF;
        return false;
    }

    // Nearly all calls ask for one file, once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OpenFile* Find(int descriptor)
    {
        if (_asked != 0 || Thread->Files.IsHeld)
            return Files.Held.Find(Thread, descriptor, ref _asked);
        OpenFile* file = HeldFiles.FindFirst(Thread, descriptor);
        _asked = file == null ? 0 : 1;
        return file;
    }

    /// <summary>The open file of a descriptor, O_PATH ones included.</summary>
    public bool AnyFile(int descriptor, out OpenFile* file)
    {
        file = Find(descriptor);
        if (file != null)
            return true;
        Failure = Errno.EBADF;
        return false;
    }

    /// <summary>Copies a path out of the program. It stays valid until the next path is copied.</summary>
    public bool Path(ulong address, out ReadOnlySpan<byte> path)
    {
        var buffer = new Span<byte>(Files.PathBuffer, PageSize.Bytes);
        AccessResult access = Files.User.ReadString(Process->AddressSpace, new VirtualAddress(address), buffer);
        path = buffer[..(int)Math.Min(access.Bytes, PageSize.Bytes)];
        return Check(in access);
    }

    /// <summary>Where a relative path of an *at call starts. Not held: valid within the dispatch.</summary>
    public bool Start(int descriptor, ReadOnlySpan<byte> path, out Inode* start)
    {
        start = Context->CurrentDirectory;
        if (descriptor == CurrentDirectory || (!path.IsEmpty && path[0] == '/'))
            return true;
        if (!AnyFile(descriptor, out OpenFile* file))
            return false;
        start = file->Inode;
        if (start->IsDirectory || path.IsEmpty)
            return true;
        Failure = Errno.ENOTDIR;
        return false;
    }

    /// <summary>The file an *at call names, held. With AT_EMPTY_PATH an empty path names the descriptor's own file.</summary>
    public bool Resolve(int descriptor, ulong address, uint atFlags, bool follows, out Inode* inode)
    {
        inode = null;
        Name = null;
        ReadOnlySpan<byte> path = default;
        bool hasNoPath = address == 0 && (atFlags & EmptyPath) != 0;
        if ((!hasNoPath && !Path(address, out path)) || !Start(descriptor, path, out Inode* start))
            return false;
        if (path.IsEmpty && (atFlags & EmptyPath) != 0)
        {
            Files.Inodes.Hold(start);
            inode = start;
            return true;
        }
        FileCaller caller = Caller;
        Errno error = Files.Walks.Resolve(in caller, start, path, follows ? WalkFlags.FollowLast : WalkFlags.None, out inode, out Name);
        Failure = error;
        return error == Errno.Ok;
    }

    /// <summary>Tells those who watch that something has been done to what was resolved, or is open.</summary>
    public readonly void Tell(Inode* inode, uint events) => Files.Notices.Tell(inode, Name, events);

    /// <summary>Walks to a name that may be missing; the result must be released.</summary>
    public bool Walk(int descriptor, ulong address, WalkFlags flags, out WalkResult result)
    {
        WalkResult.Clear(out result);
        if (!Path(address, out ReadOnlySpan<byte> path))
            return false;
        // Where the start is the root, an absolute path begins there too.
        ReadOnlySpan<byte> fromStart = (flags & WalkFlags.InRoot) != 0 ? path.TrimStart((byte)'/') : path;
        if (!Start(descriptor, fromStart, out Inode* start))
            return false;
        FileCaller caller = Caller;
        caller.MustNotWait = (flags & WalkFlags.Cached) != 0;
        Errno error = Files.Walks.Walk(in caller, start, path, flags, out result);
        Failure = error;
        return error == Errno.Ok;
    }

    /// <summary>Copies a structure out of the program.</summary>
    public bool Read<T>(ulong address, out T value)
        where T : unmanaged
    {
        AccessResult access = Files.User.Read(Process->AddressSpace, new VirtualAddress(address), out value);
        return Check(in access);
    }

    /// <summary>Copies a structure to the program.</summary>
    public bool Write<T>(ulong address, in T value)
        where T : unmanaged
    {
        AccessResult access = Files.User.Write(Process->AddressSpace, new VirtualAddress(address), in value);
        return Check(in access);
    }

    public bool ReadBytes(ulong address, scoped Span<byte> bytes)
    {
        AccessResult access = Files.User.Read(Process->AddressSpace, new VirtualAddress(address), bytes);
        return Check(in access);
    }

    public bool WriteBytes(ulong address, scoped ReadOnlySpan<byte> bytes)
    {
        AccessResult access = Files.User.Write(Process->AddressSpace, new VirtualAddress(address), bytes);
        return Check(in access);
    }

    public bool ReadVectors(ulong address, scoped Span<UserVector> vectors)
    {
        AccessResult access = Files.User.ReadVectors(Process->AddressSpace, new VirtualAddress(address), vectors);
        return Check(in access);
    }

    /// <summary>Makes a range of the program's memory ready, for calls whose effect must not be half done.</summary>
    public bool Probe(ulong address, ulong bytes, bool willWrite)
    {
        AccessResult access = Files.User.Probe(Process->AddressSpace, new VirtualAddress(address), bytes, willWrite);
        return Check(in access);
    }

    /// <summary>True when a page operation succeeded; else Failure is its error, or a wait for the page.</summary>
    public bool Check(in PageAccess access)
    {
        if (access.IsOk)
            return true;
        Failure = access.Status == MemoryStatus.WouldBlock ? WaitForPage(access.Wait) : FileData.ErrorOf(in access);
        return false;
    }

    private bool Check(in AccessResult access)
    {
        if (access.IsOk)
            return true;
        Failure = access.Status switch
        {
            MemoryStatus.WouldBlock => WaitForPage(access.Wait),
            MemoryStatus.OutOfMemory => Errno.ENOMEM,
            MemoryStatus.TooLong => Errno.ENAMETOOLONG,
            _ => Errno.EFAULT,
        };
        return false;
    }

    private readonly SystemCallResult WaitForPage(WaitQueue* queue)
    {
        Kernel.Scheduler.BlockOn(Thread, queue);
        return SystemCallResult.BlockedUninterruptible;
    }
}
