using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>What a caller wants to do with a file; the values are those of access(2).</summary>
[System.Flags]
public enum FileAccess : uint
{
    None = 0,
    Execute = 1,
    Write = 2,
    Read = 4,
}

/// <summary>The permission rules of POSIX, with one privileged user instead of capabilities.</summary>
public static unsafe class Permissions
{
    /// <summary>Ok or EACCES. The privileged user may read and write everything, and execute what anybody may.</summary>
    public static Errno Check(Inode* inode, in FileCaller caller, FileAccess wanted)
    {
        if (caller.IsPrivileged)
        {
            bool isRefused = (wanted & FileAccess.Execute) != 0 && !inode->IsDirectory && (inode->Mode & InodeMode.AnyExecute) == 0;
            return isRefused ? Errno.EACCES : Errno.Ok;
        }
        int shift = caller.Uid == inode->Uid ? 6 : caller.IsInGroup(inode->Gid) ? 3 : 0;
        uint granted = (inode->Mode >> shift) & 7;
        return ((uint)wanted & ~granted) == 0 ? Errno.Ok : Errno.EACCES;
    }

    /// <summary>Ok or EPERM: only the owner and the privileged user may change a file's attributes.</summary>
    public static Errno CheckOwner(Inode* inode, in FileCaller caller)
        => caller.IsPrivileged || caller.Uid == inode->Uid ? Errno.Ok : Errno.EPERM;

    /// <summary>Whether a name may be taken out of a directory: write and search there, and in a sticky one also ownership.</summary>
    public static Errno CheckRemoval(Inode* directory, Inode* target, in FileCaller caller)
    {
        Errno error = Check(directory, in caller, FileAccess.Write | FileAccess.Execute);
        if (error != Errno.Ok)
            return error;
        bool isGuarded = (directory->Mode & InodeMode.Sticky) != 0 && !caller.IsPrivileged
            && caller.Uid != target->Uid && caller.Uid != directory->Uid;
        return isGuarded ? Errno.EPERM : Errno.Ok;
    }
}
