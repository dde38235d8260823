using System;
using Aurora.Images.Root;
using Xunit;

namespace Aurora.Images.Tests;

public sealed class GuestUsersTests
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:Web:/srv:/bin/false\n12:x:99:98::/twelve:\nbroken\n";
    private const string Group = "root:x:0:\nwww:x:34:\nlogs:x:4:web,root\ndisk:x:6:nobody,web\nnone:x:x:web\n";

    private readonly GuestUsers _users = new(Passwd, Group);

    [Theory]
    [InlineData("root", 0u, 0u, "4", "/root")]
    [InlineData("web", 33u, 34u, "4,6", "/srv")]
    [InlineData("33", 33u, 34u, "4,6", "/srv")]
    [InlineData("web:logs", 33u, 4u, "", "/srv")]
    [InlineData("web:77", 33u, 77u, "", "/srv")]
    [InlineData("1000", 1000u, 0u, "", null)]
    [InlineData("1000:www", 1000u, 34u, "", null)]
    [InlineData("12", 99u, 98u, "", "/twelve")]
    public void Names_and_numbers_are_found(string text, uint user, uint group, string groups, string? home)
    {
        GuestUser found = _users.Find(text);
        Assert.Equal((user, group, home), (found.UserId, found.GroupId, found.Home));
        Assert.Equal(groups, string.Join(',', found.Groups));
    }

    [Theory]
    [InlineData("nobody", "'nobody'")]
    [InlineData("web:wheel", "'wheel'")]
    [InlineData("4294967295", "'4294967295'")]
    [InlineData("", "''")]
    [InlineData("web:", "''")]
    public void What_the_image_does_not_know_is_refused_by_name(string text, string name)
        => Assert.Contains(name, Assert.Throws<ImageException>(() => _users.Find(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_image_without_such_files_knows_numbers()
        => Assert.Equal((5u, 6u), (new GuestUsers("", "").Find("5:6").UserId, new GuestUsers("", "").Find("5:6").GroupId));
}
