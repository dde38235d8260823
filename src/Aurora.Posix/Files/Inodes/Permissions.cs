using System.Runtime.CompilerServices;
using Aurora.Posix.Processes;
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

/// <summary>The permission rules of POSIX, and the capabilities that overrule them.</summary>
public static unsafe class Permissions
{
    /// <summary>Ok or EACCES. Who may overrule the mode may read and write everything, and execute what anybody may.</summary>
    public static Errno Check(Inode* inode, in FileCaller caller, FileAccess wanted)
    {
        int shift = caller.Uid == inode->Uid ? 6 : caller.IsInGroup(inode->Gid) ? 3 : 0;
        uint granted = (inode->Mode >> shift) & 7;
        bool isAllowed = ((uint)wanted & ~granted) == 0 || MayOverrule(inode, in caller, wanted) || IsOwnDescriptors(inode, in caller);
        return isAllowed ? Errno.Ok : Errno.EACCES;
    }

    /// <summary>Whether a caller may look up names in a directory; most of them everybody may.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Errno CheckSearch(Inode* directory, in FileCaller caller)
        => (directory->Mode & InodeMode.AnyExecute) == InodeMode.AnyExecute ? Errno.Ok : Check(directory, in caller, FileAccess.Execute);

    // A process sees its own descriptors, even when it is not its user's to look into.
    private static bool IsOwnDescriptors(Inode* inode, in FileCaller caller)
        => inode->IsProc && inode->ProcKey.Node == ProcNode.ProcessDescriptors && caller.Thread != null
            && caller.Thread->Process->Header.Id == inode->ProcOwner;

    private static bool MayOverrule(Inode* inode, in FileCaller caller, FileAccess wanted)
    {
        bool onlyLooks = inode->IsDirectory ? (wanted & FileAccess.Write) == 0 : wanted == FileAccess.Read;
        if (onlyLooks && caller.Has(Capability.DacReadSearch))
            return true;
        bool isPossible = inode->IsDirectory || (wanted & FileAccess.Execute) == 0 || (inode->Mode & InodeMode.AnyExecute) != 0;
        return isPossible && caller.Has(Capability.DacOverride);
    }

    /// <summary>Ok or EPERM: only the owner, and who may act as any owner, may change a file's attributes.</summary>
    public static Errno CheckOwner(Inode* inode, in FileCaller caller)
        => caller.Uid == inode->Uid || caller.Has(Capability.FileOwner) ? Errno.Ok : Errno.EPERM;

    /// <summary>Whether a name may be taken out of a directory: write and search there, and in a sticky one also ownership.</summary>
    public static Errno CheckRemoval(Inode* directory, Inode* target, in FileCaller caller)
    {
        Errno error = Check(directory, in caller, FileAccess.Write | FileAccess.Execute);
        if (error != Errno.Ok)
            return error;
        bool isGuarded = (directory->Mode & InodeMode.Sticky) != 0
            && caller.Uid != target->Uid && caller.Uid != directory->Uid && !caller.Has(Capability.FileOwner);
        return isGuarded ? Errno.EPERM : Errno.Ok;
    }

    /// <summary>
    /// Whether a file may be given another name (fs.protected_hardlinks): by its owner, or by who can read and write it anyway and would
    /// not keep a program with set-id bits that its owner replaces.
    /// </summary>
    public static Errno CheckLink(Inode* target, in FileCaller caller)
    {
        if (CheckOwner(target, in caller) == Errno.Ok)
            return Errno.Ok;
        bool runsAsGroup = (target->Mode & (InodeMode.SetGid | InodeMode.GroupExecute)) == (InodeMode.SetGid | InodeMode.GroupExecute);
        bool isPlain = target->IsRegular && (target->Mode & InodeMode.SetUid) == 0 && !runsAsGroup;
        return isPlain && Check(target, in caller, FileAccess.Read | FileAccess.Write) == Errno.Ok ? Errno.Ok : Errno.EPERM;
    }

    /// <summary>
    /// Whether a symbolic link at the end of a path is followed (fs.protected_symlinks): in a sticky directory where everybody may put
    /// links, only those of the caller and of the directory's owner.
    /// </summary>
    public static Errno CheckFollow(Inode* directory, Inode* link, in FileCaller caller)
    {
        const uint Open = InodeMode.Sticky | InodeMode.OtherWrite;
        bool isTrap = (directory->Mode & Open) == Open && link->Uid != caller.Uid && link->Uid != directory->Uid;
        return isTrap ? Errno.EACCES : Errno.Ok;
    }
}
