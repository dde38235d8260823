namespace Aurora.Posix.Files;

/// <summary>How large the store is and how much of it is free. This one, of groups without a store, knows nothing and refuses nothing.</summary>
public class StorageSpace
{
    /// <summary>Sizes in 4-KiB blocks.</summary>
    public virtual void Describe(out ulong total, out ulong free) => total = free = 0;

    /// <summary>
    /// Asks for room for pages that are about to be written. False: the store could not keep them (ENOSPC). They count as taken until the
    /// checkpoint that holds them is durable.
    /// </summary>
    public virtual bool Take(ulong pages) => true;
}
