using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Descriptor tables and file contexts over the life of a process.</summary>
public sealed unsafe class ProcessFileTables(FileServices files) : ProcessFiles
{
    /// <summary>Gives the first process of a group an empty table and a context at the root.</summary>
    public Errno Start(Process* process, Namespace* space, uint umask)
    {
        DescriptorTable* table = files.Descriptors.CreateTable(files.State.TrackerOf(space));
        FileContext* context = table == null ? null : files.Contexts.Create(space, umask);
        if (context == null)
        {
            if (table != null)
                files.Descriptors.Release(table);
            return Errno.ENOMEM;
        }
        process->Descriptors = table;
        process->FileSystem = context;
        files.MarkChanged(&process->Header);
        return Errno.Ok;
    }

    public override Errno Inherit(Process* parent, Process* child, bool shareDescriptors, bool shareContext)
    {
        var table = (DescriptorTable*)parent->Descriptors;
        var context = (FileContext*)parent->FileSystem;
        if (shareDescriptors)
            files.Descriptors.Hold(table);
        else
            table = files.Descriptors.CopyTable(table);
        if (table == null)
            return Errno.ENOMEM;
        if (shareContext)
            files.Contexts.Hold(context);
        else
            context = files.Contexts.Copy(context);
        if (context == null)
        {
            files.Descriptors.Release(table);
            return Errno.ENOMEM;
        }
        child->Descriptors = table;
        child->FileSystem = context;
        child->ExecutableInode = parent->ExecutableInode;
        files.Proc.HoldProgram(child, files.State.TrackerOf(&parent->Header));
        return Errno.Ok;
    }

    /// <summary>A shared table is copied here already: an execve that fails afterwards leaves the process with one of its own.</summary>
    public override Errno PrepareExec(Process* process) => Unshare(process, descriptors: true, context: false);

    public override Errno Unshare(Process* process, bool descriptors, bool context)
    {
        var table = (DescriptorTable*)process->Descriptors;
        var place = (FileContext*)process->FileSystem;
        DescriptorTable* ownTable = descriptors && table->Header.References > 1 ? files.Descriptors.CopyTable(table) : table;
        if (ownTable == null)
            return Errno.ENOMEM;
        FileContext* ownPlace = context && place->Header.References > 1 ? files.Contexts.Copy(place) : place;
        if (ownPlace == null)
        {
            if (ownTable != table)
                files.Descriptors.Release(ownTable);
            return Errno.ENOMEM;
        }
        if (ownTable != table)
            files.Descriptors.Release(table);
        if (ownPlace != place)
            files.Contexts.Release(place);
        process->Descriptors = ownTable;
        process->FileSystem = ownPlace;
        files.MarkChanged(&process->Header);
        return Errno.Ok;
    }

    public override bool CloseOnExec(Process* process, ref int left)
        => process->Descriptors == null || files.Descriptors.CloseOnExec((DescriptorTable*)process->Descriptors, ref left);

    public override bool ReleaseLocksForExec(Process* process, ref ulong position, ref int left)
        => files.Descriptors.ReleaseLocksForExec((DescriptorTable*)process->Descriptors, ref position, ref left);

    public override void ThreadEnded(Thread* thread) => files.Held.End(thread);

    public override bool CloseSome(Process* process, ref int left)
    {
        var table = (DescriptorTable*)process->Descriptors;
        return table == null || table->Header.References > 1 || files.Descriptors.CloseSome(table, ref left);
    }

    public override void Release(Process* process)
    {
        var table = (DescriptorTable*)process->Descriptors;
        var context = (FileContext*)process->FileSystem;
        process->Descriptors = null;
        process->FileSystem = null;
        files.Proc.EndRunning(process);
        if (table != null)
            files.Descriptors.Release(table);
        if (context != null)
            files.Contexts.Release(context);
        if ((process->Header.Flags & ObjectFlags.Tracked) != 0)
            files.MarkChanged(&process->Header);
    }
}
