namespace Aurora.Memory;

/// <summary>Whoever holds the objects of files (Aurora.Posix): it is told when nothing else does.</summary>
public abstract unsafe class FileKeeper
{
    /// <summary>
    /// No mapping and no overlay refers to a file's object any more, only what keeps it (<see cref="VmObject.Keeper"/>), which may give it
    /// up now.
    /// </summary>
    public abstract void Unmapped(void* keeper);
}
