// The root file system a machine gets when none is named: Debian's busybox under all its names, the sls command, the guest test programs,
// and the few files a shell looks for. Times are the epoch, so that equal inputs make equal images.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;

namespace Aurora.Images.Root;

/// <summary>The default root file system, made from busybox and a folder of compiled guest programs.</summary>
public sealed class StandardRoot(string guestPrograms)
{
    public const string Busybox = "/bin/busybox";

    /// <summary>Where the guest test programs are in the guest.</summary>
    public const string TestFolder = "/usr/lib/aurora";

    private const int Executable = 0x1ED; // rwxr-xr-x
    private const int Readable = 0x1A4; // rw-r--r--
    private const int OwnerOnly = 0x1C0; // rwx------
    private const int Sticky = 0x3FF; // rwxrwxrwt

    private static readonly string[] _folders =
    [
        "/bin", "/sbin", "/dev", "/proc", "/etc", "/home", "/mnt", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", TestFolder,
        "/var", "/var/log", "/run",
    ];

    private static readonly (string Path, string Text)[] _files =
    [
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        ("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
        ("/etc/hostname", "aurora\n"),
        ("/etc/hosts", "127.0.0.1 localhost\n"),
        ("/etc/shells", "/bin/sh\n"),
        ("/etc/profile", "export PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/lib/aurora\nexport PS1='\\w \\$ '\nexport HOME=${HOME:-/root}\n"),
        ("/etc/os-release", "NAME=Aurora\nID=aurora\nPRETTY_NAME=\"Aurora\"\n"),
    ];

    /// <summary>The files on the host the root is made from: when one is newer than an image of it, the image is stale.</summary>
    public IEnumerable<string> Sources() => [Busybox, .. Programs()];

    public IEnumerable<RootEntry> Read()
    {
        if (!File.Exists(Busybox))
            throw new ImageException($"{Busybox} is missing (package busybox-static)");
        return
        [
            Folder("/", Executable),
            .. _folders.Select(path => Folder(path, Executable)),
            Folder("/root", OwnerOnly),
            Folder("/tmp", Sticky),
            HostFile(Busybox, Busybox),
            .. AppletLinks(),
            .. _files.Select(file => TextFile(file.Path, file.Text)),
            .. Programs().Select(program => HostFile(GuestPathOf(Path.GetFileName(program)), program)),
        ];
    }

    private IEnumerable<string> Programs()
        => Directory.Exists(guestPrograms)
            ? Directory.EnumerateFiles(guestPrograms).Where(path => !Path.GetFileName(path).Contains('.')).Order(StringComparer.Ordinal)
            : [];

    private static string GuestPathOf(string program) => program == "sls" ? "/bin/sls" : $"{TestFolder}/{program}";

    // busybox knows its own names: Debian's builds differ in which applets they have.
    private static IEnumerable<RootEntry> AppletLinks()
    {
        using Process list = Process.Start(new ProcessStartInfo(Busybox, ["--list-full"]) { RedirectStandardOutput = true })!;
        string names = list.StandardOutput.ReadToEnd();
        list.WaitForExit();
        return names.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => "/" + name.Trim().TrimStart('/'))
            .Where(path => path != Busybox && _folders.Contains(Path.GetDirectoryName(path)))
            .Select(path => new RootEntry { Path = path, Kind = RootEntryKind.SymbolicLink, Mode = 0x1FF, Target = Busybox });
    }

    private static RootEntry Folder(string path, int mode) => new() { Path = path, Kind = RootEntryKind.Directory, Mode = mode };

    private static RootEntry HostFile(string path, string source)
        => new() { Path = path, Kind = RootEntryKind.File, Mode = Executable, Open = () => File.OpenRead(source) };

    private static RootEntry TextFile(string path, string text)
        => new() { Path = path, Kind = RootEntryKind.File, Mode = Readable, Open = () => new MemoryStream(Encoding.UTF8.GetBytes(text)) };
}
