using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>Hears from memory that a file is not mapped any more, which may have been the last use of it.</summary>
internal sealed unsafe class MappedFiles(Inodes inodes) : FileKeeper
{
    public override void Unmapped(void* keeper) => inodes.EndIfUnused((Inode*)keeper);
}
