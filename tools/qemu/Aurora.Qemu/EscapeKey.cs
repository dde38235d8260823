using System;

namespace Aurora.Qemu;

/// <summary>What the user asked of the launcher, not of the guest.</summary>
public enum EscapeCommand
{
    None,

    /// <summary>Orderly power-off: Ctrl-] q.</summary>
    PowerOff,

    /// <summary>Pull the plug: Ctrl-] k.</summary>
    CutPower,

    /// <summary>Show the keys: Ctrl-] followed by anything else.</summary>
    Help,
}

/// <summary>
/// In raw mode every key belongs to the guest, so one key (Ctrl-], as in telnet) introduces a command to the launcher. Ctrl-] twice
/// sends one to the guest.
/// </summary>
public sealed class EscapeKey
{
    /// <summary>Ctrl-].</summary>
    public const byte Key = 0x1D;

    private bool _escaped;

    /// <summary>
    /// Filters typed bytes in place. Returns how many at the front are for the guest; a command ends the scan and drops what was typed
    /// behind it.
    /// </summary>
    public int Filter(Span<byte> typed, out EscapeCommand command)
    {
        int kept = 0;
        foreach (byte key in typed)
        {
            if (_escaped)
            {
                _escaped = false;
                if (key != Key)
                {
                    command = CommandOf(key);
                    return kept;
                }
            }
            else if (key == Key)
            {
                _escaped = true;
                continue;
            }
            typed[kept++] = key;
        }
        command = EscapeCommand.None;
        return kept;
    }

    private static EscapeCommand CommandOf(byte key) => key switch
    {
        (byte)'q' => EscapeCommand.PowerOff,
        (byte)'k' => EscapeCommand.CutPower,
        _ => EscapeCommand.Help,
    };
}
