using System.Runtime.InteropServices;

namespace Aurora.Posix.Terminals;

/// <summary>
/// Terminal settings as System V had them: struct termio of the x86-64 ABI (18 bytes), with the lower halves of the flags and the first
/// eight control characters. What it does not have stays when it is set.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct OldTermios
{
    public const int Bytes = 18;

    private const int CharacterCount = 8;
    private const uint UpperHalf = 0xFFFF0000;

    public ushort InputFlags;
    public ushort OutputFlags;
    public ushort ControlFlags;
    public ushort LocalFlags;
    public byte Line;
    public fixed byte Characters[CharacterCount];

    /// <summary>What these settings are in this form.</summary>
    public static OldTermios Of(Termios settings)
    {
        var old = new OldTermios
        {
            InputFlags = (ushort)settings.InputFlags,
            OutputFlags = (ushort)settings.OutputFlags,
            ControlFlags = (ushort)settings.ControlFlags,
            LocalFlags = (ushort)settings.LocalFlags,
            Line = settings.Line,
        };
        for (int i = 0; i < CharacterCount; i++)
            old.Characters[i] = settings.Characters[i];
        return old;
    }

    /// <summary>The settings that these make of others.</summary>
    public Termios Over(Termios settings)
    {
        Termios result = settings;
        result.InputFlags = (settings.InputFlags & UpperHalf) | InputFlags;
        result.OutputFlags = (settings.OutputFlags & UpperHalf) | OutputFlags;
        result.ControlFlags = (settings.ControlFlags & UpperHalf) | ControlFlags;
        result.LocalFlags = (settings.LocalFlags & UpperHalf) | LocalFlags;
        for (int i = 0; i < CharacterCount; i++)
            result.Characters[i] = Characters[i];
        return result;
    }
}
