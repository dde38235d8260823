// When the set-id bits go (Linux's setattr_should_drop_suidgid): with a change of owner always, with a change of contents unless the caller
// may set them anyhow. Set-group-id without group-execute once meant mandatory locking: it stays, if the caller is of the file's group.
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>Takes the set-id bits of a file away when they must go.</summary>
public sealed unsafe class SetIdBits(FileState state, FileNotices notices)
{
    /// <summary>The bits that a change of owner takes: none from directories.</summary>
    public static uint LostToOwner(Inode* inode, in FileCaller caller)
        => inode->IsDirectory ? 0 : (inode->Mode & InodeMode.SetUid) | LostGroupBit(inode, in caller);

    /// <summary>Called when a caller changes the contents of a file.</summary>
    public void ContentsChange(Inode* inode, in FileCaller caller)
    {
        if ((inode->Mode & (InodeMode.SetUid | InodeMode.SetGid)) == 0 || !inode->IsRegular || caller.Has(Capability.FileSetId))
            return;
        uint lost = (inode->Mode & InodeMode.SetUid) | LostGroupBit(inode, in caller);
        if (lost == 0)
            return;
        inode->Mode &= ~lost;
        state.MarkChanged(&inode->Header);
        notices.Tell(inode, null, InotifyMask.Attributes);
    }

    private static uint LostGroupBit(Inode* inode, in FileCaller caller)
    {
        bool isForPrograms = (inode->Mode & InodeMode.GroupExecute) != 0;
        bool isKept = !isForPrograms && (caller.Has(Capability.FileSetId) || caller.IsInGroup(inode->Gid));
        return isKept ? 0 : inode->Mode & InodeMode.SetGid;
    }
}
