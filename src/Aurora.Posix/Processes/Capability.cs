namespace Aurora.Posix.Processes;

/// <summary>What a process may do beyond what anybody may (capabilities(7)), by Linux's numbers.</summary>
public enum Capability : byte
{
    Chown = 0,
    DacOverride = 1,
    DacReadSearch = 2,
    FileOwner = 3,
    FileSetId = 4,
    Kill = 5,
    SetGid = 6,
    SetUid = 7,
    SetPermitted = 8,
    LinuxImmutable = 9,
    NetAdmin = 12,
    NetRaw = 13,
    LockMemory = 14,
    IpcOwner = 15,
    SysChroot = 18,
    SysPtrace = 19,
    SysAdmin = 21,
    SysBoot = 22,
    SysNice = 23,
    SysResource = 24,
    SysTime = 25,
    SysTtyConfig = 26,
    MakeNode = 27,
    Lease = 28,
    SetFileCapabilities = 31,
    MacOverride = 32,
    Syslog = 34,
    WakeAlarm = 35,
    BlockSuspend = 36,

    /// <summary>CAP_CHECKPOINT_RESTORE; there are none beyond.</summary>
    Last = 40,
}
