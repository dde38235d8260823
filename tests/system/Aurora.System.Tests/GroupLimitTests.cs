// Groups in which everything goes wrong beside one that counts and checks itself: it goes on, through power cuts too, and is not told of
// them by a single line. All of them run as root.
using System;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Qemu;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.SystemTests;

public sealed class GroupLimitTests(ITestOutputHelper output)
{
    private const int Lives = 2;
    private const int StepsPerLife = 20;
    private const int MemoryMebibytes = 112;

    private static readonly string[] _begin =
    [
        GroupLog.Definition,
        "sls run -d --name good -- /usr/lib/aurora/selfcheck -y -w -i 20 -m 256\n",
        "sls run -d --name wild -- /usr/lib/aurora/fuzz -s 3 -t 600 -n 2\n",
        "sls run -d --name hog -- sh -c 'while :; do /usr/lib/aurora/pressure sparse; done'\n",
    ];

    [Fact]
    public async Task Hostile_programs_and_a_hog_in_groups_of_their_own_leave_another_undisturbed()
    {
        using var disk = new TestDisk();
        long step = 0;
        int killed = 0;
        for (int life = 0; life < Lives; life++)
        {
            await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, MemoryMebibytes, "/bin/busybox", "sh");
            await (life == 0 ? BeginAsync(guest) : (Task)guest.ResumedAsync());
            if (life == 0)
                await guest.Events.WaitAsync<LogEvent>(Guest.Deadline, IsOfMemory);
            step = await ReachAsync(guest, life, step);
            await AssertEveryoneIsThereAsync(guest, life);
            await guest.CutPowerAsync();
            Assert.DoesNotContain(guest.Events.Snapshot(), item => item is PanicEvent or RefusedEvent);
            Assert.Empty(DiskImage.Check(disk.Path).Faults);
            killed += guest.Events.Snapshot().OfType<LogEvent>().Count(IsOfMemory);
        }
        output.WriteLine($"attack: hostile programs in groups: {step} steps beside them, {killed} killed for memory, {Lives} power cuts");
    }

    private static bool IsOfMemory(LogEvent line) => line.Line.Contains("memory: exhausted", StringComparison.Ordinal);

    private static async Task BeginAsync(Guest guest)
    {
        await guest.Console.WaitForAsync("# ", Guest.Deadline);
        foreach (string line in _begin)
            await guest.Console.TypeAsync(line);
    }

    // The good one goes on from where it has been seen.
    private static async Task<long> ReachAsync(Guest guest, int life, long seen)
    {
        long start = Stopwatch.GetTimestamp();
        for (int question = 0; ; question++)
        {
            GroupLog log = await GroupLog.ReadAsync(guest, "good", $"{life}x{question}");
            log.AssertSound();
            Assert.True(log.Step >= seen, $"life {life}: it was at step {seen} and is at {log.Step}");
            if (log.Step >= seen + StepsPerLife)
                return log.Step;
            Assert.True(Stopwatch.GetElapsedTime(start) < Guest.Deadline, $"life {life}: it was at step {seen} and has come to {log.Step}");
        }
    }

    private static async Task AssertEveryoneIsThereAsync(Guest guest, int life)
    {
        await guest.Console.TypeAsync($"\necho gro''ups {life} $(sls ps -q) end\n");
        Match answer = await guest.Console.WaitForAsync(new Regex($"groups {life} (.*) end"), Guest.Deadline);
        Assert.Equal("host good wild hog", answer.Groups[1].Value);
    }
}
