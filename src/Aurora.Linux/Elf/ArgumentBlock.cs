// The argument and environment strings of an execve on their way from the old program to the new one: NUL-terminated, arguments first, in one
// buffer made at boot. An execve never sleeps with it in use, so one is enough.
using System;
using Aurora.Base;

namespace Aurora.Linux.Elf;

/// <summary>The strings of one execve.</summary>
public sealed unsafe class ArgumentBlock
{
    /// <summary>All strings together; beyond it execve fails with E2BIG.</summary>
    public const int Bytes = 1 << 20;

    /// <summary>The same with a pointer to each, so that there are not too many empty ones to read in one go.</summary>
    public const int BytesWithPointers = 2 << 20;

    /// <summary>One string (Linux's MAX_ARG_STRLEN).</summary>
    public const int MaxStringBytes = 32 * PageSize.Bytes;

    private readonly byte* _text;
    private int _length;

    // Scripts put their interpreter in front of the arguments: the first strings go into the end of this space, backwards.
    private int _start;

    private const int FrontBytes = 8 * PageSize.Bytes;

    public ArgumentBlock(PageAllocator pages)
    {
        _text = (byte*)pages.Allocate((Bytes + FrontBytes) / PageSize.Bytes);
        Panic.Unless(_text != null, "exec: no memory for arguments"u8);
    }

    public int ArgumentCount { get; private set; }
    public int EnvironmentCount { get; private set; }

    /// <summary>All strings, each with its NUL.</summary>
    public ReadOnlySpan<byte> Text => new(_text + _start, _length - _start);

    /// <summary>Where the next string may be written; at most what one string may have.</summary>
    public Span<byte> Room => new(_text + _length, Math.Min(Bytes + FrontBytes - _length, MaxStringBytes));

    public void Clear()
    {
        _start = _length = FrontBytes;
        ArgumentCount = EnvironmentCount = 0;
    }

    /// <summary>Takes over a string that was written to <see cref="Room"/>; its NUL is added. False when there is no room for it.</summary>
    public bool Commit(int bytes, bool isEnvironment)
    {
        int strings = ArgumentCount + EnvironmentCount + 1;
        if (bytes >= Room.Length || _length - _start + bytes + (strings * sizeof(ulong)) > BytesWithPointers)
            return false;
        _text[_length + bytes] = 0;
        _length += bytes + 1;
        if (isEnvironment)
            EnvironmentCount++;
        else
            ArgumentCount++;
        return true;
    }

    /// <summary>Adds a string.</summary>
    public bool Add(ReadOnlySpan<byte> text, bool isEnvironment)
    {
        if (text.Length >= Room.Length)
            return false;
        text.CopyTo(Room);
        return Commit(text.Length, isEnvironment);
    }

    /// <summary>Puts an argument in front of the others.</summary>
    public bool AddFront(ReadOnlySpan<byte> text)
    {
        if (text.Length + 1 > _start)
            return false;
        _start -= text.Length + 1;
        text.CopyTo(new Span<byte>(_text + _start, text.Length));
        _text[_start + text.Length] = 0;
        ArgumentCount++;
        return true;
    }

    /// <summary>Removes the first argument; there must be one.</summary>
    public void RemoveFront()
    {
        _start += new ReadOnlySpan<byte>(_text + _start, _length - _start).IndexOf((byte)0) + 1;
        ArgumentCount--;
    }
}
