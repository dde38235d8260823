// What dpkg knows of a package that is unpacked and waits to be configured (deb-status: "install ok unpacked"): a paragraph in
// /var/lib/dpkg/status, and files in /var/lib/dpkg/info, NAME.list with the paths and the package's own control files. Of packages that
// can be installed for several processors beside each other ("Multi-Arch: same") the names have the processor.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Aurora.Images.Root;

namespace Aurora.Images.Debian;

/// <summary>Composes dpkg's record of a package.</summary>
public sealed class PackageRecord(DebFile package)
{
    public const string InfoFolder = "/var/lib/dpkg/info";

    private const int Readable = 0x1A4; // rw-r--r--
    private const int ExecuteBits = 0x49; // --x--x--x
    private const string RemoveFlag = "remove-on-upgrade";

    // What dpkg only stores when it unpacks a package.
    private static readonly HashSet<string> _stored =
    [
        "control", "md5sums", "sha256sums", "conffiles", "postinst", "prerm", "postrm", "config", "templates", "shlibs", "symbols",
        "triggers",
    ];

    private readonly StringBuilder _paths = new("/.\n");
    private readonly Dictionary<string, string> _sums = new(StringComparer.Ordinal);
    private readonly HashSet<string> _configuration = [.. ConfigurationOf(package)];

    /// <summary>
    /// True when the package does nothing while it is unpacked but to bring its files: no script that runs before, no wish to be told what
    /// others bring, nothing that is not known. Others dpkg must unpack itself.
    /// </summary>
    public static bool IsPlain(DebFile package)
        => package.Files.Keys.All(_stored.Contains) && (!package.Files.TryGetValue("triggers", out ControlFile? triggers)
            || triggers.Text.Split('\n').Select(line => line.Trim()).All(line
                => line.Length == 0 || line[0] == '#' || line.StartsWith("activate", StringComparison.Ordinal)));

    /// <summary>True for a file whose contents <see cref="Add"/> wants: the administrator's, of which the record has a checksum.</summary>
    public bool IsConfiguration(string path) => _configuration.Contains(path);

    /// <summary>Takes note of a path that was unpacked, in the order of the package.</summary>
    public void Add(string path, byte[]? contents = null)
    {
        if (path != "/")
            _paths.Append(path).Append('\n');
        if (contents != null)
            _sums[path] = Convert.ToHexStringLower(Md5(contents));
    }

    /// <summary>The paragraph in /var/lib/dpkg/status.</summary>
    public string Status()
    {
        string files = string.Concat(_sums.Select(sum => $"\n {sum.Key} {sum.Value}"));
        (string, string)[] state = [("Status", "install ok unpacked")];
        return package.Fields.With(files.Length > 0 ? [.. state, ("Conffiles", files)] : state);
    }

    /// <summary>The files in <see cref="InfoFolder"/>.</summary>
    public IEnumerable<RootEntry> Info()
    {
        string name = package.Fields["Multi-Arch"] == "same" ? $"{package.Name}:{package.Fields["Architecture"]}" : package.Name;
        yield return RootText.File($"{InfoFolder}/{name}.list", _paths.ToString());
        var files = package.Files.Where(file => file.Key != "control").OrderBy(file => file.Key, StringComparer.Ordinal);
        foreach ((string kind, ControlFile file) in files)
            yield return RootText.File($"{InfoFolder}/{name}.{kind}", file.Bytes, Readable | (file.Mode & ExecuteBits));
    }

    private static IEnumerable<string> ConfigurationOf(DebFile package)
        => !package.Files.TryGetValue("conffiles", out ControlFile? list) ? []
            : list.Text.Split('\n').Select(line => line.Trim())
                .Where(line => line.Length > 0 && !line.StartsWith(RemoveFlag, StringComparison.Ordinal));

#pragma warning disable CA5351 // It is what dpkg compares, against mistakes and not against attacks.
    private static byte[] Md5(byte[] contents) => MD5.HashData(contents);
#pragma warning restore CA5351
}
