// /proc. Its inodes are made when a path leads to them and end when nobody holds them; an inode names what it shows by its ProcKey, so an
// open /proc file or a current directory inside it survives a checkpoint. Text is made when it is read (ProcText).
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>The nodes of /proc: finding them, their links, and listing.</summary>
public sealed unsafe partial class ProcFileSystem(FileState state, Inodes inodes, FilePaths paths, ProcessInformation information)
{
    /// <summary>Where the answers come from.</summary>
    internal ProcessInformation Information { get; } = information;

    /// <summary>The process a node is about, or null when it has ended.</summary>
    public Process* ProcessOf(Inode* inode)
    {
        if (inode->ProcKey.Process == 0)
            return null;
        Process* process = Information.Find(inode->Header.Group, inode->ProcKey.Process);
        return process != null && process->Header.Id == inode->ProcOwner ? process : null;
    }

    /// <summary>The node with a name in a /proc directory, held, or null.</summary>
    internal Inode* Lookup(Inode* directory, ReadOnlySpan<byte> name, in FileCaller caller)
    {
        ProcKey place = directory->ProcKey;
        for (ProcNode node = ProcNames.NextIn(place.Node, ProcNode.Root); node != ProcNode.End; node = ProcNames.NextIn(place.Node, node + 1))
            if (ProcNames.NameOf(node).SequenceEqual(name))
                return place.Process != 0 && ProcessOf(directory) == null ? null
                    : Make(directory, new ProcKey(node, place.Process, ThreadIn(place)));
        // A task's directory shows its process's files.
        if (place.Node == ProcNode.Task)
            return LookupInTask(directory, name);
        if (place.Node == ProcNode.Queues)
            return LookupQueue(directory, name);
        if (place.Node == ProcNode.ProcessNamespaces)
            return ProcNamespaces.Find(name) is var index and >= 0 && ProcessOf(directory) != null
                ? Make(directory, new ProcKey(ProcNode.Namespace, place.Process, index)) : null;
        return ParseNumber(name, out int number) ? LookupNumber(directory, number) : null;
    }

    /// <summary>/dev/pts or /dev/mqueue of a group, or its multiplexer, held; null when memory is exhausted.</summary>
    internal Inode* MakeServed(Inode* near, ProcNode node) => Make(near, new ProcKey(node));

    /// <summary>The directory a /proc directory is in, held; null when it is gone.</summary>
    internal Inode* Parent(Inode* directory)
    {
        ProcKey key = directory->ProcKey;
        ProcNode parent = ProcNames.DirectoryOf(key.Node);
        if (parent == ProcNode.Root)
        {
            Inode* top = state.NamespaceOf(&directory->Header)->ProcRoot;
            if (top != null)
                inodes.Hold(top);
            return top;
        }
        int thread = ThreadIn(key);
        return parent == ProcNode.Process && thread != 0
            ? Make(directory, new ProcKey(ProcNode.Task, key.Process, thread)) : Make(directory, new ProcKey(parent, key.Process));
    }

    /// <summary>The thread a node of a task's directory is about; 0 for nodes of the process.</summary>
    internal static int ThreadIn(ProcKey key)
        => key.Node is ProcNode.Descriptor or ProcNode.DescriptorInformation or ProcNode.Namespace or ProcNode.NamespaceFile
            or ProcNode.Task ? 0 : key.Item;

    /// <summary>The thread a file shows: a task's own, or the leader; null when it has ended.</summary>
    internal static Thread* ThreadOf(Process* process, ProcKey key)
    {
        int id = ThreadIn(key) != 0 ? ThreadIn(key) : process->Id;
        Thread* thread = process->FirstThread;
        while (thread != null && thread->Id != id)
            thread = thread->NextOfProcess;
        return thread;
    }

    /// <summary>Where a magic link leads, held; null for links that are text and when there is nothing.</summary>
    internal Inode* TargetInode(Inode* link, in FileCaller caller)
    {
        Process* process = ProcessOf(link);
        if (process == null || !MayInspect(process, in caller))
            return null;
        if (link->ProcKey.Node == ProcNode.Namespace)
            return Make(link, new ProcKey(ProcNode.NamespaceFile, link->ProcKey.Process, link->ProcKey.Item));
        Inode* target = link->ProcKey.Node switch
        {
            ProcNode.ProcessExecutable => ExecutableOf(process),
            ProcNode.ProcessCurrentDirectory => process->FileSystem == null ? null : ((FileContext*)process->FileSystem)->CurrentDirectory,
            ProcNode.ProcessRoot => process->FileSystem == null ? null : ((FileContext*)process->FileSystem)->Root,
            ProcNode.Descriptor => DescriptorTarget(process, link->ProcKey.Item),
            _ => null,
        };
        if (target != null)
            inodes.Hold(target);
        return target;
    }

    /// <summary>What readlink shows for a link of /proc.</summary>
    internal Errno ReadTarget(Inode* link, in FileCaller caller, Span<byte> buffer, out int length)
    {
        length = 0;
        var writer = new Utf8Writer(buffer);
        if (link->ProcKey.Node is ProcNode.Self or ProcNode.ThreadSelf)
        {
            if (caller.Thread == null)
                return Errno.ENOENT;
            writer.AppendDecimal(caller.Thread->Process->Id);
            if (link->ProcKey.Node == ProcNode.ThreadSelf)
            {
                writer.Append("/task/"u8);
                writer.AppendDecimal(caller.Thread->Id);
            }
        }
        else if (link->ProcKey.Node == ProcNode.Mounts)
        {
            writer.Append("self/mounts"u8);
        }
        else if (link->ProcKey.Node == ProcNode.Net)
        {
            writer.Append("self/net"u8);
        }
        else
        {
            Process* process = ProcessOf(link);
            if (process == null)
                return Errno.ENOENT;
            if (!MayInspect(process, in caller))
                return Errno.EACCES;
            if (link->ProcKey.Node == ProcNode.Namespace)
            {
                WriteNamespace(link->ProcKey.Item, ref writer);
                length = writer.Length;
                return Errno.Ok;
            }
            Inode* target = TargetInode(link, in caller);
            if (target == null)
                return Errno.ENOENT;
            WritePath(target, caller.Context->Root, ref writer);
            inodes.Release(target);
        }
        length = writer.Length;
        return Errno.Ok;
    }

    private static void WriteNamespace(int index, ref Utf8Writer writer)
    {
        writer.Append(ProcNamespaces.KindOf(index));
        writer.Append(":["u8);
        writer.AppendDecimal(ProcNamespaces.NumberOf(index));
        writer.Append((byte)']');
    }

    /// <summary>Writes a file's path as seen from a root, with Linux's mark when it has that no more.</summary>
    internal void WritePath(Inode* inode, Inode* root, ref Utf8Writer writer)
    {
        if (inode->IsAnonymousPipe)
        {
            writer.Append("pipe:["u8);
            writer.AppendDecimal(inode->Number);
            writer.Append((byte)']');
            return;
        }
        if (inode->IsAnonymousSocket)
        {
            writer.Append("socket:["u8);
            writer.AppendDecimal(inode->Number);
            writer.Append((byte)']');
            return;
        }
        if (inode->IsAnonymousFile)
        {
            writer.Append(AnonymousFiles.Prefix);
            writer.Append(Inodes.TargetOf(inode));
            return;
        }
        if (inode->IsMemoryFile)
        {
            writer.Append("/memfd:"u8);
            writer.Append(Inodes.TargetOf(inode));
            writer.Append(" (deleted)"u8);
            return;
        }
        byte* page = state.Scratch + (2 * PageSize.Bytes);
        var buffer = new Span<byte>(page, PageSize.Bytes);
        int start = paths.PathOf(inode, root, buffer, out _);
        if (start >= 0)
            writer.Append(buffer[start..]);
        if (inode->HasLostPath)
            writer.Append(" (deleted)"u8);
    }

    /// <summary>Ok, ESRCH or EACCES: whether a caller may have what a file of /proc shows, now.</summary>
    internal Errno MayRead(Inode* inode, in FileCaller caller)
    {
        if (inode->ProcKey.Process == 0)
            return Errno.Ok;
        Process* process = ProcessOf(inode);
        if (process == null || (ThreadIn(inode->ProcKey) != 0 && ThreadOf(process, inode->ProcKey) == null))
            return Errno.ESRCH;
        return !inode->ProcKey.IsGuarded || MayInspect(process, in caller) ? Errno.Ok : Errno.EACCES;
    }

    /// <summary>Whether a caller may see what a process has open and where it is.</summary>
    internal static bool MayInspect(Process* process, in FileCaller caller)
    {
        Process* self = caller.Thread == null ? null : caller.Thread->Process;
        if (!caller.UseRealIds)
            return ProcessAccess.MayInspect(self, ref *caller.Credentials, process, false);
        // As the real user would be let in: with that user's ids and capabilities.
        Credentials real = *caller.Credentials;
        real.FileUid = real.RealUid;
        real.FileGid = real.RealGid;
        real.Capabilities.Effective = real.Capabilities.EffectiveOfReal(real.RealUid);
        return ProcessAccess.MayInspect(self, ref real, process, false);
    }

    /// <summary>The program a process runs. Not held; null when it is gone or there is none.</summary>
    public Inode* ExecutableOf(Process* process)
        => process->AddressSpace == null || process->ExecutableInode.IsNone
            ? null : FileState.FindInode(state.TrackerOf(&process->Header), process->ExecutableInode);

    /// <summary>The inode behind a mapping; null when it is gone or was never a file.</summary>
    internal Inode* FileOf(Mapping* mapping)
        => mapping->File.IsNone ? null : FileState.FindInode(state.TrackerOf(&mapping->Header), mapping->File);

    /// <summary>What a process has open as a descriptor, or null.</summary>
    internal static OpenFile* OpenFileOf(Process* process, int descriptor)
        => process->Descriptors == null ? null : Descriptors.Find((DescriptorTable*)process->Descriptors, descriptor);

    private static Inode* DescriptorTarget(Process* process, int descriptor)
    {
        OpenFile* file = OpenFileOf(process, descriptor);
        return file == null ? null : file->Inode;
    }

    private Inode* Make(Inode* near, ProcKey key)
    {
        Process* process = key.Process == 0 ? null : Information.Find(near->Header.Group, key.Process);
        // What a process that is not its user's to look into has belongs to root, but for the directory itself.
        bool isUsers = process != null
            && ((process->IsDumpable && process->AddressSpace != null) || key.Node is ProcNode.Process or ProcNode.Task);
        uint uid = isUsers ? process->Credentials.EffectiveUid : 0;
        uint gid = isUsers ? process->Credentials.EffectiveGid : 0;
        Inode* inode = inodes.Create(state.TrackerOf(&near->Header), key.Mode, uid, gid);
        if (inode == null)
            return null;
        inode->Flags = InodeFlags.Proc;
        inode->ProcKey = key;
        inode->ProcOwner = process == null ? default : process->Header.Id;
        if (key.Node == ProcNode.Multiplexer)
            inode->Device = DeviceNumber.Multiplexer;
        if (key.Node == ProcNode.Queues)
            DescribeQueues(inode);
        return inode;
    }
}
