// The boot configuration is the machine's PVH module 0 (QEMU's -initrd): NUL-terminated UTF-8 strings "key=value". Keys: arg (repeated:
// init's argument vector), env (repeated), cwd, tty (1: interactive terminal; 0: raw byte console), rows, cols, period_ms, persist
// (1 or 0), uid, gid, group (repeated: further groups), hold (1: show the session, run nothing), and further keys a kernel may know (bench,
// panic). Unknown keys are logged by the kernel, never fatal.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Aurora.Qemu;

/// <summary>What the kernel is told at boot: the first program and how it is run.</summary>
public sealed record BootConfiguration
{
    /// <summary>Init's argument vector; empty means the kernel's default, a shell.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Init's environment, each entry <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    /// <summary>Whom init runs as; null for root.</summary>
    public BootUser? User { get; init; }

    /// <summary>True for an interactive terminal (echo, line editing); false for a console that passes bytes through unchanged.</summary>
    public bool Interactive { get; init; }

    public int? Rows { get; init; }
    public int? Columns { get; init; }

    /// <summary>The time between checkpoints; null for the kernel's default.</summary>
    public int? PeriodMilliseconds { get; init; }

    /// <summary>False runs without checkpoints.</summary>
    public bool Persist { get; init; } = true;

    /// <summary>True to have the session restored and shown, and nothing run.</summary>
    public bool Hold { get; init; }

    /// <summary>Further keys, such as <c>bench</c> or <c>panic</c>.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>The module's bytes. Throws when a value holds a NUL, which the format cannot carry.</summary>
    public byte[] Encode()
    {
        using var module = new MemoryStream();
        foreach (string argument in Arguments)
            Append(module, "arg", argument);
        foreach (string variable in Environment)
            Append(module, "env", variable);
        if (WorkingDirectory != null)
            Append(module, "cwd", WorkingDirectory);
        if (User is { } user)
            AppendUser(module, user);
        Append(module, "tty", Interactive ? "1" : "0");
        Append(module, "rows", Rows);
        Append(module, "cols", Columns);
        Append(module, "period_ms", PeriodMilliseconds);
        Append(module, "persist", Persist ? "1" : "0");
        if (Hold)
            Append(module, "hold", "1");
        foreach ((string key, string value) in Extra)
            Append(module, key, value);
        return module.ToArray();
    }

    private static void AppendUser(MemoryStream module, BootUser user)
    {
        Append(module, "uid", user.UserId.ToString(CultureInfo.InvariantCulture));
        Append(module, "gid", user.GroupId.ToString(CultureInfo.InvariantCulture));
        foreach (uint group in user.Groups)
            Append(module, "group", group.ToString(CultureInfo.InvariantCulture));
    }

    private static void Append(MemoryStream module, string key, int? value)
    {
        if (value is { } number)
            Append(module, key, number.ToString(CultureInfo.InvariantCulture));
    }

    private static void Append(MemoryStream module, string key, string value)
    {
        if (key.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal))
            throw new MachineException($"the boot configuration cannot carry a NUL byte (key {key})");
        module.Write(Encoding.UTF8.GetBytes($"{key}={value}\0"));
    }
}

/// <summary>The user and the groups of the first program.</summary>
/// <param name="UserId">The user.</param>
/// <param name="GroupId">The group.</param>
/// <param name="Groups">Further groups, at most <see cref="MaxGroups"/>.</param>
public sealed record BootUser(uint UserId, uint GroupId, IReadOnlyList<uint> Groups)
{
    /// <summary>As many as a process in the guest can have.</summary>
    public const int MaxGroups = 32;
}
