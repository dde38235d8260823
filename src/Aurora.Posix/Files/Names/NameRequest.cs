using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Something of a directory tree that is being read. Lives in a bounded table. Protected by the kernel lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct NameRequest
{
    /// <summary>The directory whose entries are wanted, or the one with the entry whose inode is wanted; held.</summary>
    internal Inode* Directory;

    /// <summary>The entry whose inode is wanted, and what it leads to; none when entries are wanted. It may go before the request
    /// ends.</summary>
    internal ObjectId Entry;
    internal ObjectId Target;

    /// <summary>Entries are wanted from the bucket of this hash on, which counts in the order of places.</summary>
    internal uint From;

    /// <summary>Somebody goes through the directory: what follows is wanted too.</summary>
    internal bool IsListing;

    /// <summary>Somebody who waits has CAP_SYS_RESOURCE, or is the kernel: memory that is kept for such may be used.</summary>
    internal bool IsPrivileged;
    internal bool IsActive;

    /// <summary>Where threads wait for it.</summary>
    internal WaitQueue Waiters;
    internal NameRequest* NextQueued;
}
