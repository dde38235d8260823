using System;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.SystemTests;

/// <summary>What <c>aurora run</c> does with the name of a program.</summary>
public sealed class ProgramStartTests
{
    [Theory]
    [InlineData("sh", 3, "")]
    [InlineData("nothere", 127, "aurora: nothere: there is no such program\n")]
    [InlineData("/bin/nothere", 127, "aurora: /bin/nothere: there is no such program\n")]
    [InlineData("/etc", 126, "aurora: /etc: it may not be run\n")]
    public async Task It_is_found_in_PATH_or_somebody_is_told(string name, int expected, string message)
    {
        (int status, string output, string errors) = await Tool.RunAsync("run", "--", name, "-c", "exit 3");
        Assert.Equal((expected, ""), (status, output));
        Assert.EndsWith(message, errors, StringComparison.Ordinal);
    }

    /// <summary>Who names a group that is not there, or a checkpoint, is told which of the two.</summary>
    [Fact]
    public async Task What_is_missing_is_named()
    {
        const string Commands = "for verb in 'checkpoint a x' 'history a' 'period a 5' 'drop a x' 'fork a' 'rewind a x' 'kill a' "
            + "'restore a@x'; do sls $verb; done; sls drop host x; sls restore host@x; sls run -d -- /nothere";
        (int status, string output, _) = await Tool.RunAsync("run", "--", "sh", "-c", Commands + " 2>&1");
        string[] verbs = ["checkpoint", "history", "period", "drop", "fork", "rewind", "kill", "restore"];
        string missing = string.Concat(verbs.Select(verb => $"sls: {verb} a: there is no such group; 'sls ps' lists them\n"));
        Assert.Equal((1, missing + "sls: drop host: no such checkpoint\nsls: restore host: no such checkpoint\n"
            + "sls: run: there is no such program, or root directory\n"), (status, output));
    }
}
