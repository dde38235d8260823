namespace Aurora.Posix.Files;

public sealed unsafe partial class FileServices
{
    /// <summary>Lets go of what a walk found.</summary>
    public void Release(ref WalkResult result)
    {
        Inode* inode = result.Inode;
        Inode* directory = result.Directory;
        result.Inode = result.Directory = null;
        Release(inode);
        Release(directory);
    }
}
