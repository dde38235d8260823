// Makes the process of a program that is run in a group from outside. It has no parent in its group, and a session of its own; root
// directory as process 1, working directory as asked for, all else as process 1 has it when it is made. Its memory is empty, and it is
// in the call that loads its program (CallContinuation.FirstProgram): so it can be captured at once, and a restore that finds it
// without a program, which is not saved, ends it. Names are waited for before anything is made. Everything here blocks.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Makes further processes of groups that run.</summary>
internal sealed unsafe class ExecMaker(GroupSession session, GroupProcesses processes, GroupExecTable table, FiberScheduler fibers)
{
    private const uint InitialMask = 0x12;

    // What the process is made with: inodes that are held.
    private struct Places
    {
        public Inode* Directory;
        public Inode* Console;
    }

    /// <summary>Lets a program begin in a group; the number under which it is known, or a negated errno.</summary>
    public long Run(ObjectTracker group, GroupOrder* order)
    {
        if (order->ArgumentCount == 0)
            return -(long)Errno.EINVAL;
        Places places = default;
        bool isDetached = (order->Request.Flags & GroupRequest.IsDetached) != 0;
        ReadOnlySpan<byte> directory = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(order->Request.Root);
        Errno error = Find(group, directory.IsEmpty ? "/"u8 : directory, out places.Directory);
        // That it is not there is something else than that the group is not.
        if (error == Errno.ENOENT || (error == Errno.Ok && !places.Directory->IsDirectory))
            error = Errno.ENOTDIR;
        if (error == Errno.Ok && isDetached && Find(group, "/dev/console"u8, out places.Console) is not Errno.Ok and var missing)
            error = missing == Errno.ESRCH ? missing : Errno.ENXIO;
        if (error == Errno.Ok && places.Console != null && !places.Console->IsDevice && !places.Console->IsFifo)
            error = Errno.ENXIO;
        GroupExec* exec = null;
        if (error == Errno.Ok)
            error = Make(group, order, in places, out exec);
        Release(places.Directory);
        Release(places.Console);
        return error == Errno.Ok ? (long)exec->Number : -(long)error;
    }

    private static Process* InitOf(PidNamespace space) => space.Init == null || space.Init->IsEnding ? null : space.Init;

    // A path as process 1 of the group would follow it. ESRCH: it has ended meanwhile.
    private Errno Find(ObjectTracker group, ReadOnlySpan<byte> path, out Inode* found)
    {
        Credentials credentials = default;
        credentials.Capabilities = CapabilitySets.OfRoot;
        found = null;
        for (;;)
        {
            Process* init = InitOf(processes.Table.Of(group));
            if (init == null)
                return Errno.ESRCH;
            var caller = new FileCaller { Context = (FileContext*)init->FileSystem, Credentials = &credentials };
            Errno error = session.Files.Walks.Resolve(in caller, caller.Context->Root, path, WalkFlags.FollowLast, out found);
            if (error != Errno.EIOCBQUEUED)
                return error;
            fibers.Yield();
        }
    }

    private void Release(Inode* inode)
    {
        if (inode != null)
            session.Files.Inodes.Release(inode);
    }

    // In one stretch: who asked and process 1 are there until it is done.
    private Errno Make(ObjectTracker group, GroupOrder* order, in Places places, out GroupExec* exec)
    {
        exec = null;
        if (!order->IsOfLauncher && !IsAlive(new ObjectId(order->Process)))
            return Errno.ECANCELED;
        Process* init = InitOf(processes.Table.Of(group));
        if (init == null)
            return Errno.ESRCH;
        exec = table.Add(group, order);
        if (exec == null)
            return Errno.ENFILE;
        Thread* thread = processes.Life.CreateAlone(group);
        Errno error = thread == null ? Errno.ENOMEM : Equip(thread, ((FileContext*)init->FileSystem)->Root, exec, in places);
        // Only the table's being full is told as that.
        if (error == Errno.ENFILE)
            error = Errno.ENOMEM;
        if (error != Errno.Ok)
        {
            if (thread != null)
                processes.Life.Abandon(thread);
            table.Discard(exec);
            exec = null;
            return error;
        }
        exec->Process = thread->Process->Header.Id.Value;
        exec->ProcessId = thread->Process->Id;
        thread->Call = new CallContinuation { Active = true, Number = CallContinuation.FirstProgram };
        processes.Life.Start(thread);
        return Errno.Ok;
    }

    private bool IsAlive(ObjectId asker)
    {
        var process = (Process*)session.Tracker.Find(asker, ObjectKind.Process);
        return process != null && process->State == ProcessState.Alive;
    }

    private Errno Equip(Thread* thread, Inode* root, GroupExec* exec, in Places places)
    {
        Process* process = thread->Process;
        process->AddressSpace = session.Memory.Spaces.Create(session.Tracked.OfGroup(exec->Group), SpaceLimits.Default);
        if (process->AddressSpace == null)
            return Errno.ENOMEM;
        thread->Context->PageTableRoot = process->AddressSpace->Root.Address.Value;
        Errno error = processes.Files.Start(process, session.Files.NamespaceOf(&process->Header), InitialMask);
        if (error != Errno.Ok)
            return error;
        var context = (FileContext*)process->FileSystem;
        session.Files.Contexts.SetRoot(context, root);
        session.Files.Contexts.SetCurrentDirectory(context, places.Directory);
        return places.Console == null ? MakePipes(process, exec) : OpenConsole(process, places.Console);
    }

    private static FileCaller CallerOf(Process* process)
        => new() { Context = (FileContext*)process->FileSystem, Credentials = &process->Credentials };

    private Errno MakePipes(Process* process, GroupExec* exec)
    {
        Errno error = Connect(process, 0, out exec->Input);
        if (error == Errno.Ok)
            error = Connect(process, 1, out exec->Output.File);
        return error == Errno.Ok ? Connect(process, 2, out exec->Errors.File) : error;
    }

    // Gives the process one end of a new pipe; the other one is the caller's, also when that fails, or null.
    private Errno Connect(Process* process, int descriptor, out OpenFile* outer)
    {
        outer = null;
        FileCaller caller = CallerOf(process);
        Errno error = session.Files.OpenFiles.CreatePipe(in caller, 0, out OpenFile* reader, out OpenFile* writer);
        if (error != Errno.Ok)
            return error;
        outer = descriptor == 0 ? writer : reader;
        return Install(process, descriptor == 0 ? reader : writer, descriptor);
    }

    // The input is a pipe that nobody writes to. The console is not the program's controlling terminal.
    private Errno OpenConsole(Process* process, Inode* console)
    {
        FileCaller caller = CallerOf(process);
        Errno error = Connect(process, 0, out OpenFile* writer);
        if (writer != null)
            session.Files.OpenFiles.Release(writer);
        OpenFile* output = null;
        if (error == Errno.Ok)
            error = session.Files.OpenFiles.Open(in caller, console, OpenFlags.ReadWrite, out output);
        if (error != Errno.Ok)
            return error;
        session.Files.OpenFiles.Hold(output);
        error = Install(process, output, 1);
        if (error == Errno.Ok)
            return Install(process, output, 2);
        session.Files.OpenFiles.Release(output);
        return error;
    }

    // Takes over the reference, also when it fails.
    private Errno Install(Process* process, OpenFile* file, int descriptor)
    {
        Errno error = session.Files.Descriptors.InstallAt((DescriptorTable*)process->Descriptors, file, descriptor, closeOnExec: false);
        if (error != Errno.Ok)
            session.Files.OpenFiles.Release(file);
        return error;
    }
}
