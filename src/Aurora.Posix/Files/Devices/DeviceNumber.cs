namespace Aurora.Posix.Files;

/// <summary>Device numbers in Linux's encoding (huge_encode_dev): the low bytes of minor and major are adjacent.</summary>
public static class DeviceNumber
{
    /// <summary>st_dev of ordinary files and of /proc.</summary>
    public const ulong FileSystem = 0x15;
    public const ulong ProcFileSystem = 0x16;

    /// <summary>st_dev of what is in /dev/pts.</summary>
    public const ulong TerminalFileSystem = 0x17;

    /// <summary>st_dev of what is in /dev/mqueue.</summary>
    public const ulong QueueFileSystem = 0x18;

    public const ulong Null = (1 << 8) | 3;
    public const ulong Zero = (1 << 8) | 5;
    public const ulong Full = (1 << 8) | 7;
    public const ulong Random = (1 << 8) | 8;
    public const ulong Urandom = (1 << 8) | 9;

    /// <summary>/dev/tty: the caller's controlling terminal.</summary>
    public const ulong ControllingTerminal = 5 << 8;
    public const ulong Console = (5 << 8) | 1;

    /// <summary>/dev/ptmx: each opening makes a pseudo-terminal.</summary>
    public const ulong Multiplexer = (5 << 8) | 2;

    /// <summary>The major number of pseudo-terminals; the minor one is their own.</summary>
    public const uint PseudoTerminals = 136;
    public const ulong SerialTerminal = (4 << 8) | 64;

    public static ulong Make(uint major, uint minor)
        => (minor & 0xFF) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & ~0xFFu) << 12) | ((ulong)(major & ~0xFFFu) << 32);

    public static uint Major(ulong device) => (uint)(((device >> 8) & 0xFFF) | ((device >> 32) & ~0xFFFUL));

    public static uint Minor(ulong device) => (uint)((device & 0xFF) | ((device >> 12) & 0xFFFFFF00));
}
