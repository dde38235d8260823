using System;
using System.Runtime.InteropServices;

namespace Aurora.Sls;

/// <summary>The words of a command line after the verb. Options are looked for in front of what is not one; "--" ends them.</summary>
internal unsafe ref struct Arguments(int count, byte** words)
{
    private int _next = 2;
    private bool _isPlain;

    /// <summary>Words that are left.</summary>
    public readonly int Left => count - _next;

    /// <summary>What follows the last word in memory: the environment.</summary>
    public readonly byte** Environment => words + count + 1;

    /// <summary>The words that are left, ended by a null pointer.</summary>
    public readonly byte** Rest => words + _next;

    /// <summary>True when the next word is an option, which is taken; an end of the options is skipped.</summary>
    public bool TakeOption(out ReadOnlySpan<byte> option)
    {
        option = default;
        if (_isPlain || Left == 0)
            return false;
        ReadOnlySpan<byte> word = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(words[_next]);
        if (word.Length < 2 || word[0] != '-' || (word.Length > 1 && char.IsAsciiDigit((char)word[1])))
            return false;
        _next++;
        _isPlain = word.SequenceEqual("--"u8);
        option = word;
        return !_isPlain;
    }

    /// <summary>Takes a "--" that comes next.</summary>
    public void SkipEndOfOptions()
    {
        if (!_isPlain && Left != 0 && MemoryMarshal.CreateReadOnlySpanFromNullTerminated(words[_next]).SequenceEqual("--"u8))
            _next++;
    }

    /// <summary>The next word, zero-terminated; null when there is none.</summary>
    public byte* Take() => Left == 0 ? null : words[_next++];
}
