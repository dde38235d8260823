// A Debian package. What is in it is read with dpkg-deb, Debian's own tool: it knows every compression, and checks what it unpacks.
using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Aurora.Images.Root;

namespace Aurora.Images.Debian;

/// <summary>A package file (.deb) of the host.</summary>
public sealed class DebFile
{
    private DebFile(string path, IReadOnlyDictionary<string, ControlFile> files)
    {
        Path = path;
        Files = files;
        Fields = ControlFields.Parse(files.TryGetValue("control", out ControlFile? control) ? control.Text : "");
        if (Fields["Package"].Length == 0)
            throw new ImageException($"{path} has no control file with a name");
    }

    public string Path { get; }

    /// <summary>Its control files: scripts, checksums and what else dpkg keeps of a package.</summary>
    public IReadOnlyDictionary<string, ControlFile> Files { get; }

    public ControlFields Fields { get; }

    public string Name => Fields["Package"];

    /// <summary>Reads what the package says of itself.</summary>
    public static DebFile Open(string path)
    {
        var files = new Dictionary<string, ControlFile>(StringComparer.Ordinal);
        foreach (RootEntry entry in ReadArchive(path, "--ctrl-tarfile").Where(entry => entry.Kind == RootEntryKind.File))
        {
            using var reader = new MemoryStream();
            entry.Open!().CopyTo(reader);
            files[entry.Path[1..]] = new ControlFile(reader.ToArray(), entry.Mode);
        }
        return new DebFile(path, files);
    }

    /// <summary>What the package would put into a root, entry by entry.</summary>
    public IEnumerable<RootEntry> Read() => ReadArchive(Path, "--fsys-tarfile");

    private static IEnumerable<RootEntry> ReadArchive(string path, string option)
    {
        using Process reader = Start(path, option);
        using Stream archive = reader.StandardOutput.BaseStream;
        // At the same time: a pipe that nobody reads fills up.
        Task<string> words = reader.StandardError.ReadToEndAsync();
        foreach (RootEntry entry in TarRoot.ReadEntries(archive, path))
            yield return entry;
        archive.CopyTo(Stream.Null);
        reader.WaitForExit();
        if (reader.ExitCode != 0)
            throw new ImageException($"{path}: {words.GetAwaiter().GetResult().Trim()}");
    }

    private static Process Start(string path, string option)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("dpkg-deb", [option, path])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception failure)
        {
            throw new ImageException("dpkg-deb is missing (package dpkg): roots of packages want a Debian host", failure);
        }
    }
}

/// <summary>A control file of a package, and its permissions.</summary>
public sealed record ControlFile(byte[] Bytes, int Mode)
{
    public string Text => Encoding.UTF8.GetString(Bytes);
}
