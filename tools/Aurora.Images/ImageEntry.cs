using System;

namespace Aurora.Images;

/// <summary>One file of an image, as <c>ls -l</c> shows it.</summary>
/// <param name="Path">The absolute path in the guest.</param>
/// <param name="Mode">Type and permissions, as st_mode.</param>
/// <param name="Links">How many names the file has.</param>
/// <param name="UserId">The owner.</param>
/// <param name="GroupId">The owning group.</param>
/// <param name="Size">The length in bytes.</param>
/// <param name="Modified">When the contents last changed.</param>
/// <param name="Target">What a symbolic link says; empty otherwise.</param>
public sealed record ImageEntry(string Path, uint Mode, uint Links, uint UserId, uint GroupId, ulong Size, DateTimeOffset Modified, string Target)
{
    private const string Permissions = "rwxrwxrwx";

    /// <summary>The ten letters of <c>ls -l</c>.</summary>
    public string ModeText
    {
        get
        {
            Span<char> text = stackalloc char[10];
            text[0] = (Mode >> 12) switch { 1 => 'p', 2 => 'c', 4 => 'd', 6 => 'b', 8 => '-', 10 => 'l', 12 => 's', _ => '?' };
            for (int bit = 0; bit < Permissions.Length; bit++)
                text[bit + 1] = (Mode & (0x100u >> bit)) != 0 ? Permissions[bit] : '-';
            Special(text, 0x800, 3, 's');
            Special(text, 0x400, 6, 's');
            Special(text, 0x200, 9, 't');
            return new string(text);
        }
    }

    private void Special(Span<char> text, uint bit, int place, char letter)
    {
        if ((Mode & bit) != 0)
            text[place] = text[place] == 'x' ? letter : char.ToUpperInvariant(letter);
    }
}
