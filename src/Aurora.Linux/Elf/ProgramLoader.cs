// execve in two halves. The first finds the file, follows scripts to their interpreter, reads the headers and builds a complete new address space
// beside the old one; it may fail or wait at any point and leaves no trace then (it is done again from the start). The second, Commit,
// cannot fail: it exchanges everything at once, but for the files to be closed, which go in steps before the new program runs. So a
// checkpoint sees the old program or the new one.
using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Elf;

/// <summary>Loads programs.</summary>
public sealed unsafe partial class ProgramLoader
{
    private const int MaxScriptDepth = 5;
    private const int MaxPathBytes = PageSize.Bytes;
    private const int MaxHeldFiles = MaxScriptDepth + 2;

    private readonly LinuxKernel _kernel;
    private readonly ulong _hardwareCapabilities;
    private readonly byte* _path;
    private readonly byte* _interpreter;
    private readonly nint[] _held = new nint[MaxHeldFiles];
    private int _heldCount;

    // How many of those that are held are scripts.
    private int _scriptCount;

    public ProgramLoader(LinuxKernel kernel, ulong hardwareCapabilities)
    {
        _hardwareCapabilities = hardwareCapabilities;
        _kernel = kernel;
        Arguments = new ArgumentBlock(kernel.Pages);
        _path = (byte*)kernel.Pages.Allocate(1);
        _interpreter = (byte*)kernel.Pages.Allocate(1);
        Panic.Unless(_path != null && _interpreter != null, "exec: no memory for paths"u8);
    }

    /// <summary>The strings of the execve in progress; fill them in before <see cref="Execute"/>.</summary>
    public ArgumentBlock Arguments { get; }

    /// <summary>A page for the path of the execve in progress.</summary>
    public Span<byte> PathBuffer => new(_path, MaxPathBytes);

    /// <summary>Replaces the thread's program by the file at a path (UTF-8, from <paramref name="start"/> if relative) or by start itself.</summary>
    public SystemCallResult Execute(Thread* thread, Inode* start, ReadOnlySpan<byte> path, ReadOnlySpan<byte> fileName, bool followsLink)
    {
        _heldCount = _scriptCount = 0;
        SystemCallResult result = Load(thread, start, path, fileName, followsLink);
        while (_heldCount > 0)
            _kernel.Files.Inodes.Release((Inode*)_held[--_heldCount]);
        return result;
    }

    // Scripts have been read to their end, programs and their loaders run on.
    private void TellOfOpened()
    {
        FileNotices notices = _kernel.Files.Notices;
        for (int i = 0; i < _heldCount && notices.IsWatching; i++)
        {
            var inode = (Inode*)_held[i];
            notices.Tell(inode, null, InotifyMask.Open);
            notices.Tell(inode, null, InotifyMask.Access);
            if (i < _scriptCount)
                notices.Tell(inode, null, InotifyMask.CloseNoWrite);
        }
    }

    private SystemCallResult Load(Thread* thread, Inode* start, ReadOnlySpan<byte> path, ReadOnlySpan<byte> fileName, bool followsLink)
    {
        if (!Open(thread, start, path, followsLink, out ProgramFile file, out SystemCallResult failure))
            return failure;
        ElfImage image = default;
        for (int depth = 0; ; depth++)
        {
            PageAccess access = ProgramReader.ReadImage(_kernel.Memory, in file, out image, out bool isExecutable);
            if (!access.IsOk)
                return Stop(thread, in access);
            if (isExecutable)
                break;
            access = ReadScript(in file, out int interpreterBytes, out int argumentStart, out int argumentBytes);
            if (!access.IsOk)
                return Stop(thread, in access);
            if (interpreterBytes == 0)
                return Errno.ENOEXEC;
            if (depth == MaxScriptDepth)
                return Errno.ELOOP;
            if (!EnterScript(depth == 0 ? fileName : default, interpreterBytes, argumentStart, argumentBytes))
                return Errno.E2BIG;
            _scriptCount = _heldCount;
            var context = (FileContext*)thread->Process->FileSystem;
            path = new ReadOnlySpan<byte>(_interpreter, interpreterBytes);
            if (!Open(thread, context->CurrentDirectory, path, true, out file, out failure))
                return failure;
        }
        return LoadImage(thread, in file, in image, fileName);
    }

    // False with what becomes of the call. Who has begun to leave its old program does not wait for leases, and does not fail for writers.
    private bool Open(
        Thread* thread, Inode* start, ReadOnlySpan<byte> path, bool followsLink, out ProgramFile file, out SystemCallResult failure)
    {
        file = default;
        Errno error = Find(thread, start, path, followsLink, out Inode* inode);
        failure = error;
        if (error != Errno.Ok)
            return false;
        bool isLeaving = thread->Call.Phase == ExitCalls.LeavingPhase;
        if (!isLeaving && inode->FirstLease != null && !LeaseCalls.Break(_kernel, thread, inode, writes: false, mayWait: true, out failure))
            return false;
        // Files in memory are not counted, as on Linux.
        bool isMappedToWrite = !inode->IsMemoryFile && inode->Data != null && inode->Data->HasSharedWriter;
        failure = !isLeaving && (inode->Writers > 0 || isMappedToWrite) ? Errno.ETXTBSY : inode->Data == null ? Errno.ENOEXEC : Errno.Ok;
        if (failure.IsError)
            return false;
        var caller = new FileCaller(thread);
        file = new ProgramFile
        {
            Data = inode->Data,
            Bytes = inode->Size,
            Inode = inode->Header.Id,
            IsReadable = Permissions.Check(inode, in caller, FileAccess.Read) == Errno.Ok,
            SetsUid = (inode->Mode & InodeMode.SetUid) != 0,
            SetsGid = (inode->Mode & (InodeMode.SetGid | InodeMode.GroupExecute)) == (InodeMode.SetGid | InodeMode.GroupExecute),
            Uid = inode->Uid,
            Gid = inode->Gid,
        };
        return true;
    }

    private Errno Find(Thread* thread, Inode* start, ReadOnlySpan<byte> path, bool followsLink, out Inode* inode)
    {
        var caller = new FileCaller(thread);
        WalkResult.Clear(out WalkResult found);
        inode = start;
        if (!path.IsEmpty)
        {
            WalkFlags follows = followsLink ? WalkFlags.FollowLast : WalkFlags.None;
            Errno error = _kernel.Files.Walks.Walk(in caller, start, path, follows | WalkFlags.FileOnly, out found);
            if (error != Errno.Ok)
                return error;
            inode = found.Inode;
        }
        else
        {
            _kernel.Files.Inodes.Hold(inode);
        }
        _held[_heldCount++] = (nint)inode;
        if (inode->IsSymbolicLink)
            return Errno.ELOOP;
        if (!inode->IsRegular || inode->IsProc || inode->IsQueue)
            return Errno.EACCES;
        Errno denied = Permissions.Check(inode, in caller, FileAccess.Execute);
        if (denied == Errno.Ok)
            _kernel.Files.ShownNames.Open(ref found);
        return denied;
    }

    // "#! interpreter [argument]": the rest of the line is one argument. The text is left in the interpreter page.
    private PageAccess ReadScript(in ProgramFile file, out int interpreterBytes, out int argumentStart, out int argumentBytes)
    {
        const int lineBytes = 256;
        interpreterBytes = argumentStart = argumentBytes = 0;
        Span<byte> line = stackalloc byte[lineBytes];
        PageAccess access = ProgramReader.Read(_kernel.Memory, in file, 0, line);
        if (!access.IsOk || line[0] != '#' || line[1] != '!')
            return access;
        int end = line.IndexOf((byte)'\n');
        if (end < 0 && file.Bytes >= lineBytes)
            return access;
        ReadOnlySpan<byte> text = line[2..(end < 0 ? (int)file.Bytes : end)];
        text = text.Trim(" \t"u8);
        int space = text.IndexOfAny((byte)' ', (byte)'\t', (byte)0);
        ReadOnlySpan<byte> interpreter = space < 0 ? text : text[..space];
        ReadOnlySpan<byte> argument = space < 0 ? default : text[space..].Trim(" \t"u8);
        if (argument.IndexOf((byte)0) is int nul and >= 0)
            argument = argument[..nul];
        var page = new Span<byte>(_interpreter, MaxPathBytes);
        interpreter.CopyTo(page);
        argument.CopyTo(page[interpreter.Length..]);
        interpreterBytes = interpreter.Length;
        argumentStart = interpreter.Length;
        argumentBytes = argument.Length;
        return access;
    }

    // The interpreter runs with its own path, the argument, and the script's path in place of the script's first argument. When the script is
    // itself an interpreter its path is the first argument already, and no name is given. False when the arguments become too many.
    private bool EnterScript(ReadOnlySpan<byte> scriptName, int interpreterBytes, int argumentStart, int argumentBytes)
    {
        if (!scriptName.IsEmpty && Arguments.ArgumentCount > 0)
            Arguments.RemoveFront();
        return (scriptName.IsEmpty || Arguments.AddFront(scriptName))
            && (argumentBytes == 0 || Arguments.AddFront(new ReadOnlySpan<byte>(_interpreter + argumentStart, argumentBytes)))
            && Arguments.AddFront(new ReadOnlySpan<byte>(_interpreter, interpreterBytes));
    }

    private SystemCallResult Stop(Thread* thread, in PageAccess access)
    {
        if (access.Status != MemoryStatus.WouldBlock)
            return access.Status == MemoryStatus.OutOfMemory ? Errno.ENOMEM : Errno.EIO;
        _kernel.Scheduler.BlockOn(thread, access.Wait);
        return SystemCallResult.BlockedUninterruptible;
    }
}
