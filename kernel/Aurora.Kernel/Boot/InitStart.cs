using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>Makes process 1 of a group that has no processes. Its three descriptors are the console.</summary>
internal sealed unsafe class InitStart(GroupSession group, LinuxKernel linux)
{
    private const uint InitialMask = 0x12;

    /// <summary>Makes it with its files and lets it begin; false when it cannot be made (reported).</summary>
    public bool Start(ReadOnlySpan<byte> workingDirectory)
    {
        Thread* thread = linux.Life.CreateInit(group.Tracker);
        if (thread == null)
            return Refusal.Report("init"u8, "no memory for the first process"u8);
        Process* process = thread->Process;
        var tables = (ProcessFileTables)linux.ProcessFiles;
        Errno error = tables.Start(process, group.Names, InitialMask);
        if (error == Errno.Ok)
            error = EnterDirectory(process, workingDirectory);
        if (error == Errno.Ok)
            error = OpenConsole(thread);
        if (error != Errno.Ok)
            return Refusal.Report("init"u8, error == Errno.ENOENT ? "the image lacks /dev/console or the working directory"u8
                : "its files could not be opened"u8);
        linux.StartInit(thread);
        return true;
    }

    private Errno EnterDirectory(Process* process, ReadOnlySpan<byte> path)
    {
        Errno error = new TreeBuilder(group.Files, group.Names).Find(path, follow: true, out Inode* directory);
        if (error != Errno.Ok)
            return error;
        if (directory->IsDirectory)
            group.Files.Contexts.SetCurrentDirectory((FileContext*)process->FileSystem, directory);
        bool isDirectory = directory->IsDirectory;
        group.Files.Inodes.Release(directory);
        return isDirectory ? Errno.Ok : Errno.ENOTDIR;
    }

    private Errno OpenConsole(Thread* thread)
    {
        Errno error = new TreeBuilder(group.Files, group.Names).Find("/dev/console"u8, follow: true, out Inode* inode);
        if (error != Errno.Ok)
            return error;
        var caller = new FileCaller(thread);
        error = group.Files.OpenFiles.Open(in caller, inode, OpenFlags.ReadWrite, out OpenFile* file);
        group.Files.Inodes.Release(inode);
        var table = (DescriptorTable*)thread->Process->Descriptors;
        for (int descriptor = 0; descriptor < 3 && error == Errno.Ok; descriptor++)
        {
            if (descriptor != 0)
                group.Files.OpenFiles.Hold(file);
            error = group.Files.Descriptors.InstallAt(table, file, descriptor, closeOnExec: false);
        }
        return error;
    }
}
