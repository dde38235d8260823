// Roots that others have made: an image of containers, and Debian packages; run by the command line as a user has it.
using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Threading.Tasks;
using Aurora.Images.Root;
using Aurora.Images.Tests.Oci;
using Xunit;
using static Aurora.Images.Tests.Oci.SavedImage;

namespace Aurora.SystemTests;

public sealed class ContainerTests : IDisposable
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:Web:/srv:/bin/false\n";
    private const string Group = "root:x:0:\nwww:x:34:\nlogs:x:4:web\n";
    private const string Who = "echo $(id -u):$(id -g):$(id -G) $(pwd)";
    private const string Look = Who + " $A $B $C $HOME; cat /kept /gone 2>&1; echo to stderr > /dev/stderr";

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("aurora-test-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_image_of_containers_runs_as_it_wants_unless_it_is_told_otherwise()
    {
        var image = new SavedImage(Path.Combine(_folder, "image"));
        image.Write([Layer([.. Programs()]), Layer(Plain(".wh.gone", ""))], new
        {
            Entrypoint = new[] { "/bin/sh", "-c" },
            Cmd = new[] { Look },
            Env = new[] { "A=1", "B=2" },
            User = "web",
            WorkingDir = "/srv/new",
        }, LayerForm.Gzip);
        Assert.Equal(
            (0, "33:34:34 4 /srv/new 1 2 /srv\nkept\ncat: can't open '/gone': No such file or directory\nto stderr\n"),
            await RunAsync("--oci", image.Folder));

        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "from the host\n");
        File.WriteAllText(Path.Combine(_folder, "variables"), "# words\nA=file\nC=file\n");
        Assert.Equal(
            (3, "5:6:6 /new/dir option 2 file /\nfrom the host\n"),
            await RunAsync(
                "--oci", image.Folder, "--env-file", Path.Combine(_folder, "variables"), "-e", "A=option", "-e", "NOT_ON_THE_HOST",
                "-w", "/new/dir", "-u", "5:6", "-v", file + ":/deep/er/file",
                "--", Who + " $A $B $C $HOME; cat /deep/er/file; exit 3"));
        (int status, _, string errors) = await Tool.RunAsync("run", "--oci", image.Folder, "-u", "nobody");
        Assert.Equal((125, "aurora: the image has no user 'nobody'"), (status, errors.TrimEnd().Split('\n')[^1]));
    }

    [Fact]
    public async Task Options_of_containers_are_for_any_root()
        => Assert.Equal(
            (0, "65534:65534:65534 /tmp 7 nobody\n"),
            await RunAsync("-u", "nobody:nogroup", "-w", "/tmp", "-e", "A=7", "--", "sh", "-c", Who + " $A $USER"));

    // The smallest root there is. It is made anew only when Debian has new versions of what is in it.
    [AptFact]
    public async Task A_root_of_packages_is_what_Debian_makes_of_them()
    {
        string disk = Path.Combine(_folder, "disk.img");
        (int status, _, string errors) = await Tool.RunAsync(Guest.LongDeadline, "image", "create", disk, "--packages", "dash");
        Assert.True(status == 0, errors);
        Assert.Equal(
            (0, "dash ii\n/bin/dash\nhello\n"),
            await RunAsync("--packages", "dash", "--", "sh", "-c",
                "dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' dash | sed 's/ *$//' && dpkg --audit && dpkg -V "
                + "&& apt list --installed 2>/dev/null | grep -q ^dash/ && command -v dash && echo hello"));
        (status, _, errors) = await Tool.RunAsync("run", "--packages", "nosuchpackage", "--", "true");
        Assert.Equal(125, status);
        Assert.Contains("Unable to locate package nosuchpackage", errors, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Output)> RunAsync(params string[] arguments)
    {
        (int status, string output, string errors) = await Tool.RunAsync(["run", .. arguments]);
        Assert.DoesNotContain("aurora:", errors, StringComparison.Ordinal);
        return (status, output);
    }

    /// <summary>Skipped on a host that is no Debian.</summary>
    private sealed class AptFactAttribute : FactAttribute
    {
        public AptFactAttribute() => Skip = File.Exists("/usr/bin/apt-get") ? null : "this host has no apt-get";
    }

    private static IEnumerable<TarEntry> Programs()
    {
        yield return new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox")
        {
            Mode = (UnixFileMode)0x1ED, DataStream = File.OpenRead(StandardRoot.Busybox),
        };
        foreach (string name in (string[])["sh", "id", "cat"])
            yield return Link("bin/" + name, "busybox");
        yield return Plain("etc/passwd", Passwd);
        yield return Plain("etc/group", Group);
        yield return Plain("kept", "kept\n");
        yield return Plain("gone", "gone\n");
        yield return SavedImage.Directory("srv");
    }
}
