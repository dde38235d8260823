using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>How large the store is and how much of it is free. This one, of groups without a store, knows nothing and refuses
/// nothing.</summary>
public class StorageSpace
{
    /// <summary>Sizes in 4-KiB blocks.</summary>
    public virtual void Describe(out ulong total, out ulong free) => total = free = 0;

    /// <summary>Of the free blocks, those that only a program with CAP_SYS_RESOURCE gets.</summary>
    public virtual ulong KeptForRoot => 0;

    /// <summary>
    /// Asks for room for pages that are about to be written. OutOfMemory: the store could not keep them (ENOSPC); WouldBlock: it is making
    /// room. What was granted counts as taken until the checkpoint of the group that holds it is durable.
    /// </summary>
    public virtual PageAccess Take(ushort group, ulong pages) => new() { Status = MemoryStatus.Ok };

    /// <summary>True while the store has no room even for a name in a group.</summary>
    public virtual bool IsFullFor(ushort group) => false;
}
