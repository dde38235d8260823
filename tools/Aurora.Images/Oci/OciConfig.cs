using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Aurora.Images.Oci;

/// <summary>How an image wants to be run, unless who runs it says otherwise.</summary>
public sealed record OciConfig
{
    /// <summary>The program and its first arguments, before <see cref="Command"/>.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>The program, or the arguments of <see cref="Entrypoint"/>.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Each <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>USER or USER:GROUP, names or numbers; empty for root.</summary>
    public string User { get; init; } = "";

    /// <summary>Where the program begins; empty for the root directory.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>What is run when nothing, or these words, are given on a command line.</summary>
    public IReadOnlyList<string> ArgumentsFor(IReadOnlyList<string> words) => [.. Entrypoint, .. words.Count > 0 ? words : Command];

    /// <summary>Reads the config of an image for this system; its layers' digests as well.</summary>
    internal static OciConfig Read(JsonElement config, string place, out IReadOnlyList<OciDigest> layers)
    {
        string system = OciJson.Text(config, "os", place);
        string processor = OciJson.Text(config, "architecture", place);
        if (system is not ("" or "linux") || processor is not ("" or "amd64"))
            throw new ImageException($"{place}: the image is for {system}/{processor}, not for linux/amd64");
        layers = [.. OciJson.Texts(OciJson.Member(config, "rootfs", place), "diff_ids", place).Select(OciDigest.Parse)];
        JsonElement run = OciJson.Member(config, "config", place);
        IReadOnlyList<string> environment = OciJson.Texts(run, "Env", place);
        if (environment.FirstOrDefault(variable => variable.IndexOf('=', StringComparison.Ordinal) < 1) is { } bad)
            throw new ImageException($"{place}: its environment has '{bad}', which is not NAME=VALUE");
        return new OciConfig
        {
            Entrypoint = OciJson.Texts(run, "Entrypoint", place),
            Command = OciJson.Texts(run, "Cmd", place),
            Environment = environment,
            User = OciJson.Text(run, "User", place),
            WorkingDirectory = OciJson.Text(run, "WorkingDir", place),
        };
    }
}
