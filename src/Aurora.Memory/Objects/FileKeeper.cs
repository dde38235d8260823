namespace Aurora.Memory;

/// <summary>Hears on behalf of those who hold the objects of files (Aurora.Posix) when nothing else does.</summary>
public abstract unsafe class FileKeeper
{
    /// <summary>
    /// No mapping and no overlay refers to a file's object any more, only what keeps it (<see cref="VmObject.Keeper"/>), which may give it
    /// up, but later: memory is in the midst of an operation.
    /// </summary>
    public abstract void Unmapped(void* keeper);
}
