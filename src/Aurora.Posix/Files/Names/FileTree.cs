using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>
/// What must be known of a group's directory tree before anything of it is read. Persistent (<see cref="ObjectKind.FileTree"/>), one a
/// group. Protected by the kernel lock.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileTree
{
    public ObjectHeader Header;

    /// <summary>The key under which names are hashed (<see cref="NameHash"/>); chosen with the first name, and kept.</summary>
    public ulong HashKey0, HashKey1;
    public bool HasKey;

    /// <summary>The number of the next directory (<see cref="FileIds.DirectoryLimit"/>).</summary>
    public ulong NextDirectory;

    /// <summary>The inodes of the root directory and of /proc; none while there is none.</summary>
    public ObjectId Root, ProcRoot;
}
