using System.Collections.Generic;

namespace Aurora.Cli.Workspace;

/// <summary>What is run in a machine and how, as its user said it.</summary>
/// <param name="Arguments">The program and its arguments; empty for what the image names.</param>
internal sealed record ProgramChoice(IReadOnlyList<string> Arguments)
{
    /// <summary>What is run in place of what the image names, empty for only the arguments; null for what the image names.</summary>
    public string? Entrypoint { get; init; }

    /// <summary>Variables, each NAME=VALUE, beside those that programs get anyway.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>An absolute path; null for the image's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>USER or USER:GROUP; null for the image's.</summary>
    public string? User { get; init; }

    /// <summary>Files and folders that are copied into a new image.</summary>
    public IReadOnlyList<(string Host, string Guest)> Volumes { get; init; } = [];

    /// <summary>True for a program that is run whatever the image names.</summary>
    public bool IgnoresEntrypoint { get; init; }
}
