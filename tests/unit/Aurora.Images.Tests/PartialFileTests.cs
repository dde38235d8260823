using System;
using System.IO;
using Aurora.Host;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>A file on its way is nobody's but its maker's.</summary>
public sealed class PartialFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("aurora-partial");

    public void Dispose() => _directory.Delete(recursive: true);

    private string Path => System.IO.Path.Combine(_directory.FullName, "t.json");

    [Fact]
    public void It_appears_when_it_is_kept_in_place_of_what_was_there()
    {
        File.WriteAllText(Path, "before");
        using (var file = new PartialFile(Path))
        {
            file.Stream.Write("whole"u8);
            Assert.Equal("before", File.ReadAllText(Path));
            file.Keep();
        }
        Assert.Equal("whole", File.ReadAllText(Path));
        Assert.Single(_directory.GetFiles());
    }

    [Fact]
    public void One_that_is_not_kept_leaves_nothing()
    {
        using (var file = new PartialFile(Path))
            file.Stream.Write("half"u8);
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public void What_somebody_else_makes_stays_his()
    {
        using (var first = new PartialFile(Path))
        {
            first.Stream.Write("first"u8);
            Assert.ThrowsAny<IOException>(() => new PartialFile(Path));
            first.Keep();
        }
        Assert.Equal("first", File.ReadAllText(Path));
        File.WriteAllText(Path + ".part", "a user's");
        Assert.ThrowsAny<IOException>(() => new PartialFile(Path));
        Assert.Equal("a user's", File.ReadAllText(Path + ".part"));
    }

    [Fact]
    public void Where_there_is_no_directory_it_is_refused_and_where_its_name_is_one_it_leaves_nothing()
    {
        Assert.ThrowsAny<IOException>(() => new PartialFile(Path + "/no/such/t.json"));
        Directory.CreateDirectory(Path);
        Exception? failure = Record.Exception(() =>
        {
            using var file = new PartialFile(Path);
            file.Keep();
        });
        Assert.True(failure is IOException or UnauthorizedAccessException, $"{failure}");
        Assert.Empty(_directory.GetFiles());
    }
}
