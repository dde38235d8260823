// Two tools that are told to make the same disk: it is whole, it is one's, and nobody takes it from him.
using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class NewDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_disk_that_another_has_made_meanwhile_stays_as_it_is()
    {
        await EnsureAsync("mine", _ => EnsureAsync("theirs", _ => { }).GetAwaiter().GetResult());
        Assert.Equal(["/theirs"], Paths());
    }

    [Fact]
    public async Task A_copy_is_where_the_user_s_folder_has_it()
    {
        File.WriteAllText(_folder.File("template"), "image");
        string here = Directory.GetCurrentDirectory();
        await DiskImages.CopyAsync(
            Path.GetRelativePath(here, _folder.File("template")), Path.GetRelativePath(here, _folder.File("copy")),
            CancellationToken.None);
        Assert.Equal("image", File.ReadAllText(_folder.File("copy")));
    }

    [Fact]
    public async Task Who_cannot_furnish_his_disk_does_not_delete_another_s()
    {
        await Assert.ThrowsAsync<UserException>(() => EnsureAsync("mine", _ =>
        {
            EnsureAsync("theirs", _ => { }).GetAwaiter().GetResult();
            throw new UserException("no file of this name");
        }));
        Assert.Equal(["/theirs"], Paths());
    }

    [Fact]
    public async Task A_disk_has_its_name_only_when_it_is_furnished()
    {
        await EnsureAsync("mine", path =>
        {
            Assert.False(File.Exists(Disk));
            DiskImage.Put(path, [], "/furniture");
        });
        Assert.Equal(["/furniture", "/mine"], Paths());
        File.Delete(Disk);
        await Assert.ThrowsAsync<UserException>(() => EnsureAsync("mine", _ => throw new UserException("cannot")));
        Assert.Empty(Directory.EnumerateFiles(_folder.File("disks")));
    }

    private string Disk => _folder.File("disks/disk.img");

    private Task EnsureAsync(string file, Action<string> furnish)
    {
        Directory.CreateDirectory(_folder.File("disks"));
        Directory.CreateDirectory(_folder.File(file));
        File.WriteAllText(Path.Combine(_folder.File(file), file), "");
        return DiskImages.EnsureAsync(Disk, new RootChoice(_folder.File(file), null, []), furnish, CancellationToken.None);
    }

    private string[] Paths()
    {
        Assert.Equal([Disk], Directory.EnumerateFiles(_folder.File("disks")));
        string[] wanted = ["/mine", "/theirs", "/furniture"];
        return [.. DiskImage.List(Disk, "/", recursive: false).Select(entry => entry.Path).Where(wanted.Contains).Order()];
    }
}
