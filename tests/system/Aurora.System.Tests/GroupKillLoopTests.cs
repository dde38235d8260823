// Groups at different paces on a machine whose power fails again and again. Each runs a program that counts in memory, a file it syncs, and
// pipes to a second process, and checks itself in every step; meanwhile copies of all of them are made, go back, stop and end. The
// program's lines are the group's log: "check N ok", N from 1 on. A gap or a repeat in it, or a line that says that the file or the memory
// is not what was counted, is a fault, and so is a group that nobody sent back and that is further back than it has been seen.
//
// A copy's log goes on where its source's was. Before it ends the machine looks at it in the same way; what it finds is kept in a file.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class GroupKillLoopTests(ITestOutputHelper output)
{
    private static readonly (string Name, int PeriodMilliseconds)[] _groups = [("a", 10), ("b", 50), ("c", 200)];

    private static readonly string[] _copying =
    [
        "back() { sls rewind $1 here && echo back $1 >> /tmp/seen; }\n",
        "look() { sls logs $1 | awk -v g=$1 \"$J\" >> /tmp/seen; }\n",
        "copy() { sls fork a xa; sls checkpoint xa here; sls fork b xb; sls period xa 5; sls checkpoint xb here; back xa; "
            + "sls fork c xc; sls suspend xc; back xb; sls resume xc; "
            + "for g in xa xb xc; do look $g; sls kill $g; sls rm $g; done; }\n",
        "while :; do copy; done > /dev/null 2>&1 &\n",
    ];

    [Fact]
    public async Task Groups_at_different_paces_lose_and_repeat_nothing_while_their_copies_come_and_go()
    {
        int lives = Number("AURORA_GROUP_LIVES", 7);
        int seed = Number("AURORA_GROUP_SEED", 5);
        using var disk = new TestDisk();
        var random = new Random(seed);
        var newest = _groups.ToDictionary(group => group.Name, _ => 0L);
        long copies = 0;
        for (int life = 0; life < lives; life++)
        {
            await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
            await (life == 0 ? BeginAsync(guest) : (Task)guest.ResumedAsync());
            copies = await JudgeAsync(guest, life, newest, copies);
            await Task.Delay(random.Next(100, 1500)); // the moment of the cut, not a wait for anything
            await guest.CutPowerAsync();
            Assert.DoesNotContain(guest.Events.Snapshot(), item => item is PanicEvent or RefusedEvent);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
        }
        Assert.True(copies > 0, "no copy was looked at");
        output.WriteLine($"attack: kills of groups at different paces: {lives} kills, {newest.Values.Sum()} steps, {copies} copies");
    }

    private static int Number(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value : otherwise;

    private static async Task BeginAsync(Guest guest)
    {
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        foreach ((string name, int period) in _groups)
            await guest.Console.TypeAsync(
                $"sls run -d --name {name} -- /usr/lib/aurora/selfcheck -y -i 25 -m 128; sls period {name} {period}\n");
        await guest.Console.TypeAsync(GroupLog.Definition);
        foreach (string line in _copying)
            await guest.Console.TypeAsync(line);
    }

    // What the logs of the groups say, and what the copies' have said so far; the number of copies.
    private static async Task<long> JudgeAsync(Guest guest, int life, Dictionary<string, long> newest, long copies)
    {
        foreach ((string name, int _) in _groups)
        {
            GroupLog log = await GroupLog.ReadAsync(guest, name, $"{life}");
            log.AssertSound();
            Assert.True(log.Step >= newest[name], $"life {life}: {name} was at step {newest[name]} and is at {log.Step}");
            newest[name] = log.Step;
        }
        await guest.Console.TypeAsync(
            $"\nawk '$1==\"back\" {{r++; next}} {{n++}} $4 != 0 {{b++}} $3 != 0 && $5 != 1 && $3 < {GroupLog.StepsOfWhole} {{b++}} "
            + $"END {{print \"copies\", {life}, n+0, b+0, r+0, \"end\"}}' /tmp/seen\n");
        Match seen = await guest.Console.WaitForAsync(new Regex($"copies {life} (\\d+) (\\d+) (\\d+) end"), Guest.Deadline);
        Assert.True(NumberIn(seen, 2) == 0, $"life {life}: {NumberIn(seen, 2)} copies have logs that are wrong");
        Assert.True(NumberIn(seen, 1) >= copies, $"life {life}: {copies} copies had been looked at, and now {NumberIn(seen, 1)}");
        Assert.True(NumberIn(seen, 1) < 10 || NumberIn(seen, 3) > 0, "no copy has gone back");
        return NumberIn(seen, 1);
    }

    private static long NumberIn(Match answer, int group)
        => long.Parse(answer.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
}
