using System;
using System.Collections.Generic;
using Aurora.Qemu;

namespace Aurora.Cli.Workspace;

/// <summary>What a guest's first program is given.</summary>
internal static class GuestEnvironment
{
    public static IReadOnlyList<string> Default { get; } =
        ["PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/lib/aurora", "HOME=/root", "USER=root", "SHELL=/bin/sh", "LANG=C.UTF-8"];

    /// <summary>Variables of which a later one replaces an earlier one of the same name.</summary>
    public static IReadOnlyList<string> Merge(IEnumerable<string> variables)
    {
        var merged = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string variable in variables)
            merged[variable[..variable.IndexOf('=', StringComparison.Ordinal)]] = variable;
        return [.. merged.Values];
    }

    /// <summary>Adds what depends on the host's terminal: an interactive console and its size, or a raw byte console.</summary>
    public static BootConfiguration WithTerminal(BootConfiguration boot)
    {
        if (!HostTerminal.IsInteractive)
            return boot with { Interactive = false };
        (int rows, int columns) = HostTerminal.Size ?? (24, 80);
        string type = Environment.GetEnvironmentVariable("TERM") ?? "vt100";
        return boot with { Interactive = true, Rows = rows, Columns = columns, Environment = [.. boot.Environment, "TERM=" + type] };
    }
}
