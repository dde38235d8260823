// Programs run to their end: exit statuses, the byte console, standard input.
using System;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images;
using Xunit;

namespace Aurora.SystemTests;

public sealed class SessionTests
{
    [Fact]
    public async Task A_shell_command_prints_and_its_status_is_the_machines()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", "echo hello; exit 7");
        Assert.Equal((7, "hello\n"), await guest.FinishAsync());
        Assert.Empty(DiskImage.Check(disk.Path).Faults);
    }

    [Fact]
    public async Task A_pipeline_over_many_bytes_has_the_digest_it_has_on_Linux()
    {
        const string Digest = "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"; // of 1 MiB of zeroes
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", "dd if=/dev/zero bs=64k count=16 2>/dev/null | gzip | gzip -d | sha256sum");
        (int? status, string output) = await guest.FinishAsync();
        Assert.Equal((0, Digest), (status, output.Split(' ')[0]));
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_said_so()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/no/such/program");
        (int? status, _) = await guest.FinishAsync();
        Assert.Equal(127, status);
    }

    [Fact]
    public async Task A_program_killed_by_a_signal_ends_with_128_and_its_number()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "sh", "-c", "sh -c 'kill -SEGV $$'; echo $?; exec sh -c 'kill -TERM $$; sleep 9'");
        (int? status, string output) = await guest.FinishAsync();
        Assert.Equal("Segmentation fault\n139\n", output);
        // Nobody kills init, but it may end itself.
        Assert.Equal(143, status);
    }

    [Fact]
    public async Task Standard_input_arrives_byte_for_byte_and_ends()
    {
        using var disk = new TestDisk();
        await using Guest guest = await Guest.StartAsync(disk, "/bin/busybox", "cat");
        // Every byte a terminal could take for itself is in it: control characters, carriage returns, deletes.
        string sent = string.Concat(Enumerable.Range(0, 4096).Select(number => (char)(number * 7 % 128)));
        await guest.ReadyAsync();
        await guest.Console.TypeAsync(sent);
        await guest.Machine.SendEndOfInputAsync();
        Assert.Equal((0, sent), await guest.FinishAsync());
    }
}
