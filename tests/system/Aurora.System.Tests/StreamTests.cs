// Groups that are sent while they run, and received here, on another machine, and by the host's tools, which know the same streams.
using System.IO;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Images.Root;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class StreamTests
{
    // Without the programs of other tests, which would all be sent.
    private const string Counting =
        "sls run -d --name a -- sh -c 'rm -r /usr/lib/aurora; i=0; while :; do i=$((i+1)); echo $i; usleep 20000; done' > /dev/null; "
        + "until [ $(sls logs a | wc -l) -ge 10 ]; do usleep 20000; done; ";

    // goes NAME LEAST: the group counts on from that number.
    private const string Goes =
        "goes() { first=$(sls logs $1 | tail -1); until [ $(sls logs $1 | tail -1) -gt $((first + 3)) ]; do usleep 20000; done; "
        + "sls logs $1 > /tmp/log; [ $first -ge $2 ] && [ $(wc -l < /tmp/log) = $(sort -u /tmp/log | wc -l) ] && echo $1 goes on; }; ";

    [Fact]
    public async Task A_group_that_is_sent_while_it_runs_is_received_and_runs_here_and_elsewhere()
    {
        using var disk = new TestDisk();
        (int? status, string text) = await RunAsync(disk, Counting + Goes
            + "sls checkpoint a one > /dev/null; sls send a > /a.stream && sls recv got < /a.stream; echo $?; "
            + "sls ps | grep got | grep -o saved; sls restore got@ b; goes b 10; goes a 10; "
            + "sls send a@one | sls recv piped && sls send a --since one | sls recv more && sls restore more@ c; goes c 10; "
            + "sls suspend got; sls send a@none > /tmp/x; head -c 5000 /a.stream | sls recv bad; yes | head -c 5000 | sls recv bad; "
            + "sls recv got < /a.stream; "
            + "sls send a | head -c 100000 > /dev/null; sls rm got piped; sls recv got < /a.stream; echo $?; sync", errors: true);
        Assert.Equal((0,
            "0\nsaved\nb\nb goes on\na goes on\nc\nc goes on\n"
            + "sls: suspend got: that is a saved volume, which nobody runs; 'sls restore N@' makes a group of it\n"
            + "sls: send a: there is no such group or checkpoint; 'sls history N' lists those there are\n"
            + "sls: recv bad: the stream ends before its end; nothing is left of what was received\n"
            + "sls: recv bad: the stream is damaged, or is none; nothing is left of what was received\n"
            + "sls: recv got: there is a group or a saved volume with that name\n"
            + "0\n"), (status, text));

        using var other = new TestDisk();
        string folder = Path.GetDirectoryName(other.Path)!;
        string sent = Path.Combine(folder, "sent");
        using (FileStream file = File.Create(sent))
            DiskImage.Cat(disk.Path, "/a.stream", file);
        using (FileStream file = File.OpenRead(sent))
            Assert.Equal("tooled", DiskImage.Receive(other.Path, "tooled", file).Name);
        using (FileStream file = File.Create(sent))
            DiskImage.Send(disk.Path, "a", null, null, file);
        DiskImage.Put(other.Path, [new RootEntry { Path = "/host.stream", Kind = RootEntryKind.File, Open = () => File.OpenRead(sent) }]);
        (status, text) = await RunAsync(other, Goes
            + "sls ps -q; sls recv mine < /host.stream; "
            + "for g in tooled mine; do sls restore $g@ run-$g; goes run-$g 10; sls rm $g; done", errors: false);
        Assert.Equal((0, "host\ntooled\nrun-tooled\nrun-tooled goes on\nrun-mine\nrun-mine goes on\n"), (status, text));
    }

    private static async Task<(int? Status, string Text)> RunAsync(TestDisk disk, string script, bool errors)
    {
        string redirected = errors ? "exec 2>&1; " + script : script;
        await using Guest guest = await Guest.StartAsync(disk, new BootConfiguration(), 256, "/bin/busybox", "sh", "-c", redirected);
        (int? status, string text) = await guest.FinishAsync(Guest.LongDeadline);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        return (status, text);
    }
}
