using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The times that files bear.</summary>
public sealed unsafe class FileStamps(FileState state, GroupClocks clocks)
{
    /// <summary>The time that a file's group sees, in nanoseconds since 1970.</summary>
    public long NowOf(Inode* inode) => (long)clocks.Of(&inode->Header).RealtimeNanoseconds;

    /// <summary>As above, as it was a moment ago: for what need not be exact.</summary>
    public long RecentOf(Inode* inode) => (long)clocks.Of(&inode->Header).RecentRealtimeNanoseconds;

    /// <summary>The time that a group sees; as above.</summary>
    public long NowOf(ObjectTracker group) => (long)clocks.Of(group).RealtimeNanoseconds;

    /// <summary>Stamps an inode whose attributes or names changed.</summary>
    public void TouchStatus(Inode* inode)
    {
        inode->ChangeTime = NowOf(inode);
        state.MarkChanged(&inode->Header);
    }

    /// <summary>Stamps both when a directory gets or loses a name of an inode.</summary>
    public void TouchName(Inode* directory, Inode* target)
    {
        directory->ModifyTime = directory->ChangeTime = target->ChangeTime = NowOf(directory);
        state.MarkChanged(&directory->Header);
        state.MarkChanged(&target->Header);
    }

    /// <summary>Stamps an inode whose contents changed: a directory, when its entries did.</summary>
    public void TouchContents(Inode* inode)
    {
        inode->ModifyTime = inode->ChangeTime = NowOf(inode);
        state.MarkChanged(&inode->Header);
    }
}
