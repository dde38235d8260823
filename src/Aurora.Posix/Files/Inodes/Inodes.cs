using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Life of inodes, what belongs to one alone, and who keeps it.</summary>
public sealed unsafe partial class Inodes(
    FileState state, FileStamps stamps, AttributeSets attributes, FileLocks locks, PipeLife pipes, NameEntries entries,
    NameBucketTable buckets, InotifyWatches watches, MemoryManager memory, ThreadWaker waker)
{
    /// <summary>The number of live inodes, for statistics.</summary>
    public int Count => state.Inodes.Count;

    /// <summary>A new inode that never gets a name, held once by the caller; null when memory is exhausted.</summary>
    public Inode* Create(ObjectTracker tracker, uint mode, uint uid, uint gid)
    {
        Inode* inode = New(tracker, mode, uid, gid);
        if (inode == null)
            return null;
        tracker.Register(&inode->Header, ObjectKind.Inode);
        inode->Number = FileIds.FirstFileNumber + inode->Header.Id.Value;
        return inode;
    }

    /// <summary>
    /// A new inode that gets, or may get, a name, held once by the caller; null when memory, or the numbers of directories, are exhausted.
    /// </summary>
    public Inode* CreateNamed(ObjectTracker tracker, uint mode, uint uid, uint gid)
    {
        bool isDirectory = (mode & InodeMode.TypeMask) == InodeMode.Directory;
        ulong number = isDirectory ? TakeDirectoryNumber(tracker) : TakeFileNumber(tracker);
        Inode* inode = number == 0 ? null : New(tracker, mode, uid, gid);
        if (inode == null)
            return null;
        inode->Number = number;
        tracker.RegisterAs(&inode->Header, ObjectKind.Inode, FileIds.OfFile(number, FilePart.Inode));
        return inode;
    }

    // 0 when there is none left. What records say was given last need not be true: what is in use is passed over.
    private ulong TakeDirectoryNumber(ObjectTracker tracker)
    {
        FileTree* tree = state.FindNamespace(tracker)->Tree;
        while (tree->NextDirectory < FileIds.DirectoryLimit)
        {
            ulong number = tree->NextDirectory++;
            tracker.MarkChanged(&tree->Header);
            if (tracker.Find(FileIds.OfFile(number, FilePart.Inode)) == null)
                return number;
        }
        return 0;
    }

    private static ulong TakeFileNumber(ObjectTracker tracker)
    {
        while (true)
        {
            ulong number = FileIds.FirstFileNumber + tracker.TakeId().Value;
            if (tracker.Find(FileIds.OfFile(number, FilePart.Inode)) == null)
                return number;
        }
    }

    private Inode* New(ObjectTracker tracker, uint mode, uint uid, uint gid)
    {
        Inode* inode = state.Inodes.Allocate();
        if (inode == null)
            return null;
        inode->Mode = mode;
        inode->Uid = uid;
        inode->Gid = gid;
        inode->AccessTime = inode->ModifyTime = inode->ChangeTime = inode->BirthTime = stamps.NowOf(tracker);
        inode->Header.References = 1;
        return inode;
    }

    /// <summary>Registers what belongs to an inode alone: with an id beside its own, if the inode's says what it is about.</summary>
    internal static void RegisterPart(ObjectTracker tracker, Inode* inode, ObjectHeader* header, ObjectKind kind, FilePart part)
    {
        if (FileIds.IsOnDemand(inode->Header.Id))
            tracker.RegisterAs(header, kind, FileIds.OfFile(inode->Number, part));
        else
            tracker.Register(header, kind);
    }

    /// <summary>Keeps an inode alive until the matching <see cref="Release(Inode*)"/>.</summary>
    public void Hold(Inode* inode)
    {
        inode->Header.References++;
        inode->IsIdle = false;
    }

    /// <summary>Lets go of an inode; without names and holders it ends, and its contents with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(Inode* inode)
    {
        int left = ProcessLife.UnitsPerStep;
        Release(inode, ref left);
    }

    /// <summary>As above, for who lets go of several: each watch that ends is one of <paramref name="left"/>, the rest end later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Release(Inode* inode, ref int left)
    {
        if (inode == null)
            return;
        Panic.Unless(inode->Header.References > 0, "files: released an inode nobody holds"u8);
        if (--inode->Header.References == 0 && inode->EndsUnused)
            EndIfUnused(inode, ref left);
    }

    /// <summary>Lets go of what a walk found.</summary>
    public void Release(ref WalkResult result)
    {
        Inode* inode = result.Inode;
        Inode* directory = result.Directory;
        result.Inode = result.Directory = null;
        Release(inode);
        Release(directory);
    }

    /// <summary>Lets go of the file a walk found, and keeps its directory.</summary>
    public void ReleaseFile(ref WalkResult result)
    {
        Inode* inode = result.Inode;
        result.Inode = null;
        Release(inode);
    }

    /// <summary>The target of a symbolic link; not for /proc, whose targets are made on demand.</summary>
    public static ReadOnlySpan<byte> TargetOf(Inode* link)
        => new(link->TargetPage != null ? link->TargetPage : link->InlineTarget, link->TargetLength);

    internal Inode* Allocate() => state.Inodes.Allocate();
    internal SymbolicLinkTail* AllocateTail() => state.Tails.Allocate();

    internal void EndIfUnused(Inode* inode)
    {
        int left = ProcessLife.UnitsPerStep;
        EndIfUnused(inode, ref left);
    }

    private void EndIfUnused(Inode* inode, ref int left)
    {
        if (!inode->EndsUnused || inode->IsInUse || inode->IsRoot || inode->IsPutOff)
            return;
        if (inode->NameCount != 0)
            EndFormerName(inode);
        else if (inode->FirstWatch == null || watches.EndSome(inode, ref left))
            End(inode);
        else
            state.PutOffIfUnused(inode);
    }

    /// <summary>Gives a new symbolic link its target, or a new memory file its name; false when memory is exhausted.</summary>
    public bool SetTarget(ObjectTracker tracker, Inode* link, ReadOnlySpan<byte> target)
    {
        if (target.Length > Inode.InlineTargetBytes && !AddTargetPage(link))
            return false;
        if (target.Length > SymbolicLinkTail.FirstByte)
        {
            SymbolicLinkTail* tail = state.Tails.Allocate();
            if (tail == null)
                return false;
            tail->Owner = link;
            link->Tail = tail;
            RegisterPart(tracker, link, &tail->Header, ObjectKind.SymbolicLinkTail, FilePart.TargetTail);
        }
        link->TargetLength = (ushort)target.Length;
        target.CopyTo(new Span<byte>(link->TargetPage != null ? link->TargetPage : link->InlineTarget, target.Length));
        if (link->IsSymbolicLink)
            link->Size = (ulong)target.Length;
        return true;
    }

    internal bool AddTargetPage(Inode* link)
    {
        link->TargetPage = (byte*)state.Pages.AllocateFor(link, 1);
        return link->TargetPage != null;
    }

    /// <summary>The object that holds a regular file's pages, made on first need; null when memory is exhausted.</summary>
    public VmObject* DataOf(Inode* inode)
    {
        if (inode->Data == null)
        {
            ObjectTracker tracker = state.TrackerOf(&inode->Header);
            ulong pages = PageSize.PagesFor(inode->Size);
            inode->Data = FileIds.IsOnDemand(inode->Header.Id)
                ? memory.Objects.CreateFor(tracker, FileIds.OfFile(inode->Number, FilePart.Data), pages, VmObjectFlags.File)
                : memory.Objects.Create(tracker, pages, VmObjectFlags.File);
            if (inode->Data != null)
            {
                inode->Data->Keeper = inode;
                tracker.MarkChanged(&inode->Header);
            }
        }
        return inode->Data;
    }

    private void End(Inode* inode)
    {
        Panic.Unless(inode->EntryCount == 0, "files: a directory with entries ended"u8);
        waker.WakeAll(&inode->LockWaiters);
        locks.EndAll(inode);
        attributes.End(inode);
        ObjectTracker tracker = state.TrackerOf(&inode->Header);
        EndFormerName(inode);
        if (inode->Data != null)
        {
            inode->Data->Keeper = null;
            memory.Objects.Release(inode->Data);
        }
        if (inode->Pipe != null)
            pipes.End(inode);
        if (inode->Queue != null)
            state.Queues!.Ended(inode);
        if (inode->Tail != null)
        {
            tracker.Remove(&inode->Tail->Header);
            state.Tails.Free(inode->Tail);
        }
        tracker.Remove(&inode->Header);
        Free(inode);
    }

    /// <summary>Gives back the memory of an inode that is in no books any more.</summary>
    internal void Free(Inode* inode)
    {
        buckets.End(inode);
        if (inode->TargetPage != null)
            state.Pages.FreeFor(inode, inode->TargetPage, 1);
        state.Inodes.Free(inode);
    }
}
