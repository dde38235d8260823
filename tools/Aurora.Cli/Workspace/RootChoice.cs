using System.Collections.Generic;
using System.Linq;

namespace Aurora.Cli.Workspace;

/// <summary>What a new image holds: one of these, or, when none is given, the standard root.</summary>
/// <param name="Folder">A folder or tar archive.</param>
/// <param name="Oci">A saved image of containers.</param>
/// <param name="Packages">Names of Debian packages.</param>
internal sealed record RootChoice(string? Folder, string? Oci, IReadOnlyList<string> Packages)
{
    public static RootChoice Standard { get; } = new(null, null, []);

    public bool IsStandard => Folder == null && Oci == null && !Packages.Any();
}
