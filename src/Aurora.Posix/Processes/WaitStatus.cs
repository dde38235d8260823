namespace Aurora.Posix.Processes;

/// <summary>The status word of wait4.</summary>
public static class WaitStatus
{
    public const int Continued = 0xFFFF;

    public static int Exited(int code) => (code & 0xFF) << 8;

    /// <summary>The core flag (0x80) is never set: as on Linux it means that a core file was written, and none ever is.</summary>
    public static int Killed(int signal) => signal;

    public static int Stopped(int signal) => (signal << 8) | 0x7F;

    public static bool IsExit(int status) => (status & 0x7F) == 0;
    public static int ExitCode(int status) => (status >> 8) & 0xFF;
    public static int SignalOf(int status) => status & 0x7F;

}
