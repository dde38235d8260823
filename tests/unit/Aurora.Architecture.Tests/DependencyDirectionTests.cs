// The layers of docs/architecture.md, as a table that fails the build when somebody points a reference upward. A project below src/,
// kernel/ or drivers/ that is not in the table fails too: a new project must say where it stands.
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Aurora.Architecture.Tests;

public sealed partial class DependencyDirectionTests
{
    // What each project may refer to, itself excluded. Kernel is the only one that knows both sides.
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Aurora.Base"] = [],
        ["Aurora.Store"] = ["Aurora.Base"],
        ["Aurora.Memory"] = ["Aurora.Base"],
        ["Aurora.Posix"] = ["Aurora.Base", "Aurora.Store", "Aurora.Memory"],
        ["Aurora.Linux"] = ["Aurora.Base", "Aurora.Store", "Aurora.Memory", "Aurora.Posix"],
        ["Aurora.Checkpoint"] = ["Aurora.Base", "Aurora.Store", "Aurora.Memory", "Aurora.Posix"],
        ["Aurora.Runtime"] = [],
        ["Aurora.Core"] = ["Aurora.Base", "Aurora.Memory", "Aurora.Runtime"],
        ["Aurora.Hal"] = ["Aurora.Base", "Aurora.Memory", "Aurora.Runtime", "Aurora.Core"],
        ["Aurora.Nvme"] = ["Aurora.Base", "Aurora.Runtime", "Aurora.Core", "Aurora.Hal"],
        ["Aurora.Kernel"] =
        [
            "Aurora.Base", "Aurora.Store", "Aurora.Memory", "Aurora.Posix", "Aurora.Linux", "Aurora.Checkpoint",
            "Aurora.Runtime", "Aurora.Core", "Aurora.Hal", "Aurora.Nvme",
        ],
        ["Aurora.Build"] = ["Aurora.Kernel"],
    };

    private static readonly string[] _machineProjects = ["Aurora.Runtime", "Aurora.Core", "Aurora.Hal", "Aurora.Nvme", "Aurora.Kernel", "Aurora.Build"];

    [Fact]
    public void Every_project_of_the_system_refers_downward_only()
    {
        string[] wrong = [.. RepositoryProject.All
            .Where(project => project.Layer is "src" or "kernel" or "drivers")
            .SelectMany(project => project.References.Select(reference => (project, reference)))
            .Where(edge => !(_allowed.TryGetValue(edge.project.Name, out string[]? allowed) && allowed.Contains(edge.reference)))
            .Select(edge => $"{edge.project.Name} -> {edge.reference}")];
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_of_the_system_has_a_place_in_the_layers()
    {
        string[] unplaced = [.. RepositoryProject.All
            .Where(project => project.Layer is "src" or "kernel" or "drivers" && !_allowed.ContainsKey(project.Name))
            .Select(project => project.Name)];
        Assert.Empty(unplaced);
    }

    [Fact]
    public void The_layers_have_no_cycle()
    {
        var remaining = _allowed.ToDictionary(entry => entry.Key, entry => entry.Value.ToHashSet());
        while (remaining.FirstOrDefault(entry => entry.Value.Count == 0).Key is { } leaf)
        {
            remaining.Remove(leaf);
            foreach (HashSet<string> references in remaining.Values)
                references.Remove(leaf);
        }
        Assert.Empty(remaining.Keys);
    }

    [Fact]
    public void No_source_below_src_names_the_kernel_or_a_driver()
    {
        string[] wrong = [.. RepositoryProject.All
            .Where(project => project.Layer == "src")
            .SelectMany(project => project.Sources())
            .Where(path => File.ReadLines(path).Any(NamesTheMachine))];
        Assert.Empty(wrong);
    }

    [Fact]
    public void Host_tools_use_the_libraries_and_never_the_machine()
    {
        string[] wrong = [.. RepositoryProject.All
            .Where(project => project.Layer == "tools")
            .SelectMany(project => project.References.Where(reference => _machineProjects.Contains(reference))
                .Select(reference => $"{project.Name} -> {reference}"))];
        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_but_tests_refers_to_a_test_project()
    {
        HashSet<string> tests = [.. RepositoryProject.All.Where(project => project.Layer == "tests").Select(project => project.Name)];
        string[] wrong = [.. RepositoryProject.All
            .Where(project => project.Layer != "tests")
            .SelectMany(project => project.References.Where(tests.Contains).Select(reference => $"{project.Name} -> {reference}"))];
        Assert.Empty(wrong);
    }

    // A comment may explain who calls a library; code may not know.
    private static bool NamesTheMachine(string line)
    {
        int comment = line.IndexOf("//", System.StringComparison.Ordinal);
        return MachineNamespace().IsMatch(comment < 0 ? line : line[..comment]);
    }

    [GeneratedRegex(@"\bAurora\.(Runtime|Core|Hal|Kernel|Nvme|Build)\b")]
    private static partial Regex MachineNamespace();
}
