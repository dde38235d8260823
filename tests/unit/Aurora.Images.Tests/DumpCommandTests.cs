using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>Which process of which group, and what is said when there is none or the image is damaged.</summary>
public sealed unsafe class DumpCommandTests : IDisposable
{
    private const ulong Arena = 0x4000_0000;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-dump-").FullName;
    private readonly byte[] _page = new byte[4096];

    public DumpCommandTests() => new Random(9).NextBytes(_page);

    private string Core => Path.Combine(_folder, "core");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_processes_of_a_group_are_listed_as_of_a_checkpoint()
    {
        string image = Create(out ulong first);
        Assert.Equal(
            [
                new ImageProcess(1, 0, 'R', 2, 8192, "init"), new ImageProcess(3, 1, 'S', 1, 8192, "child"),
                new ImageProcess(4, 1, 'Z', 0, 0, "ended"),
            ],
            DiskImage.Processes(image));
        Assert.Equal([1], DiskImage.Processes(image, "host", "alone").Select(process => process.Id));
        Assert.Equal([1], DiskImage.Processes(image, "0", $"{first}").Select(process => process.Id));
    }

    [Fact]
    public void A_group_is_found_by_its_name_and_number_and_so_is_a_volume_that_nobody_runs()
    {
        string image = Create(out _);
        DiskImage.Fork(image, "1", "web", "alone");
        DiskImage.Fork(image, "1", "spare", null);
        HeldImage.MarkGroup(image, 2, "web");
        var volumes = DiskImage.Volumes(image).Select(volume => (volume.Name, volume.IsGroup));
        Assert.Equal([("", true), ("web", true), ("spare", false)], volumes);
        Assert.Equal([1], DiskImage.Processes(image, "web").Select(process => process.Id));
        Assert.Equal([1], DiskImage.Processes(image, "1").Select(process => process.Id));
        Assert.Equal(3, DiskImage.Processes(image, "spare").Count);
        Assert.Equal("init", DiskImage.Dump(image, 1, Core, "web").Process.Name);
        using var core = new CoreReader(Core);
        Assert.Equal(_page, core.PageAt(Arena));
        RequireRefused("no group db in the image; there are host (0), web (1)", () => DiskImage.Processes(image, "db"));
        RequireRefused("no group 9 in the image", () => DiskImage.Processes(image, "9"));
        RequireRefused("no checkpoint never in the history of group web", () => DiskImage.Processes(image, "web", "never"));
    }

    [Fact]
    public void A_process_without_memory_is_refused_with_those_that_have_some()
    {
        string image = Create(out ulong first);
        const string others = "there are 1 (init), 3 (child), 4 (ended) (see aurora ps)";
        RequireRefused($"has no process 7; {others}", () => DiskImage.Dump(image, 7, Core));
        RequireRefused($"has no process 2 (2 is a thread of process 1); {others}", () => DiskImage.Dump(image, 2, Core));
        RequireRefused("process 4 of group host as of epoch ", () => DiskImage.Dump(image, 4, Core));
        RequireRefused($"has ended: it has no memory; {others}", () => DiskImage.Dump(image, 4, Core));
        RequireRefused(
            $"group host as of epoch {first} has no process 3; there are 1 (init)", () => DiskImage.Dump(image, 3, Core, null, "alone"));
        RequireRefused("has no process -1;", () => DiskImage.Dump(image, -1, Core));
        RequireRefused("no checkpoint never in the history of group host", () => DiskImage.Dump(image, 1, Core, null, "never"));
        Assert.False(File.Exists(Core));
    }

    [Fact]
    public void An_image_without_a_session_and_a_process_without_a_program_are_refused()
    {
        string image;
        ulong empty;
        using (HeldImage held = HeldImage.Create(_folder, _page))
        {
            image = held.Path;
            empty = held.Checkpoint("empty");
            Thread* init = held.StartInit("early");
            held.Group.Memory.Spaces.Release(init->Process->AddressSpace);
            init->Process->AddressSpace = null;
            init->Call = new CallContinuation { Active = true, Number = CallContinuation.FirstProgram };
            held.MarkChanged(init);
            held.Checkpoint();
        }
        RequireRefused(
            $"group host as of epoch {empty} has no process 1; it has none", () => DiskImage.Dump(image, 1, Core, null, "empty"));
        RequireRefused("has not begun its program: it has no memory", () => DiskImage.Dump(image, 1, Core));
        Assert.Empty(DiskImage.Processes(image, null, "empty"));
    }

    [Fact]
    public void A_file_that_exists_is_left_alone_and_one_that_cannot_be_made_is_named()
    {
        string image = Create(out _);
        File.WriteAllText(Core, "mine");
        RequireRefused("core exists already", () => DiskImage.Dump(image, 1, Core));
        Assert.Equal("mine", File.ReadAllText(Core));
        RequireRefused("nowhere/core cannot be written: ", () => DiskImage.Dump(image, 1, Path.Combine(_folder, "nowhere/core")));
    }

    [Fact]
    public void Memory_that_the_image_has_lost_is_named_and_no_file_is_left()
    {
        string image = Create(out _);
        byte[] all = File.ReadAllBytes(image);
        int at = all.AsSpan().IndexOf(_page.AsSpan(200, 64));
        using (FileStream file = File.OpenWrite(image))
        {
            file.Position = at + 10;
            file.WriteByte((byte)~all[at + 10]);
        }
        RequireRefused(": the memory at 0x40000000 cannot be read: data does not match its checksum", () => DiskImage.Dump(image, 1, Core));
        RequireRefused("process 1 of group host as of epoch ", () => DiskImage.Dump(image, 1, Core));
        Assert.Empty(Directory.GetFiles(_folder, "core*"));
    }

    [Fact]
    public void A_state_that_no_kernel_restores_is_refused_by_name_and_an_earlier_one_is_not()
    {
        string image = Create(out _);
        ulong bad = BadRecord.Add(image);
        RequireRefused($"group host: the present state (epoch {bad}) cannot be restored: a record is impossible: timer",
            () => DiskImage.Dump(image, 1, Core));
        RequireRefused($"group host: checkpoint (epoch {bad}) cannot be restored: a record is impossible: timer",
            () => DiskImage.Processes(image, null, $"{bad}"));
        Assert.Equal(1, DiskImage.Dump(image, 1, Core, null, "alone").Process.Id);
        File.WriteAllBytes(image, new byte[64 << 20]);
        RequireRefused("no Aurora disk image", () => DiskImage.Dump(image, 1, Core + "2"));
    }

    // Init alone; then with a thread, a child that waits and one that has ended.
    private string Create(out ulong first)
    {
        using HeldImage held = HeldImage.Create(_folder, _page[..100]);
        Thread* init = held.StartInit("init");
        held.Map(init, Arena, 2, Protection.Read | Protection.Write);
        held.Write(init, Arena, _page);
        first = held.Checkpoint("alone");
        held.StartThread(init);
        Thread* child = held.Fork(init);
        Thread* ended = held.Fork(init);
        "child\0"u8.CopyTo(new Span<byte>(child->Process->Name, 16));
        "ended\0"u8.CopyTo(new Span<byte>(ended->Process->Name, 16));
        child->Call = new CallContinuation { Active = true, Number = 35 };
        held.MarkChanged(child);
        held.Life.EndProcess(ended->Process, 0);
        held.Checkpoint();
        return held.Path;
    }

    private static void RequireRefused(string reason, Action action)
        => Assert.Contains(reason, Assert.Throws<ImageException>(action).Message, StringComparison.Ordinal);
}
