using System;
using System.CommandLine;
using System.Linq;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary>The options of every command that can make an image: where its root file system comes from.</summary>
internal sealed class RootOptions
{
    private readonly Option<string?> _root = new("--root")
    {
        Description = "A folder or tar archive (plain, gzip or zstd) for the root file system of a new image (default: busybox).",
    };

    private readonly Option<string?> _oci = new("--oci")
    {
        Description = "A saved image of containers: a folder or archive in OCI's layout, or what docker save has made; "
            + "of several images, PATH:NAME.",
    };

    private readonly Option<string[]> _packages = new("--packages")
    {
        Description = "Debian packages, with commas: a root with these and all they need, from the host's sources; made once, "
            + "then copied.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_root);
        command.Options.Add(_oci);
        command.Options.Add(_packages);
        command.Validators.Add(result =>
        {
            if (((Option[])[_root, _oci, _packages]).Count(option => result.GetResult(option) is { Implicit: false }) > 1)
                result.AddError("--root, --oci and --packages exclude each other");
        });
    }

    /// <summary>True when the image says itself what is run in it.</summary>
    public bool NamesProgram(System.CommandLine.Parsing.CommandResult result) => result.GetValue(_oci) != null;

    public RootChoice Get(ParseResult parsed) => new(parsed.GetValue(_root), parsed.GetValue(_oci), PackagesIn(parsed));

    private string[] PackagesIn(ParseResult parsed)
        => [.. (parsed.GetValue(_packages) ?? []).SelectMany(list => list.Split(','))
            .Select(name => name.Trim()).Where(name => name.Length > 0)];
}
