// What apt says, read.
using System;
using System.Linq;
using Aurora.Images.Debian;
using Xunit;

namespace Aurora.Images.Tests.Debian;

public sealed class AptTests
{
    private const string Files = """
        W: something to know
        'http://deb.example.org/pool/main/d/dash_0.5_amd64.deb' dash_0.5_amd64.deb 97 SHA256:aa
        'http://deb.example.org/pool/b%2b_1%2b2_all.deb' b+_1%3a2_all.deb 3 MD5Sum:bb

        """;

    [Fact]
    public void A_plan_has_the_files_in_the_order_of_apt()
    {
        AptPlan plan = AptPlan.Parse(Files);
        Assert.Equal([new AptFile("dash_0.5_amd64.deb", 97, "SHA256:aa"), new AptFile("b+_1%3a2_all.deb", 3, "MD5Sum:bb")], plan.Files);
        Assert.Equal(100, plan.Bytes);
        Assert.Empty(AptPlan.Parse("E: nothing").Files);
        Assert.Throws<ImageException>(() => AptPlan.Parse("'http://deb.example.org/a_1_all.deb' a_1_all.deb 7 \n"));
    }

    [Fact]
    public void The_same_packages_have_the_same_key_in_any_order_and_others_another()
    {
        AptPlan plan = AptPlan.Parse(Files);
        Assert.Equal(plan.Key, new AptPlan([.. plan.Files.Reverse()]).Key);
        Assert.NotEqual(plan.Key, AptPlan.Parse(Files.Replace(":aa", ":ab", StringComparison.Ordinal)).Key);
        Assert.NotEqual(plan.Key, AptPlan.Parse(Files.Replace("dash_0.5_", "dash_0.6_", StringComparison.Ordinal)).Key);
        Assert.NotEqual(plan.Key, new AptPlan([plan.Files[0]]).Key);
    }

    [Theory]
    [InlineData("nodejs", true)]
    [InlineData("g++", true)]
    [InlineData("libc6:amd64", true)]
    [InlineData("redis-server=5:7.0.15-1~deb12u1", true)]
    [InlineData("python3/bookworm-updates", true)]
    [InlineData("-o", false)]
    [InlineData("dash-", false)]
    [InlineData("?essential", false)]
    [InlineData("*", false)]
    [InlineData("a b", false)]
    [InlineData("dash\n", false)]
    [InlineData("./file.deb", false)]
    [InlineData("", false)]
    public void Only_names_of_packages_are_given_to_apt(string text, bool isName) => Assert.Equal(isName, AptPlan.IsPackageName(text));

    [Fact]
    public void An_unknown_package_is_named_by_the_words_of_apt()
        => Assert.Equal("Unable to locate package nosuch", AptWords.Of("Reading package lists...\nE: Unable to locate package nosuch\n"));

    [Fact]
    public void Dependencies_that_cannot_be_met_are_told()
        => Assert.Equal(
            "a : Depends: b (>= 2) but it is not installable\nUnable to correct problems, you have held broken packages.",
            AptWords.Of("""
                Reading package lists...
                The following packages have unmet dependencies:
                 a : Depends: b (>= 2) but it is not installable
                E: Unable to correct problems, you have held broken packages.
                """));

    [Fact]
    public void Without_errors_everything_is_told() => Assert.Equal("one\ntwo", AptWords.Of("one\n\ntwo\n"));

    [Fact]
    public void Fields_keep_their_lines_and_names_of_packages_are_found()
    {
        const string Depends = "Depends: b (>= 1) | c:any,\n d [amd64], e\n";
        ControlFields fields = ControlFields.Parse($"\nPackage: a\n{Depends}Description: x\n .\n y\n\nPackage: z\n");
        Assert.Equal("x\n .\n y", fields["description"]);
        Assert.Equal("", fields["Version"]);
        Assert.Equal("b|c,d,e", string.Join(',', fields.Names("Pre-Depends", "Depends").Select(names => string.Join('|', names))));
        Assert.Equal($"Package: a\nStatus: s\n{Depends}Description: x\n .\n y\n", fields.With(("Status", "s")));
    }
}
