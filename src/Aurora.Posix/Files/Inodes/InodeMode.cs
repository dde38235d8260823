namespace Aurora.Posix.Files;

/// <summary>The bits of st_mode: a file's type in the top four of sixteen, then set-id and sticky, then three times rwx.</summary>
public static class InodeMode
{
    public const uint TypeMask = 0xF000;
    public const int DirectoryTypeShift = 12;
    public const uint Fifo = 0x1000;
    public const uint CharacterDevice = 0x2000;
    public const uint Directory = 0x4000;
    public const uint BlockDevice = 0x6000;
    public const uint Regular = 0x8000;
    public const uint SymbolicLink = 0xA000;
    public const uint Socket = 0xC000;

    public const uint SetUid = 0x800;
    public const uint SetGid = 0x400;
    public const uint Sticky = 0x200;
    public const uint GroupExecute = 0x8;
    public const uint OtherWrite = 0x2;
    public const uint AnyExecute = 0x49;

    /// <summary>What chmod may set.</summary>
    public const uint PermissionMask = 0xFFF;
    public const uint AccessMask = 0x1FF;

    /// <summary>True for the seven types a mode may name.</summary>
    public static bool IsValidType(uint mode)
        => (mode & TypeMask) is Fifo or CharacterDevice or Directory or BlockDevice or Regular or SymbolicLink or Socket;

    /// <summary>The type as getdents reports it (DT_*).</summary>
    public static byte DirectoryType(uint mode) => (byte)(mode >> DirectoryTypeShift);
}
