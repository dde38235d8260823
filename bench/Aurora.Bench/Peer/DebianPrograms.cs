// Programs of Debian packages that are unpacked beside each other in a folder and not installed: which file a program is, and which
// libraries it needs. The folder's own dynamic linker says that (--list), so nothing of the host's takes part.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Aurora.Images.Root;

namespace Aurora.Bench.Peer;

/// <summary>Finds programs in a folder of unpacked packages.</summary>
public sealed partial class DebianPrograms(string folder)
{
    private const string LibraryFolder = "/lib/x86_64-linux-gnu";
    private const string Linker = "/lib64/ld-linux-x86-64.so.2";

    private static readonly string[] _programFolders = ["usr/bin", "usr/sbin", "bin", "sbin"];

    private string LinkerFile => Path.Combine(folder, "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");

    private string LibraryPath => $"{folder}{LibraryFolder}:{folder}/usr{LibraryFolder}";

    /// <summary>The folders, programs (in /usr/bin), libraries and linker that a root file system needs to run these.</summary>
    public IEnumerable<RootEntry> Entries(params string[] programs)
    {
        IEnumerable<(string Name, string File)> libraries = programs.SelectMany(LibrariesOf).DistinctBy(library => library.Name);
        return
        [
            Folder("/lib"), Folder(LibraryFolder), Folder("/lib64"),
            Copy(Linker, LinkerFile),
            .. libraries.Select(library => Copy($"{LibraryFolder}/{library.Name}", library.File)),
            .. programs.Select(program => Copy($"/usr/bin/{program}", FileOf(program))),
        ];
    }

    /// <summary>What runs a program of the folder on this host: the words before its arguments.</summary>
    public string[] CommandOf(string program) => [LinkerFile, "--library-path", LibraryPath, FileOf(program)];

    /// <summary>A file of the folder, by its path in a system where the packages are installed.</summary>
    public string In(string path) => Path.Combine(folder, path.TrimStart('/'));

    private string FileOf(string program)
        => _programFolders.Select(place => Path.Combine(folder, place, program)).FirstOrDefault(File.Exists)
            ?? throw new BenchException($"the packages of the peer have no program {program}");

    private IEnumerable<(string Name, string File)> LibrariesOf(string program)
    {
        using Process process = Process.Start(new ProcessStartInfo(LinkerFile, ["--library-path", LibraryPath, "--list", FileOf(program)])
        {
            RedirectStandardOutput = true,
        })!;
        string list = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 || list.Contains("not found", StringComparison.Ordinal))
            throw new BenchException($"the packages of the peer lack libraries of {program}: {list}");
        return Library().Matches(list).Select(match => (match.Groups["name"].Value, match.Groups["file"].Value));
    }

    private static RootEntry Folder(string path) => new() { Path = path, Kind = RootEntryKind.Directory };

    private static RootEntry Copy(string path, string file)
        => new() { Path = path, Kind = RootEntryKind.File, Open = () => File.OpenRead(file) };

    [GeneratedRegex(@"^\s+(?<name>[^\s/]+) => (?<file>/\S+) \(0x", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Library();
}
