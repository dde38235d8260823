namespace Aurora.Posix.Files;

/// <summary>How large the store is and how much of it is free, for statfs. This one, of groups without a store, knows nothing.</summary>
public class StorageSpace
{
    /// <summary>Sizes in 4-KiB blocks.</summary>
    public virtual void Describe(out ulong total, out ulong free) => total = free = 0;
}
