// A shell on the terminal: line editing, Ctrl-C, Ctrl-Z, fg, Ctrl-D, window size.
using System.Threading.Tasks;
using Xunit;

namespace Aurora.SystemTests;

public sealed class JobControlTests
{
    private const string Prompt = "# ";

    [Fact]
    public async Task Control_characters_act_on_the_foreground_job()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await guest.Console.WaitForAsync(Prompt, Guest.Deadline);
        // A key acts on whoever is in the foreground when it arrives: wait until the job says that it runs.
        await TypeAsync(guest, "sh -c 'echo job $((40+2)); exec sleep 1000'\n", "job 42");
        await TypeAsync(guest, "\u0003", Prompt);
        await TypeAsync(guest, "echo status $?\n", "status 130");
        await TypeAsync(guest, "sh -c 'echo job $((40+3)); exec sleep 1000'\n", "job 43");
        await TypeAsync(guest, "\u001a", "Stopped");
        await TypeAsync(guest, "jobs\n", "Stopped");
        await TypeAsync(guest, "bg; sh -c 'echo job $((40+4)); exec sleep 1000'\n", "job 44");
        await TypeAsync(guest, "\u0003", Prompt);
        await TypeAsync(guest, "jobs; kill %1; wait; echo all $?\n", "Running");
        await TypeAsync(guest, "", "\nall");
        await TypeAsync(guest, "wrong\u0015echo right\n", "\nright");
        await TypeAsync(guest, "echo $((7*7)); cat\n", "\n49");
        await TypeAsync(guest, "typed ahead\n", "typed ahead\r\ntyped ahead");
        await TypeAsync(guest, "\u0004", Prompt);
        await guest.Console.TypeAsync("exit 6\n");
        Assert.Equal(6, (await guest.FinishAsync()).Status);
    }

    [Fact]
    public async Task The_window_size_follows_the_hosts()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, Guest.Terminal, "/bin/busybox", "sh");
        await guest.Console.WaitForAsync(Prompt, Guest.Deadline);
        await TypeAsync(guest, "stty size\n", "\n24 80");
        await TypeAsync(guest, "sh -c 'trap \"stty size; exit\" WINCH; echo set; while :; do sleep 0.1; done'\n", "\nset");
        await guest.Machine.SendAsync("winsize 50 132");
        await TypeAsync(guest, "", "50 132");
        await guest.Console.TypeAsync("exit\n");
        Assert.Equal(0, (await guest.FinishAsync()).Status);
    }

    private static async Task TypeAsync(Guest guest, string keys, string expected)
    {
        await guest.Console.TypeAsync(keys);
        await guest.Console.WaitForAsync(expected, Guest.Deadline);
    }
}
