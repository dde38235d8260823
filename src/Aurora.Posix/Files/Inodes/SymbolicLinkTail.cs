using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>
/// Carries the end of a symbolic link's target that does not fit into the inode's own record. A kernel object of its own because a
/// record is bounded; the bytes themselves are in the inode's target page.
/// </summary>
public unsafe struct SymbolicLinkTail
{
    /// <summary>Bytes of a target in the inode's record; the rest is here.</summary>
    public const int FirstByte = 2800;

    public ObjectHeader Header;
    public Inode* Owner;
}
