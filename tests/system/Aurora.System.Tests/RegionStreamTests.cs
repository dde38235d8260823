// Regions that are sent while they are used, and received here, on another machine, and by the host's tools, which know the same streams.
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Aurora.Images.Root;
using Aurora.Qemu;
using Xunit;

namespace Aurora.SystemTests;

public sealed class RegionStreamTests
{
    [Fact]
    public async Task A_region_that_is_sent_is_received_here_and_elsewhere_and_its_pointers_hold()
    {
        using var disk = new TestDisk();
        (int? status, string text) = await RunAsync(disk,
            "e=$(pointers grow list 1000); sls regions send list@$e > /list.stream; pointers grow list 50 > /dev/null; "
            + "sls regions send list --since $e > /more.stream; sls regions recv copy < /list.stream; echo $?; pointers walk copy; "
            + "sls regions recv newer < /more.stream && pointers walk newer; pointers walk list; "
            + "[ $(wc -c < /more.stream) -lt $(wc -c < /list.stream) ] && echo less; "
            + "pointers grow copy 7 > /dev/null && pointers walk copy; sls regions send list | sls regions recv piped; "
            + "pointers walk piped; "
            + "sls regions send none > /tmp/x; e=$(sls regions history list | tail -1 | cut -d' ' -f1); "
            + "sls regions send list --since $e > /tmp/x; "
            + "sls regions recv copy < /list.stream; head -c 5000 /list.stream | sls regions recv bad; "
            + "yes | head -c 5000 | sls regions recv bad; sls recv group < /list.stream; "
            + "sls run -d --name g -- sleep 1000 > /dev/null; sls send g > /g.stream; sls regions recv bad < /g.stream; sls kill g; "
            + "sls regions | tail -n +2 | cut -d' ' -f1; sync");
        Assert.Equal(
            "0\n1000 nodes, sum 500500\n1050 nodes, sum 551775\n1050 nodes, sum 551775\nless\n1007 nodes, sum 507528\n"
            + "1050 nodes, sum 551775\n"
            + "sls: regions send none: there is no such region, or of that epoch nothing is known any more; 'sls regions' lists them\n"
            + "sls: regions send list: the epoch of --since is not before the one that is sent\n"
            + "sls: regions recv copy: there is a region with that name\n"
            + "sls: regions recv bad: the stream ends before its end; nothing is left of what was received\n"
            + "sls: regions recv bad: the stream is damaged, or is none; nothing is left of what was received\n"
            + "sls: recv group: the stream is of a region: 'sls regions recv' takes it\n"
            + "sls: regions recv bad: the stream is of a group: 'sls recv' takes it\n"
            + "list\ncopy\nnewer\npiped\n", text);
        Assert.Equal(0, status);

        using var other = new TestDisk();
        string sent = Take(disk, "/list.stream");
        string more = Take(disk, "/more.stream");
        using (FileStream file = File.OpenRead(sent))
            Assert.True(DiskImage.Receive(other.Path, "tooled", file).IsRegion);
        DiskImage.Put(other.Path, [Entry("/list.stream", sent), Entry("/more.stream", more)]);
        (status, text) = await RunAsync(other,
            "pointers walk tooled; sls regions recv more < /more.stream && pointers walk more; "
            + "sls regions recv list < /list.stream; pointers walk list; pointers grow mine 3 > /dev/null; pointers walk mine; sync");
        Assert.Equal("1000 nodes, sum 500500\n1050 nodes, sum 551775\n1000 nodes, sum 500500\n3 nodes, sum 6\n", text);
        Assert.Equal(0, status);
        Assert.Equal(["list", "mine", "more", "tooled"],
            DiskImage.Volumes(other.Path).Where(volume => volume.IsRegion).Select(volume => volume.Name).Order());
    }

    private static string Take(TestDisk disk, string name)
    {
        string path = Path.GetDirectoryName(disk.Path) + name;
        using FileStream file = File.Create(path);
        DiskImage.Cat(disk.Path, name, file);
        return path;
    }

    private static RootEntry Entry(string name, string source)
        => new() { Path = name, Kind = RootEntryKind.File, Open = () => File.OpenRead(source) };

    private static async Task<(int? Status, string Text)> RunAsync(TestDisk disk, string script)
    {
        await using Guest guest = await Guest.StartAsync(
            disk, new BootConfiguration(), 256, "/bin/busybox", "sh", "-c", "exec 2>&1; PATH=$PATH:/usr/lib/aurora; " + script);
        (int? status, string text) = await guest.FinishAsync(Guest.LongDeadline);
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
        return (status, text);
    }
}
