// What somebody has typed into an interpreter lives in its memory only: it is there after the machine was killed.
using System.Threading.Tasks;
using Xunit;

namespace Aurora.SystemTests;

public sealed class InterpreterTests
{
    [Fact]
    public async Task A_shell_keeps_its_variables_and_functions()
    {
        using var disk = new TestDisk();
        await using (Guest first = await StartAsync(disk, "/bin/busybox", "sh"))
        {
            await AskAsync(first, "", "# ");
            await AskAsync(first, "kept=41; more() { kept=$((kept + 1)); echo \"kept-$kept\"; }; more\n", "\nkept-42");
            await AskAsync(first, "echo \"me-$$\"\n", "\nme-1");
            await first.CutPowerAsync();
        }
        await using Guest second = await StartAsync(disk, "/bin/busybox", "sh");
        await second.ResumedAsync();
        await AskAsync(second, "more\n", "\nkept-43");
        await second.Console.TypeAsync("exit $kept\n");
        Assert.Equal(43, (await second.FinishAsync()).Status);
    }

    [PythonFact]
    public async Task Python_keeps_its_variables_and_what_is_half_typed()
    {
        using var disk = new TestDisk();
        string python = HostPrograms.PutPython(disk.Path);
        string[] program = [python, "-q", "-E", "-s", "-S"];
        await using (Guest first = await StartAsync(disk, program))
        {
            await AskAsync(first, "", ">>> ");
            await AskAsync(first, "import itertools; kept = {'list': [1, 2], 'count': itertools.count(40)}\n", ">>> ");
            await AskAsync(first, "def more():\n  kept['list'].append(next(kept['count']))\n  return 'has', kept['list']\n\n", ">>> ");
            await AskAsync(first, "more()\n", "('has', [1, 2, 40])");
            await first.CutPowerAsync();
        }
        for (int life = 1; life <= 3; life++)
        {
            await using Guest next = await StartAsync(disk, program);
            await next.ResumedAsync();
            if (life > 1)
                await AskAsync(next, $"'ty' + 'ped', {life} + 50)\n", $"('half', 'typed', {life + 50})");
            await AskAsync(next, "more()\n", $"{string.Concat(MoreThanForty(life))}])");
            await AskAsync(next, "('half', ", "('half', ");
            await next.CutPowerAsync();
        }
        await using Guest last = await StartAsync(disk, program);
        await last.ResumedAsync();
        await AskAsync(last, "'ty' + 'ped', 4 + 50)\n", "('half', 'typed', 54)");
        await last.Console.TypeAsync("raise SystemExit(len(kept['list']))\n");
        Assert.Equal(6, (await last.FinishAsync()).Status);
    }

    private static string[] MoreThanForty(int count)
    {
        string[] numbers = new string[count];
        for (int i = 0; i < count; i++)
            numbers[i] = $", {41 + i}";
        return numbers;
    }

    private static Task<Guest> StartAsync(TestDisk disk, params string[] program) => Guest.StartAsync(disk, Guest.Terminal, program);

    // What was shown before the power was cut is shown again, and what is typed is echoed: an answer must be one that neither can spell.
    private static async Task AskAsync(Guest guest, string keys, string answer)
    {
        await guest.Console.TypeAsync(keys);
        await guest.Console.WaitForAsync(answer, Guest.Deadline);
    }

    /// <summary>Skipped where the host has no python as Debian 12 has it.</summary>
    private sealed class PythonFactAttribute : FactAttribute
    {
        public PythonFactAttribute() => Skip = HostPrograms.WhyNoPython;
    }
}
