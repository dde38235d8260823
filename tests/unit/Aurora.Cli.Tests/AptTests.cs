using System;
using System.IO;
using Aurora.Cli.Debian;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class AptTests : IDisposable
{
    private static readonly DateTime _start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_lists_that_were_got_later_are_used()
    {
        AptLists own = Lists("own", hours: null);
        AptLists host = Lists("host", hours: null);
        Assert.Same(own, AptLists.Newest(own, host));
        host = Lists("host", hours: 1);
        Assert.Same(host, AptLists.Newest(own, host));
        own = Lists("own", hours: 2);
        Assert.Same(own, AptLists.Newest(own, host));
        host = Lists("host", hours: 3);
        Assert.Same(host, AptLists.Newest(own, host));
    }

    [Fact]
    public void Lists_that_an_update_has_found_new_are_new()
    {
        AptLists own = Lists("own", hours: 1);
        AptLists host = Lists("host", hours: 2);
        own.MarkUpdated();
        Assert.Same(own, AptLists.Newest(own, host));
    }

    [Fact]
    public void Only_lists_of_packages_are_described()
    {
        AptLists own = Lists("own", hours: 1);
        Assert.Contains("debian_main_Packages", Assert.Single(own.Describe()), StringComparison.Ordinal);
        Assert.Empty(Lists("none", hours: null).Describe());
    }

    private AptLists Lists(string name, int? hours)
    {
        string folder = _folder.File(name);
        if (hours is not { } age)
            return new AptLists(folder);
        Directory.CreateDirectory(Path.Combine(folder, "partial"));
        // The server's time, which says nothing here.
        File.WriteAllText(Path.Combine(folder, "debian_main_Packages"), "");
        File.WriteAllText(Path.Combine(folder, "debian_InRelease"), "");
        foreach (string path in (string[])[folder, Path.Combine(folder, "partial")])
            Directory.SetLastWriteTimeUtc(path, _start.AddHours(age));
        return new AptLists(folder);
    }
}
