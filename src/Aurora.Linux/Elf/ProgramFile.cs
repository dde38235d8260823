using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Linux.Elf;

/// <summary>An executable file as the loader sees it. Valid within one dispatch: nothing in it is held.</summary>
public unsafe struct ProgramFile
{
    /// <summary>The file's pages.</summary>
    public VmObject* Data;
    public ulong Bytes;

    /// <summary>The inode, for /proc and for the mappings.</summary>
    public ObjectId Inode;

    /// <summary>Its caller may also read it; what he may not read he may not look into while it runs either.</summary>
    public bool IsReadable;

    /// <summary>Set-id bits and owner.</summary>
    public bool SetsUid;
    public bool SetsGid;
    public uint Uid;
    public uint Gid;
}
