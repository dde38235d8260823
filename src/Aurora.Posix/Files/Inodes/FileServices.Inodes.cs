using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

public sealed unsafe partial class FileServices
{
    /// <summary>The number of live inodes, for statistics.</summary>
    public int InodeCount => _inodes.Count;

    /// <summary>A new inode without a name, held once by the caller; null when memory is exhausted.</summary>
    public Inode* CreateInode(ObjectTracker tracker, uint mode, uint uid, uint gid)
    {
        Inode* inode = _inodes.Allocate();
        if (inode == null)
            return null;
        inode->Mode = mode;
        inode->Uid = uid;
        inode->Gid = gid;
        inode->AccessTime = inode->ModifyTime = inode->ChangeTime = inode->BirthTime = NowStamp;
        inode->Header.References = 1;
        tracker.Register(&inode->Header, ObjectKind.Inode);
        return inode;
    }

    /// <summary>Keeps an inode alive until the matching <see cref="Release(Inode*)"/>.</summary>
    public void Hold(Inode* inode) => inode->Header.References++;

    /// <summary>Lets go of an inode; without names and holders it ends, and its contents with it.</summary>
    public void Release(Inode* inode)
    {
        if (inode == null)
            return;
        Panic.Unless(inode->Header.References > 0, "files: released an inode nobody holds"u8);
        inode->Header.References--;
        EndIfUnused(inode);
    }

    /// <summary>The target of a symbolic link; not for /proc, whose targets are made on demand.</summary>
    public static ReadOnlySpan<byte> TargetOf(Inode* link)
        => new(link->TargetPage != null ? link->TargetPage : link->InlineTarget, link->TargetLength);

    /// <summary>What readlink shows. The text is valid until the next walk.</summary>
    public Errno ReadTarget(Inode* link, in FileCaller caller, out ReadOnlySpan<byte> target)
    {
        if (!link->IsProc)
        {
            target = TargetOf(link);
            return Errno.Ok;
        }
        var buffer = new Span<byte>(Scratch, PageSize.Bytes);
        Errno error = Proc.ReadTarget(link, in caller, buffer, out int length);
        target = buffer[..length];
        return error;
    }

    /// <summary>Stamps an inode whose attributes changed.</summary>
    public void TouchStatus(Inode* inode) => NamespaceOf(&inode->Header).TouchStatus(inode);

    internal Inode* AllocateInode() => _inodes.Allocate();
    internal SymbolicLinkTail* AllocateTail() => _tails.Allocate();

    internal void EndIfUnused(Inode* inode)
    {
        if (inode->IsUnused && !inode->IsPutOff)
            End(inode);
    }

    /// <summary>Gives a new symbolic link its target, or a new memory file its name; false when memory is exhausted.</summary>
    public bool SetTarget(ObjectTracker tracker, Inode* link, ReadOnlySpan<byte> target)
    {
        if (target.Length > Inode.InlineTargetBytes && !AddTargetPage(link))
            return false;
        if (target.Length > SymbolicLinkTail.FirstByte)
        {
            SymbolicLinkTail* tail = _tails.Allocate();
            if (tail == null)
                return false;
            tail->Owner = link;
            link->Tail = tail;
            tracker.Register(&tail->Header, ObjectKind.SymbolicLinkTail);
        }
        link->TargetLength = (ushort)target.Length;
        target.CopyTo(new Span<byte>(link->TargetPage != null ? link->TargetPage : link->InlineTarget, target.Length));
        if (link->IsSymbolicLink)
            link->Size = (ulong)target.Length;
        return true;
    }

    internal bool AddTargetPage(Inode* link)
    {
        link->TargetPage = (byte*)Pages.AllocateFor(link, 1);
        return link->TargetPage != null;
    }

    /// <summary>The object that holds a regular file's pages, made on first need; null when memory is exhausted.</summary>
    public VmObject* DataOf(Inode* inode)
    {
        if (inode->Data == null)
        {
            ObjectTracker tracker = TrackerOf(&inode->Header);
            inode->Data = Memory.Objects.Create(tracker, PageSize.PagesFor(inode->Size), VmObjectFlags.File);
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
        Waker.WakeAll(&inode->LockWaiters);
        Locks.EndAll(inode);
        EndAttributes(inode);
        ObjectTracker tracker = TrackerOf(&inode->Header);
        EndFormerName(inode);
        if (inode->Data != null)
        {
            inode->Data->Keeper = null;
            Memory.Objects.Release(inode->Data);
        }
        if (inode->Pipe != null)
            Pipes.End(inode);
        if (inode->TargetPage != null)
            Pages.FreeFor(inode, inode->TargetPage, 1);
        if (inode->Tail != null)
        {
            tracker.Remove(&inode->Tail->Header);
            _tails.Free(inode->Tail);
        }
        tracker.Remove(&inode->Header);
        _inodes.Free(inode);
    }
}
