using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>
/// Where a process's paths start, and its umask. Persistent (<see cref="ObjectKind.FileContext"/>); Header.References counts the
/// processes that share it (CLONE_FS). Protected by the kernel lock.
/// </summary>
public unsafe struct FileContext
{
    public ObjectHeader Header;
    public Inode* Root;
    public Inode* CurrentDirectory;
    public uint Umask;
}
