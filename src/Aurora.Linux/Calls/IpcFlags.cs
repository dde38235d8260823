namespace Aurora.Linux.Calls;

/// <summary>Flags and commands that all System V calls share.</summary>
internal static class IpcFlags
{
    public const uint Create = 0x200;
    public const uint Exclusive = 0x400;

    /// <summary>Do not wait.</summary>
    public const uint NoWait = 0x800;

    public const int Remove = 0;
    public const int Set = 1;
    public const int Status = 2;
    public const int Information = 3;
}
