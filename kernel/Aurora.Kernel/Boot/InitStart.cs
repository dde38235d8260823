using System;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>Makes process 1 of a group that has no processes. Its three descriptors are the console.</summary>
internal sealed unsafe class InitStart(GroupSession session, GroupProcesses processes, FiberScheduler fibers) : GroupStarter
{
    private const uint InitialMask = 0x12;

    /// <inheritdoc/>
    public override Errno Start(ObjectTracker group, ReadOnlySpan<byte> root, bool hasTerminal)
    {
        var window = new WindowSize { Rows = 24, Columns = 80 };
        if (processes.Terminals.Life.CreateConsole(group, isPlain: !hasTerminal, window) == null)
            return Errno.ENOMEM;
        return Start(group, "/"u8, root, default);
    }

    /// <inheritdoc/>
    public override bool HasStarted(ObjectTracker group)
    {
        Process* init = processes.Table.Of(group).Init;
        return init != null && init->AddressSpace != null;
    }

    /// <summary>
    /// Makes it with its files, in a directory and with a root of its own unless that is empty, as a user, and lets it begin. The group has
    /// a console, which becomes the user's: a program may open its standard output once more.
    /// </summary>
    public Errno Start(ObjectTracker group, ReadOnlySpan<byte> directory, ReadOnlySpan<byte> root, in Credentials user)
    {
        Thread* thread = processes.Life.CreateInit(group);
        if (thread == null)
            return Errno.ENOMEM;
        Process* process = thread->Process;
        Errno error = processes.Files.Start(process, session.Files.NamespaceOf(&process->Header), InitialMask);
        if (error == Errno.Ok)
            error = OpenConsole(thread, user.RealUid);
        if (error == Errno.Ok && !root.IsEmpty)
            error = Enter(thread, root, isRoot: true);
        if (error == Errno.Ok)
            error = Enter(thread, directory, isRoot: false);
        if (error == Errno.Ok)
            error = Become(thread, in user);
        if (error == Errno.Ok)
            LinuxKernel.StartInit(session.Scheduler, thread);
        return error;
    }

    // The thread does not run yet, and cannot wait for what is not in memory: this fiber does.
    private Errno Resolve(in FileCaller caller, ReadOnlySpan<byte> path, out Inode* found)
    {
        FileCaller reader = caller;
        reader.Thread = null;
        for (;;)
        {
            Errno error = session.Files.Walks.Resolve(in reader, reader.Context->Root, path, WalkFlags.FollowLast, out found);
            if (error != Errno.EIOCBQUEUED)
                return error;
            fibers.Yield();
        }
    }

    private Errno Enter(Thread* thread, ReadOnlySpan<byte> path, bool isRoot)
    {
        var caller = new FileCaller(thread);
        Errno error = Resolve(in caller, path, out Inode* directory);
        if (error != Errno.Ok)
            return error;
        if (!directory->IsDirectory)
            error = Errno.ENOTDIR;
        if (error == Errno.Ok && isRoot)
            session.Files.Contexts.SetRoot(caller.Context, directory);
        if (error == Errno.Ok)
            session.Files.Contexts.SetCurrentDirectory(caller.Context, directory);
        session.Files.Inodes.Release(directory);
        return error;
    }

    private Errno Become(Thread* thread, in Credentials user)
    {
        Process* process = thread->Process;
        Credentials changed = user;
        changed.Capabilities = process->Credentials.Capabilities;
        changed.Capabilities.UidsChanged(in process->Credentials, in changed);
        if (!processes.Signals.ChangeUser(process, changed.RealUid))
            return Errno.ENOMEM;
        process->Credentials = changed;
        return Errno.Ok;
    }

    private Errno OpenConsole(Thread* thread, uint owner)
    {
        var caller = new FileCaller(thread);
        Errno error = Resolve(in caller, "/dev/console"u8, out Inode* inode);
        if (error != Errno.Ok)
            return error;
        error = session.Files.OpenFiles.Open(in caller, inode, OpenFlags.ReadWrite, out OpenFile* file);
        if (error == Errno.Ok && inode->Uid != owner)
        {
            inode->Uid = owner;
            session.Files.MarkChanged(&inode->Header);
        }
        session.Files.Inodes.Release(inode);
        var table = (DescriptorTable*)thread->Process->Descriptors;
        for (int descriptor = 0; descriptor < 3 && error == Errno.Ok; descriptor++)
        {
            if (descriptor != 0)
                session.Files.OpenFiles.Hold(file);
            error = session.Files.Descriptors.InstallAt(table, file, descriptor, closeOnExec: false);
            if (error != Errno.Ok)
                session.Files.OpenFiles.Release(file);
        }
        return error;
    }
}
