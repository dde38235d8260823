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
        await TypeAsync(guest, "sleep 1000\n", "sleep 1000");
        await TypeAsync(guest, "\u0003", Prompt);
        await TypeAsync(guest, "echo status $?\n", "status 130");
        await TypeAsync(guest, "sleep 1000\n", "sleep 1000");
        await TypeAsync(guest, "\u001a", "Stopped");
        await TypeAsync(guest, "jobs\n", "sleep 1000");
        await TypeAsync(guest, "fg\n", "sleep 1000");
        await TypeAsync(guest, "\u0003", Prompt);
        await TypeAsync(guest, "wrong\u0015echo right\n", "\nright");
        await TypeAsync(guest, "cat\n", "cat");
        await TypeAsync(guest, "echoed by cat\n", "echoed by cat\r\nechoed by cat");
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
        await TypeAsync(guest, "stty size\n", "24 80");
        await TypeAsync(guest, "trap 'stty size' WINCH; echo set\n", "\nset");
        await guest.Machine.SendAsync("winsize 50 132");
        await TypeAsync(guest, "\n", "50 132");
        await guest.Console.TypeAsync("exit\n");
        Assert.Equal(0, (await guest.FinishAsync()).Status);
    }

    private static async Task TypeAsync(Guest guest, string keys, string expected)
    {
        await guest.Console.TypeAsync(keys);
        await guest.Console.WaitForAsync(expected, Guest.Deadline);
    }
}
