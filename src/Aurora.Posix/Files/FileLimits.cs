namespace Aurora.Posix.Files;

/// <summary>How many of each kind of file object may exist; memory is taken as they appear.</summary>
public struct FileLimits
{
    public int MaxInodes;
    public int MaxEntries;
    public int MaxOpenFiles;
    public int MaxTables;

    public static FileLimits Default => new()
    {
        MaxInodes = 1 << 20,
        MaxEntries = 1 << 20,
        MaxOpenFiles = 1 << 17,
        MaxTables = 1 << 15,
    };
}
