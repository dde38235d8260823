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
    public static string Guests => Path.Combine(_root, "artifacts/guests");

    public static string Guest(string name) => Path.Combine(Guests, name);
}
