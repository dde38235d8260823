using System;
using System.IO;
using System.Net.Sockets;
using Xunit;

namespace Aurora.Qemu.Tests;

/// <summary>Where a machine is found by its disk. The folder is one that a test makes.</summary>
public sealed class ExecSocketTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string? _runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
    private readonly string _disk;

    public ExecSocketTests()
    {
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", Path.GetDirectoryName(_folder.File("x")));
        _disk = _folder.File("disk");
        File.WriteAllText(_disk, "");
    }

    private string Sockets => _folder.File("aurora");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", _runtime);
        _folder.Dispose();
    }

    [Fact]
    public void A_machine_is_found_by_every_path_to_its_disk_as_long_as_it_listens()
    {
        Assert.Null(ExecSocket.Connect(_disk));
        using (Socket? listener = ExecSocket.Listen(_disk, out string reason))
        {
            Assert.True(listener != null, reason);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Sockets));
            File.CreateSymbolicLink(_folder.File("link"), _disk);
            using Socket? client = ExecSocket.Connect(_folder.File("link"));
            Assert.NotNull(client);
            File.Copy(_disk, _folder.File("copy"));
            Assert.Null(ExecSocket.Connect(_folder.File("copy")));
        }
        Assert.Empty(Directory.GetFiles(Sockets));
        Assert.Null(ExecSocket.Connect(_disk));
        Assert.Throws<MachineException>(() => ExecSocket.Connect(_folder.File("nothing")));
    }

    [Fact]
    public void What_a_dead_launcher_left_is_replaced()
    {
        using (Socket? listener = ExecSocket.Listen(_disk, out _))
        {
            Assert.NotNull(listener);
            // As a process that is killed leaves it.
            File.Move(Directory.GetFiles(Sockets)[0], _folder.File("left"));
        }
        using Socket? first = ExecSocket.Listen(_disk, out _);
        string path = Assert.Single(Directory.GetFiles(Sockets));
        File.Delete(path);
        File.Move(_folder.File("left"), path);
        Assert.Null(ExecSocket.Connect(_disk));
        using Socket? second = ExecSocket.Listen(_disk, out string reason);
        Assert.True(second != null, reason);
        using Socket? client = ExecSocket.Connect(_disk);
        Assert.NotNull(client);
    }

    /// <summary>A folder others may write to, or a link to one, is not used: neither to listen nor to be led by.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_that_is_not_private_is_passed_over(bool isLink)
    {
        string elsewhere = _folder.File("elsewhere");
        Directory.CreateDirectory(elsewhere, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (isLink)
            File.CreateSymbolicLink(Sockets, elsewhere);
        else
            Directory.CreateDirectory(Sockets, (UnixFileMode)0x1FF);
        if (!isLink)
            File.SetUnixFileMode(Sockets, (UnixFileMode)0x1FF);
        using Socket? listener = ExecSocket.Listen(_disk, out string reason);
        Assert.True(listener != null, reason);
        Assert.Empty(Directory.GetFiles(Sockets));
        using Socket? client = ExecSocket.Connect(_disk);
        Assert.NotNull(client);
    }
}
