namespace Aurora.Posix.Files;

/// <summary>The flags of sends and receives (MSG_*), by Linux's values.</summary>
public static class SocketFlags
{
    public const uint OutOfBand = 1;
    public const uint Peek = 2;
    public const uint ControlTruncated = 8;
    public const uint Truncated = 0x20;
    public const uint DontWait = 0x40;
    public const uint EndOfRecord = 0x80;
    public const uint WaitAll = 0x100;
    public const uint ErrorQueue = 0x2000;
    public const uint NoSignal = 0x4000;
    public const uint WaitForOne = 0x10000;
    public const uint CloseOnExec = 0x4000_0000;
}
