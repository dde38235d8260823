using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>Hears from memory that a file is not mapped any more, which may have been the last use of it.</summary>
public sealed unsafe class MappedFiles(FileState state) : FileKeeper
{
    /// <summary>Memory is in the midst of an operation: the file ends after it.</summary>
    public override void Unmapped(void* keeper) => state.PutOffIfUnused((Inode*)keeper);
}
