using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.Images.Debian;

/// <summary>
/// Which packages dpkg itself, and every script of a package, relies on: those that are required or essential, and what they need.
/// </summary>
internal static class RequiredPackages
{
    public static IReadOnlySet<string> Among(IReadOnlyList<DebFile> packages)
    {
        ILookup<string, DebFile> providers = packages
            .SelectMany(package => NamesOf(package).Select(name => (name, package))).ToLookup(pair => pair.name, pair => pair.package);
        var found = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<DebFile>(packages.Where(IsRequired));
        while (left.TryPop(out DebFile? package))
        {
            if (!found.Add(package.Name))
                continue;
            IEnumerable<string> names = package.Fields.Names("Pre-Depends", "Depends").SelectMany(group => group);
            foreach (DebFile needed in names.SelectMany(name => providers[name]))
                left.Push(needed);
        }
        return found;
    }

    private static bool IsRequired(DebFile package) => package.Fields["Essential"] == "yes" || package.Fields["Priority"] == "required";

    private static IEnumerable<string> NamesOf(DebFile package)
        => package.Fields.Names("Provides").SelectMany(group => group).Append(package.Name);
}
