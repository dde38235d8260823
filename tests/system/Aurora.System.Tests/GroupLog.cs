// What the log of a group says in which selfcheck runs: its lines are "check N ok", N from 1 on without a gap or a repeat. The machine
// looks itself, with awk, and prints what it has found.
using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.SystemTests;

/// <summary>The log of a group, judged.</summary>
/// <param name="Step">The newest step in it.</param>
/// <param name="Faults">Lines that are out of order, or tell of a fault.</param>
/// <param name="IsWhole">It begins with the first step.</param>
internal sealed record GroupLog(string Group, long Step, long Faults, bool IsWhole)
{
    /// <summary>Steps a log has room for for certain; a longer one begins later.</summary>
    public const long StepsOfWhole = 3000;

    /// <summary>
    /// For the shell: the program that judges a log, $J. It prints "log", the group (g), the newest step, faults, and 1 for a whole one.
    /// </summary>
    public const string Definition =
        "J='NR==1{f=($1==\"check\"&&$2==1)} NR==1&&$1==\"selfcheck\"{f=2} NR==2&&f==2{f=($2==1)} "
        + "NR>2&&($1!=\"check\"||$2!=p+1||$3!=\"ok\"){b++} {p=$2} END{print \"log\",g,p+0,b+0,f+0,\"end\"}'\n";

    /// <summary>Has a shell that knows <see cref="Definition"/> judge the log of a group. Every question is another.</summary>
    public static async Task<GroupLog> ReadAsync(Guest guest, string group, string question)
    {
        await guest.Console.TypeAsync($"\nsls logs {group} | awk -v g={group}{question} \"$J\"\n");
        Match answer = await guest.Console.WaitForAsync(new Regex($"log {group}{question} (\\d+) (\\d+) (\\d+) end"), Guest.Deadline);
        return new GroupLog(group, NumberIn(answer, 1), NumberIn(answer, 2), NumberIn(answer, 3) == 1);
    }

    public void AssertSound()
    {
        Assert.True(Faults == 0, $"{Faults} lines of the log of {Group} are wrong, up to step {Step}");
        Assert.True(IsWhole || Step == 0 || Step > StepsOfWhole, $"the log of {Group} has no beginning, up to step {Step}");
    }

    private static long NumberIn(Match answer, int group)
        => long.Parse(answer.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
}
