using System.IO;
using System.Linq;
using System.Reflection;

namespace Aurora.SystemTests;

/// <summary>What the build made and these tests run.</summary>
internal static class Products
{
    private static readonly string _root = typeof(Products).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string KernelImage => Path.Combine(_root, "artifacts/kernel/aurora.elf");
    /// <summary>The host tool, and the working tree it is told to belong to.</summary>
    public static string Tool => Path.Combine(_root, "artifacts/bin/Aurora.Cli/debug/aurora.dll");
    public static string Root => _root;
    public static string Guests => Path.Combine(_root, "artifacts/guests");

    public static string Guest(string name) => Path.Combine(Guests, name);
}
