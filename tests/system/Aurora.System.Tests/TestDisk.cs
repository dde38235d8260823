using System;
using System.IO;
using Aurora.Images;
using Aurora.Images.Root;

namespace Aurora.SystemTests;

/// <summary>A disk image for one test. The standard root is written once a run and copied.</summary>
internal sealed class TestDisk : IDisposable
{
    private const long StandardBytes = 1L << 30;

    private static readonly Lazy<string> _template = new(CreateTemplate);
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-system-").FullName;

    public TestDisk(long bytes = StandardBytes)
    {
        Path = System.IO.Path.Combine(_folder, "disk.img");
        if (bytes == StandardBytes)
            File.Copy(_template.Value, Path);
        else
            DiskImage.Create(Path, bytes, new StandardRoot(Products.Guests).Read());
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string CreateTemplate()
    {
        string folder = Directory.CreateTempSubdirectory("aurora-system-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string template = System.IO.Path.Combine(folder, "template.img");
        DiskImage.Create(template, StandardBytes, new StandardRoot(Products.Guests).Read());
        return template;
    }
}
