// What dpkg is told of packages that the tool has unpacked. The packages are made by the test, with Debian's own tool.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Aurora.Images.Debian;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests.Debian;

public sealed class PackageRecordTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_package_is_recorded_as_unpacked_with_its_paths_and_scripts()
    {
        string file = Build("one", "Multi-Arch: same\nDescription: a package\n of two lines", ("etc/one.conf", "set\n"), ("bin/one", "x"));
        Script(file, "postinst", "#!/bin/sh\n");
        Dictionary<string, string> root = Texts([Pack(file)]);

        string status = root["/var/lib/dpkg/status"];
        Assert.StartsWith(
            "Package: one\nStatus: install ok unpacked\nConffiles:\n /etc/one.conf fd328e7dac414ef8cac94502a95ccb4e\n", status,
            StringComparison.Ordinal);
        Assert.EndsWith("Description: a package\n of two lines\n", status, StringComparison.Ordinal);
        Assert.Equal("/.\n/bin\n/bin/one\n/etc\n/etc/one.conf\n", root["/var/lib/dpkg/info/one:amd64.list"]);
        Assert.Equal("#!/bin/sh\n", root["/var/lib/dpkg/info/one:amd64.postinst"]);
        Assert.Equal("/etc/one.conf\n", root["/var/lib/dpkg/info/one:amd64.conffiles"]);
        // The place is the merged one, the record's name is the package's.
        Assert.Equal("x", root["/usr/bin/one"]);
        Assert.DoesNotContain("/bin/one", root.Keys);
        Assert.Contains("for package in ; do", root[DebianRoot.Script], StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_acts_before_it_is_unpacked_is_left_to_dpkg_and_so_are_its_files_unless_all_rely_on_it()
    {
        string essential = Build("core", "Essential: yes\nDepends: helper (>= 1) | other", ("bin/core", "c"));
        string helper = Build("helper", "Priority: optional", ("lib/helper", "h"));
        string other = Build("late", "Priority: optional", ("lib/late", "l"));
        foreach (string each in (string[])[essential, helper, other])
            Script(each, "preinst", "#!/bin/sh\n");
        Dictionary<string, string> root = Texts([Pack(other), Pack(helper), Pack(essential)]);

        Assert.Equal("", root["/var/lib/dpkg/status"]);
        Assert.Equal(("c", "h"), (root["/usr/bin/core"], root["/usr/lib/helper"]));
        Assert.DoesNotContain("/usr/lib/late", root.Keys);
        Assert.Contains(
            "for package in helper_amd64.deb core_amd64.deb late_amd64.deb;", root[DebianRoot.Script], StringComparison.Ordinal);
        Assert.Contains("/var/lib/aurora/late_amd64.deb", root.Keys);
    }

    [Theory]
    [InlineData("activate-noawait ldconfig\n", true)]
    [InlineData("# a word\nactivate ldconfig\n\n", true)]
    [InlineData("interest ldconfig\n", false)]
    [InlineData("interest-noawait /usr/share/x\n", false)]
    public void A_package_that_wants_to_be_told_of_others_is_left_to_dpkg(string triggers, bool isPlain)
    {
        string package = Build("one", "Priority: optional", ("bin/one", "x"));
        Script(package, "triggers", triggers);
        Assert.Equal(isPlain, PackageRecord.IsPlain(DebFile.Open(Pack(package))));
    }

    [Fact]
    public void A_root_of_packages_becomes_a_disk_whose_links_are_merged()
    {
        string package = Build("one", "Priority: optional", ("lib/x86/one", "x"), ("sbin/two", "y"));
        string disk = Path.Combine(_folder, "disk.img");
        DiskImage.Create(disk, DiskImage.MinimumBytes, new DebianRoot([Pack(package)]).Read());
        Assert.Equal("x", DiskImage.TryReadText(disk, "/lib/x86/one"));
        Assert.Equal("usr/sbin", DiskImage.List(disk, "/", recursive: false).Single(entry => entry.Path == "/sbin").Target);
    }

    [Fact]
    public void A_file_that_is_no_package_is_refused_by_name()
    {
        string bad = Path.Combine(_folder, "bad.deb");
        File.WriteAllText(bad, "no package");
        Assert.Contains(bad, Assert.Throws<ImageException>(() => DebFile.Open(bad)).Message, StringComparison.Ordinal);
    }

    private string Build(string name, string fields, params (string Path, string Text)[] files)
    {
        string folder = Path.Combine(_folder, name);
        string conffiles = string.Concat(
            files.Where(file => file.Path.StartsWith("etc/", StringComparison.Ordinal)).Select(file => $"/{file.Path}\n"));
        string control = $"Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: a <a@b>\n{Description(fields)}\n";
        List<(string Path, string Text)> all = [.. files, ("DEBIAN/control", control)];
        if (conffiles.Length > 0)
            all.Add(("DEBIAN/conffiles", conffiles));
        foreach ((string path, string text) in all)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            File.WriteAllText(Path.Combine(folder, path), text);
        }
        return folder;
    }

    private static string Description(string fields)
        => fields.Contains("Description:", StringComparison.Ordinal) ? fields : fields + "\nDescription: a package";

    private static void Script(string folder, string name, string text)
    {
        string path = Path.Combine(folder, "DEBIAN", name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
    }

    private static string Pack(string folder)
    {
        using Process packer = Process.Start(new ProcessStartInfo(
            "dpkg-deb", ["--root-owner-group", "-Zgzip", "--build", folder, folder + ".deb"]) { RedirectStandardOutput = true })!;
        packer.StandardOutput.ReadToEnd();
        packer.WaitForExit();
        Assert.Equal(0, packer.ExitCode);
        return folder + ".deb";
    }

    private static Dictionary<string, string> Texts(IReadOnlyList<string> packages)
    {
        var texts = new Dictionary<string, string>();
        var known = new HashSet<string> { "/" };
        foreach (RootEntry entry in new DebianRoot(packages).Read())
        {
            Assert.Contains(entry.Path == "/" ? "/" : Path.GetDirectoryName(entry.Path)!, known);
            known.Add(entry.Path);
            if (entry.Kind != RootEntryKind.File)
                continue;
            using var reader = new StreamReader(entry.Open!());
            texts[entry.Path] = reader.ReadToEnd();
        }
        return texts;
    }
}
