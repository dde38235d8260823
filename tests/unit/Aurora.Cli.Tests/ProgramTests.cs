// What the words of a command line come to.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Cli.Workspace;
using Aurora.Images.Oci;
using Aurora.Qemu;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class ProgramTests
{
    private static readonly OciConfig _image = new() { Entrypoint = ["/entry", "-x"], Command = ["go"] };

    [Theory]
    [InlineData(null, "", "/entry -x go")]
    [InlineData(null, "stop now", "/entry -x stop now")]
    [InlineData("/other", "", "/other")]
    [InlineData("/other", "-y", "/other -y")]
    [InlineData("", "ls -l", "ls -l")]
    public void An_entrypoint_takes_the_place_of_what_the_image_names(string? entrypoint, string words, string run)
        => Assert.Equal(run, string.Join(' ', Complete(entrypoint, words, _image).Arguments));

    [Fact]
    public void Without_an_image_an_entrypoint_is_the_program()
    {
        Assert.Equal(["sh", "-c", "true"], Complete("sh", "-c true", image: null).Arguments);
        Assert.Throws<UserException>(() => Complete("", "", _image));
    }

    [Theory]
    [InlineData("/a:/b", true)]
    [InlineData("a:b:/c", true)]
    [InlineData("/a:/b:ro", false)]
    [InlineData("/a:/b:/c", false)]
    [InlineData("/a:b", false)]
    [InlineData("/a", false)]
    [InlineData(":/a", false)]
    public void A_volume_is_two_paths_and_nothing_more(string volume, bool isOne)
        => Assert.Equal(isOne, Program.CreateRoot().Parse(["run", "-v", volume, "--", "true"]).Errors.Count == 0);

    [Fact]
    public void Run_wants_a_program_unless_something_names_one()
    {
        Assert.NotEmpty(Errors("run"));
        Assert.NotEmpty(Errors("run", "--entrypoint", ""));
        Assert.Empty(Errors("run", "--entrypoint", "sh"));
        Assert.Empty(Errors("run", "--oci", "image.tar"));
    }

    [Fact]
    public void What_a_terminal_obeys_is_not_shown()
    {
        Assert.Equal("a?[2Jb\n\tc??", Report.Harmless("a\u001b[2Jb\n\tc\r\u009b"));
        Assert.Equal("name – ä", Report.Harmless("name – ä"));
    }

    private static IEnumerable<string> Errors(params string[] arguments)
        => Program.CreateRoot().Parse(arguments).Errors.Select(error => error.Message);

    private static BootConfiguration Complete(string? entrypoint, string words, OciConfig? image)
    {
        string[] arguments = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new GuestProgram(new ProgramChoice(arguments) { Entrypoint = entrypoint }, image).Complete(new BootConfiguration(), "none");
    }
}
