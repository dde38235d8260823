// execve, execveat, and the start of the first program, which is an execve of a process that has no memory yet: it is a call of its own, so
// that it can wait for its file's pages as any call does.
using System;
using Aurora.Base;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class ExecCalls
{
    /// <summary>The call that init begins in, and what is run in a group from outside; refused to programs.</summary>
    public const uint StartFirstProgram = CallContinuation.FirstProgram;

    private const int CurrentDirectory = -100;
    private const uint NoFollow = 0x100;
    private const uint EmptyPath = 0x1000;

    public static void Register(SystemCallTable table)
    {
        table.Register(59, &Execve);
        table.Register(322, &Execveat);
        table.Register(StartFirstProgram, &StartInit);
    }

    private static SystemCallResult Execve(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
        => Execute(kernel, thread, CurrentDirectory, arguments->Arg0, arguments->Arg1, arguments->Arg2, 0);

    private static SystemCallResult Execveat(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if ((arguments->UInt4 & ~(NoFollow | EmptyPath)) != 0)
            return Errno.EINVAL;
        return Execute(kernel, thread, arguments->Int0, arguments->Arg1, arguments->Arg2, arguments->Arg3, arguments->UInt4);
    }

    private static SystemCallResult Execute(
        LinuxKernel kernel, Thread* thread, int directory, ulong pathAddress, ulong argv, ulong envp, uint flags)
    {
        if (thread->Call.Phase == ExitCalls.ClosingPhase)
            return ExitCalls.CloseFiles(kernel, thread);
        SystemCallResult result = Load(kernel, thread, directory, pathAddress, argv, envp, flags);
        return result.IsError && thread->Call.Phase == ExitCalls.LeavingPhase ? ExitCalls.FailToLeave(kernel, thread) : result;
    }

    private static SystemCallResult Load(
        LinuxKernel kernel, Thread* thread, int directory, ulong pathAddress, ulong argv, ulong envp, uint flags)
    {
        ProgramLoader loader = kernel.Programs;
        AccessResult access = kernel.User.ReadString(thread->Process->AddressSpace, new VirtualAddress(pathAddress), loader.PathBuffer);
        if (!access.IsOk)
            return kernel.Stop(thread, in access);
        ReadOnlySpan<byte> path = loader.PathBuffer[..(int)access.Bytes];
        if (path.IsEmpty && (flags & EmptyPath) == 0)
            return Errno.ENOENT;
        Inode* start = ((FileContext*)thread->Process->FileSystem)->CurrentDirectory;
        bool isRelativeToFile = directory != CurrentDirectory && (path.IsEmpty || path[0] != '/');
        if (isRelativeToFile)
        {
            int asked = 0;
            OpenFile* file = kernel.Files.Held.Find(thread, directory, ref asked);
            if (file == null)
                return Errno.EBADF;
            start = file->Inode;
            if (!path.IsEmpty && !start->IsDirectory)
                return Errno.ENOTDIR;
        }
        loader.Arguments.Clear();
        if (!Collect(kernel, thread, argv, false, out SystemCallResult failure) || !Collect(kernel, thread, envp, true, out failure))
            return failure;
        if (loader.Arguments.ArgumentCount == 0 && !loader.Arguments.AddFront(default))
            return Errno.E2BIG;
        Span<byte> shown = stackalloc byte[64];
        ReadOnlySpan<byte> fileName = isRelativeToFile ? DescriptorPath(directory, path, shown) : path;
        return loader.Execute(thread, start, path, fileName, (flags & NoFollow) == 0);
    }

    // The name a program run through a descriptor is known by.
    private static ReadOnlySpan<byte> DescriptorPath(int directory, ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        if (!path.IsEmpty)
            return path;
        var writer = new Utf8Writer(buffer);
        writer.Append("/dev/fd/"u8);
        writer.AppendDecimal(directory);
        return buffer[..writer.Length];
    }

    /// <summary>
    /// Adds the strings of a vector of the caller to those of the program being started; false with what stopped that.
    /// </summary>
    internal static bool Collect(LinuxKernel kernel, Thread* thread, ulong vector, bool isEnvironment, out SystemCallResult failure)
    {
        failure = default;
        if (vector == 0)
            return true;
        ArgumentBlock block = kernel.Programs.Arguments;
        for (; ; vector += sizeof(ulong))
        {
            if (!kernel.Read(thread, vector, out ulong address, out failure))
                return false;
            if (address == 0)
                return true;
            AccessResult access = kernel.User.ReadString(thread->Process->AddressSpace, new VirtualAddress(address), block.Room);
            if (access.Status == MemoryStatus.TooLong || (access.IsOk && !block.Commit((int)access.Bytes, isEnvironment)))
            {
                failure = Errno.E2BIG;
                return false;
            }
            if (access.IsOk)
                continue;
            failure = kernel.Stop(thread, in access);
            return false;
        }
    }

    private static SystemCallResult StartInit(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (thread->Call.Phase == ExitCalls.ClosingPhase)
            return ExitCalls.CloseFiles(kernel, thread);
        if (thread->Process->AddressSpace != null)
            return FurtherProgramStart.Continue(kernel, thread);
        ProgramLoader loader = kernel.Programs;
        loader.Arguments.Clear();
        ObjectTracker group = kernel.GroupOf(thread);
        Errno error = kernel.FirstProgram == null ? Errno.ENOENT : kernel.FirstProgram.Collect(group, loader.Arguments);
        if (error == Errno.Ok)
            return StartInit(kernel, thread, group);
        return EndInit(kernel, thread, group, error);
    }

    // Named without a slash it is looked for, a directory in each dispatch.
    private static SystemCallResult StartInit(LinuxKernel kernel, Thread* thread, ObjectTracker group)
    {
        ProgramLoader loader = kernel.Programs;
        ReadOnlySpan<byte> name = kernel.FirstProgram!.PathOf(group);
        ReadOnlySpan<byte> directories = kernel.FirstProgram.SearchPathOf(group);
        if (!ProgramPath.TryFind(name, directories, (int)thread->Call.Extra1, loader.PathBuffer, out ReadOnlySpan<byte> path))
            return EndInit(kernel, thread, group, thread->Call.Extra0 != 0 ? (Errno)(int)thread->Call.Extra0 : Errno.ENOENT);
        Inode* start = ((FileContext*)thread->Process->FileSystem)->CurrentDirectory;
        SystemCallResult result = loader.Execute(thread, start, path, path, true);
        if (!result.IsError)
            return result;
        var error = (Errno)(int)-result.Value;
        return ProgramPath.MaySearchOn(thread, name, error) ? SystemCallResult.Again : EndInit(kernel, thread, group, error);
    }

    private static SystemCallResult EndInit(LinuxKernel kernel, Thread* thread, ObjectTracker group, Errno error)
    {
        kernel.FirstProgram?.Fail(group, error);
        kernel.Life.EndProcess(thread->Process, ProgramPath.StatusOf(error));
        return SystemCallResult.Ended;
    }
}
