using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Xml.Linq;

namespace Aurora.Architecture.Tests;

/// <summary>One project file of the repository: where it is, and what it refers to.</summary>
internal sealed class RepositoryProject
{
    private static readonly string[] _generatedFolders = ["artifacts", "bin", "obj", ".git"];

    private RepositoryProject(string path)
    {
        Path = path;
        Name = System.IO.Path.GetFileNameWithoutExtension(path);
        Layer = System.IO.Path.GetRelativePath(Root, path).Split('/')[0];
        XDocument document = XDocument.Load(path);
        References = [.. document.Descendants("ProjectReference")
            .Select(reference => System.IO.Path.GetFileNameWithoutExtension((string?)reference.Attribute("Include") ?? ""))];
        IsTest = document.Descendants("PackageReference").Any(package => (string?)package.Attribute("Include") == "xunit");
    }

    /// <summary>The repository's root folder, recorded in this assembly when it was built.</summary>
    public static string Root { get; } = typeof(RepositoryProject).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!.TrimEnd('/');

    public string Path { get; }
    public string Name { get; }

    /// <summary>The top-level folder: src, kernel, drivers, tools, guests, tests, bench.</summary>
    public string Layer { get; }
    public IReadOnlyList<string> References { get; }
    public bool IsTest { get; }

    /// <summary>Every project in the working tree.</summary>
    public static IReadOnlyList<RepositoryProject> All { get; } =
        [.. FilesBelow(Root, "*.csproj").Select(path => new RepositoryProject(path)).OrderBy(project => project.Name, StringComparer.Ordinal)];

    /// <summary>The C# files the project compiles.</summary>
    public IEnumerable<string> Sources() => FilesBelow(System.IO.Path.GetDirectoryName(Path)!, "*.cs");

    private static IEnumerable<string> FilesBelow(string folder, string pattern)
        => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)
            .Where(path => !System.IO.Path.GetRelativePath(folder, path).Split('/').Any(part => _generatedFolders.Contains(part)));
}
