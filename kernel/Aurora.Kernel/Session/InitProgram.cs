// The first program of a group that has no processes: the boot configuration says which. Its three descriptors are the console.
using System;
using Aurora.Base;
using Aurora.Hal;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>What the boot configuration wants init to run; the strings stay in the boot module's memory.</summary>
internal sealed class InitProgram(BootInformation boot) : FirstProgram
{
    public override ReadOnlySpan<byte> Path => Configuration.TryGetArgument(0, out ReadOnlySpan<byte> path) ? path : default;

    // Parsed again at each use, because the parsed form refers to the module's bytes and cannot be kept.
    private BootConfiguration Configuration
    {
        get
        {
            BootStatus status = BootConfiguration.Parse(boot.ConfigurationBytes, out BootConfiguration configuration, out _);
            Panic.Unless(status == BootStatus.Ok, "init: the boot configuration changed after it was accepted"u8);
            return configuration;
        }
    }

    public override Errno Collect(ArgumentBlock arguments)
    {
        BootConfiguration configuration = Configuration;
        for (int i = 0; configuration.TryGetArgument(i, out ReadOnlySpan<byte> argument); i++)
        {
            if (!arguments.Add(argument, isEnvironment: false))
                return Errno.E2BIG;
        }
        for (int i = 0; configuration.TryGetEnvironment(i, out ReadOnlySpan<byte> variable); i++)
        {
            if (!arguments.Add(variable, isEnvironment: true))
                return Errno.E2BIG;
        }
        return configuration.EnvironmentCount != 0 || AddDefaultEnvironment(arguments) ? Errno.Ok : Errno.E2BIG;
    }

    /// <summary>Makes process 1 with its files and lets it begin; false when it cannot be made (reported).</summary>
    public static unsafe bool Start(KernelSession session, in BootConfiguration configuration)
    {
        LinuxKernel linux = session.Linux;
        Thread* thread = linux.Life.CreateInit();
        if (thread == null)
            return session.Refuse("init"u8, "no memory for the first process"u8);
        Process* process = thread->Process;
        Namespace names = session.Group.Names;
        var tables = (ProcessFileTables)linux.ProcessFiles;
        Errno error = tables.Start(process, names, 0x12);
        if (error == Errno.Ok)
            error = EnterDirectory(session, process, configuration.WorkingDirectory);
        if (error == Errno.Ok)
            error = OpenConsole(session, thread);
        if (error != Errno.Ok)
            return session.Refuse("init"u8, error == Errno.ENOENT ? "the image lacks /dev/console or the working directory"u8 : "its files could not be opened"u8);
        linux.StartInit(thread);
        return true;
    }

    private static unsafe Errno EnterDirectory(KernelSession session, Process* process, ReadOnlySpan<byte> path)
    {
        Errno error = new TreeBuilder(session.Group.Names).Find(path, follow: true, out Inode* directory);
        if (error != Errno.Ok)
            return error;
        if (directory->IsDirectory)
            session.Group.Files.Contexts.SetCurrentDirectory((FileContext*)process->FileSystem, directory);
        bool isDirectory = directory->IsDirectory;
        session.Group.Files.Inodes.Release(directory);
        return isDirectory ? Errno.Ok : Errno.ENOTDIR;
    }

    private static unsafe Errno OpenConsole(KernelSession session, Thread* thread)
    {
        FileServices files = session.Group.Files;
        Errno error = new TreeBuilder(session.Group.Names).Find("/dev/console"u8, follow: true, out Inode* inode);
        if (error != Errno.Ok)
            return error;
        var caller = new FileCaller(thread);
        error = files.OpenFiles.Open(in caller, inode, OpenFlags.ReadWrite, out OpenFile* file);
        files.Inodes.Release(inode);
        var table = (DescriptorTable*)thread->Process->Descriptors;
        for (int descriptor = 0; descriptor < 3 && error == Errno.Ok; descriptor++)
        {
            if (descriptor != 0)
                files.OpenFiles.Hold(file);
            error = files.Descriptors.InstallAt(table, file, descriptor, closeOnExec: false);
        }
        return error;
    }

    private static bool AddDefaultEnvironment(ArgumentBlock arguments)
        => arguments.Add("PATH=/bin:/sbin:/usr/bin:/usr/sbin"u8, isEnvironment: true)
            && arguments.Add("HOME=/"u8, isEnvironment: true) && arguments.Add("TERM=linux"u8, isEnvironment: true)
            && arguments.Add("PS1=\\w \\$ "u8, isEnvironment: true);
}
