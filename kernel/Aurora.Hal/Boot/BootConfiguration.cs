// The boot configuration is a sequence of NUL-terminated "key=value" strings in module 0, written by the launcher:
//
//   arg      (repeated) the argument vector of init         tty        1: interactive terminal, 0: raw byte console
//   env      (repeated) its environment                      rows, cols window size
//   cwd      its working directory                           period_ms  checkpoint period
//   bench    run this benchmark instead of init              persist    1: checkpoint, 0: do not
//   destroy  serial number of the disk it may overwrite      hold       1: restore the session and show it, run nothing
//   uid, gid init's user and group                           group      (repeated) a further group of it
//
// Values are bytes without NUL; numbers are decimal. A missing module means the defaults. The last of a repeated single key wins. Unknown
// keys are counted and skipped, so that a newer launcher can start an older kernel; the caller reports them.
using System;

namespace Aurora.Hal;

/// <summary>The validated boot configuration; the strings stay in the module's memory.</summary>
public ref struct BootConfiguration
{
    private const int MaxStrings = 4096;
    private const uint MaxId = uint.MaxValue - 1; // -1 stands for no id

    /// <summary>As many as a process can have.</summary>
    public const int MaxGroups = 32;

    private ReadOnlySpan<byte> _bytes;
    private ReadOnlySpan<byte> _workingDirectory;
    private ReadOnlySpan<byte> _benchmark;
    private ReadOnlySpan<byte> _destroyableDisk;

    /// <summary>The number of arg strings; zero means the default program.</summary>
    public int ArgumentCount { readonly get; private set; }
    public int EnvironmentCount { readonly get; private set; }
    public int UnknownKeyCount { readonly get; private set; }
    public bool IsInteractive { readonly get; private set; }
    public bool Persists { readonly get; private set; }

    /// <summary>True when the session is only to be looked at.</summary>
    public bool IsHeld { readonly get; private set; }
    public ushort Rows { readonly get; private set; }
    public ushort Columns { readonly get; private set; }
    public uint PeriodMilliseconds { readonly get; private set; }

    /// <summary>Whom init runs as.</summary>
    public uint UserId { readonly get; private set; }
    public uint GroupId { readonly get; private set; }

    /// <summary>The number of its further groups.</summary>
    public int GroupCount { readonly get; private set; }

    public readonly ReadOnlySpan<byte> WorkingDirectory => _workingDirectory;

    /// <summary>The benchmark to run instead of init; empty for none.</summary>
    public readonly ReadOnlySpan<byte> Benchmark => _benchmark;

    /// <summary>The serial number of the disk a benchmark may overwrite; empty for none.</summary>
    public readonly ReadOnlySpan<byte> DestroyableDisk => _destroyableDisk;

    /// <summary>What applies when there is no module.</summary>
    public static BootConfiguration Default => new()
    {
        _workingDirectory = "/"u8,
        IsInteractive = true,
        Persists = true,
        Rows = 24,
        Columns = 80,
        PeriodMilliseconds = 10,
    };

    /// <summary>Validates every string; <paramref name="faultOffset"/> is the byte offset of the refused one.</summary>
    public static BootStatus Parse(ReadOnlySpan<byte> bytes, out BootConfiguration configuration, out int faultOffset)
    {
        configuration = Default;
        configuration._bytes = bytes;
        faultOffset = 0;
        int offset = 0;
        for (int count = 0; offset < bytes.Length; count++)
        {
            faultOffset = offset;
            if (count == MaxStrings)
                return BootStatus.ConfigurationTooManyStrings;
            int length = bytes[offset..].IndexOf((byte)0);
            if (length < 0)
                return BootStatus.ConfigurationNotTerminated;
            BootStatus status = configuration.Apply(bytes.Slice(offset, length));
            if (status != BootStatus.Ok)
                return status;
            offset += length + 1;
        }
        faultOffset = 0;
        return BootStatus.Ok;
    }

    /// <summary>Argument <paramref name="index"/> of init, or the default program's when none were given.</summary>
    public readonly bool TryGetArgument(int index, out ReadOnlySpan<byte> value)
    {
        if (ArgumentCount > 0)
            return TryGetRepeated("arg"u8, index, out value);
        value = index switch { 0 => "/bin/busybox"u8, 1 => "sh"u8, _ => default };
        return index is 0 or 1;
    }

    /// <summary>Environment string <paramref name="index"/> ("NAME=value").</summary>
    public readonly bool TryGetEnvironment(int index, out ReadOnlySpan<byte> value) => TryGetRepeated("env"u8, index, out value);

    /// <summary>A further group of init.</summary>
    public readonly bool TryGetGroup(int index, out uint group)
    {
        group = 0;
        return TryGetRepeated("group"u8, index, out ReadOnlySpan<byte> value) && TryParse(value, 0, MaxId, out group);
    }

    private readonly bool TryGetRepeated(ReadOnlySpan<byte> key, int index, out ReadOnlySpan<byte> value)
    {
        int offset = 0;
        while (offset < _bytes.Length)
        {
            int length = _bytes[offset..].IndexOf((byte)0);
            ReadOnlySpan<byte> text = _bytes.Slice(offset, length);
            if (text.Length > key.Length && text[key.Length] == '=' && text.StartsWith(key) && index-- == 0)
            {
                value = text[(key.Length + 1)..];
                return true;
            }
            offset += length + 1;
        }
        value = default;
        return false;
    }

    private BootStatus Apply(ReadOnlySpan<byte> text)
    {
        int equals = text.IndexOf((byte)'=');
        if (equals <= 0)
            return BootStatus.ConfigurationWithoutKey;
        ReadOnlySpan<byte> key = text[..equals];
        ReadOnlySpan<byte> value = text[(equals + 1)..];
        if (key.SequenceEqual("arg"u8))
            ArgumentCount++;
        else if (key.SequenceEqual("env"u8))
            EnvironmentCount++;
        else if (key.SequenceEqual("cwd"u8))
            _workingDirectory = value;
        else if (key.SequenceEqual("bench"u8))
            _benchmark = value;
        else if (key.SequenceEqual("destroy"u8))
            _destroyableDisk = value;
        else
            return ApplyNumber(key, value);
        return BootStatus.Ok;
    }

    private BootStatus ApplyNumber(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        uint number;
        if (key.SequenceEqual("tty"u8) && TryParse(value, 0, 1, out number))
            IsInteractive = number == 1;
        else if (key.SequenceEqual("persist"u8) && TryParse(value, 0, 1, out number))
            Persists = number == 1;
        else if (key.SequenceEqual("hold"u8) && TryParse(value, 0, 1, out number))
            IsHeld = number == 1;
        else if (key.SequenceEqual("rows"u8) && TryParse(value, 1, ushort.MaxValue, out number))
            Rows = (ushort)number;
        else if (key.SequenceEqual("cols"u8) && TryParse(value, 1, ushort.MaxValue, out number))
            Columns = (ushort)number;
        else if (key.SequenceEqual("period_ms"u8) && TryParse(value, 1, 3_600_000, out number))
            PeriodMilliseconds = number;
        else if (key.SequenceEqual("uid"u8) && TryParse(value, 0, MaxId, out number))
            UserId = number;
        else if (key.SequenceEqual("gid"u8) && TryParse(value, 0, MaxId, out number))
            GroupId = number;
        else if (key.SequenceEqual("group"u8) && GroupCount < MaxGroups && TryParse(value, 0, MaxId, out number))
            GroupCount++;
        else if (IsNumberKey(key))
            return BootStatus.ConfigurationBadNumber;
        else
            UnknownKeyCount++;
        return BootStatus.Ok;
    }

    private static bool IsNumberKey(ReadOnlySpan<byte> key)
        => key.SequenceEqual("tty"u8) || key.SequenceEqual("persist"u8) || key.SequenceEqual("hold"u8) || key.SequenceEqual("rows"u8)
            || key.SequenceEqual("cols"u8) || key.SequenceEqual("period_ms"u8) || key.SequenceEqual("uid"u8) || key.SequenceEqual("gid"u8)
            || key.SequenceEqual("group"u8);

    private static bool TryParse(ReadOnlySpan<byte> text, uint minimum, uint maximum, out uint number)
    {
        ulong value = 0;
        number = 0;
        if (text.IsEmpty || text.Length > 10)
            return false;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            value = (value * 10) + (uint)(digit - '0');
        }
        number = (uint)value;
        return value >= minimum && value <= maximum;
    }
}
