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
        Assert.Equal((expected, "", message), (status, output, errors));
    }
}
