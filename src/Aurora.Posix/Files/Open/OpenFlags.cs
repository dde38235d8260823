namespace Aurora.Posix.Files;

/// <summary>The flags of open(2) and fcntl(F_GETFL), by their Linux x86-64 values.</summary>
public static class OpenFlags
{
    public const uint ReadOnly = 0;
    public const uint WriteOnly = 1;
    public const uint ReadWrite = 2;
    public const uint AccessMask = 3;
    public const uint Create = 0x40;
    public const uint Exclusive = 0x80;
    public const uint NoControllingTerminal = 0x100;
    public const uint Truncate = 0x200;
    public const uint Append = 0x400;
    public const uint NonBlocking = 0x800;
    public const uint DataSync = 0x1000;
    public const uint Async = 0x2000;
    public const uint Direct = 0x4000;
    public const uint LargeFile = 0x8000;
    public const uint Directory = 0x10000;
    public const uint NoFollow = 0x20000;
    public const uint NoAccessTime = 0x40000;
    public const uint CloseOnExec = 0x80000;
    public const uint Sync = 0x101000;
    public const uint Path = 0x200000;
    public const uint TemporaryFile = 0x410000;

    /// <summary>Not a program's: the call that opens the file is not over, and it has no descriptor.</summary>
    public const uint Opening = Create;

    /// <summary>What stays with the open file.</summary>
    public const uint Kept = AccessMask | Append | NonBlocking | Sync | Async | Direct | LargeFile | Directory | NoFollow | NoAccessTime | Path;

    /// <summary>What fcntl(F_SETFL) may change, beside Async (FileWatching).</summary>
    public const uint Changeable = Append | NonBlocking | Direct | NoAccessTime;
}
