using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>
/// What has lost its last name and is still in use remembers it, also through a restore, and goes with it when nothing uses it any more
/// (guests/c/gone.c has what programs see).
/// </summary>
public sealed unsafe class GoneTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Place = 0x5000_0000;
    private const uint User = 1000;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _program;
    private readonly int _names;
    private readonly int _inodes;

    public GoneTests()
    {
        _program = _kernel.Fork(_kernel.Boot());
        _kernel.Do(_program, 83, _kernel.PokeText(_program, Scratch, "/own"), 0x1FF);
        _kernel.Do(_program, 90, Scratch, 0x1FF);
        _names = NamesOf(_kernel);
        _inodes = _kernel.Files.Inodes.Count;
    }

    public void Dispose() => _kernel.Dispose();

    private static int NamesOf(TestKernel kernel)
    {
        int names = 0;
        for (ulong id = 1; id < kernel.Tracker.NextId.Value; id++)
            names += kernel.Tracker.Find(new ObjectId(id), ObjectKind.FormerName) != null ? 1 : 0;
        return names;
    }

    private static TestKernel Move(TestKernel kernel, Action<TestKernel.Image>? change = null)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        change?.Invoke(image);
        TestKernel restored = TestKernel.Restore(image, kernel.IsPlain);
        restored.LoadTree();
        return restored;
    }

    private static ulong Path(TestKernel kernel, Thread* thread, string path) => kernel.PokeText(thread, Scratch, path);

    private static int Open(TestKernel kernel, Thread* thread, string path)
        => (int)kernel.Do(thread, 2, Path(kernel, thread, path), 0x42, 0x1B6);

    private static void Unlink(TestKernel kernel, Thread* thread, string path)
        => Assert.Equal(0, kernel.Do(thread, 87, Path(kernel, thread, path)));

    private static string Shows(TestKernel kernel, Thread* thread, string link)
    {
        long length = kernel.Do(thread, 89, Path(kernel, thread, "/proc/self/" + link), Scratch + 0x1000, 4000);
        if (length < 0)
            return $"{(Errno)(-length)}";
        var text = new byte[length];
        for (int i = 0; i < length; i++)
            text[i] = kernel.Peek<byte>(thread, Scratch + 0x1000 + (ulong)i);
        return Encoding.UTF8.GetString(text);
    }

    private ulong MapFile(string path, ulong protection, ulong flags)
    {
        int file = Open(_kernel, _program, path);
        _kernel.Do(_program, 77, (ulong)file, 4096);
        Assert.Equal((long)Place, _kernel.Do(_program, 9, Place, 4096, protection, flags | 0x10, (ulong)file, 0));
        _kernel.Do(_program, 3, (ulong)file);
        Unlink(_kernel, _program, path);
        return Place;
    }

    private static void Settle(TestKernel kernel)
    {
        for (int steps = 0; kernel.Files.Closing.HasWork; steps++)
        {
            Assert.True(steps < 100, "it does not come to an end");
            kernel.Files.Closing.Step();
        }
    }

    private void AssertNothingIsLeft(TestKernel kernel)
    {
        Settle(kernel);
        Assert.Equal(_inodes, kernel.Files.Inodes.Count);
        Assert.Equal(_names, NamesOf(kernel));
    }

    [Fact]
    public void A_file_shows_where_it_was_until_it_is_closed()
    {
        int file = Open(_kernel, _program, "/own/" + new string('n', 200));
        Unlink(_kernel, _program, "/own/" + new string('n', 200));
        using TestKernel restored = Move(_kernel);
        foreach (TestKernel each in new[] { _kernel, restored })
        {
            Thread* thread = each.ThreadOf(_program->Id);
            Assert.Equal($"/own/{new string('n', 200)} (deleted)", Shows(each, thread, $"fd/{file}"));
            Assert.Equal(0, each.Do(thread, 82, Path(each, thread, "/own"), each.PokeText(thread, Scratch + 0x200, "/other")));
            Assert.Equal($"/other/{new string('n', 200)} (deleted)", Shows(each, thread, $"fd/{file}"));
            Assert.Equal(0, each.Do(thread, 3, (ulong)file));
            AssertNothingIsLeft(each);
        }
    }

    [Theory]
    [InlineData(1UL, 2UL)]
    [InlineData(3UL, 2UL)]
    [InlineData(3UL, 1UL)]
    public void A_file_that_is_only_mapped_lives_and_shows_where_it_was_until_it_is_unmapped(ulong protection, ulong flags)
    {
        ulong place = MapFile("/own/mapped", protection, flags);
        if (protection == 3)
            _kernel.Poke(_program, place, 7UL);
        using TestKernel restored = Move(_kernel);
        foreach (TestKernel each in new[] { _kernel, restored })
        {
            Thread* thread = each.ThreadOf(_program->Id);
            int maps = (int)each.Do(thread, 2, Path(each, thread, "/proc/self/maps"), 0);
            long length = each.Do(thread, 0, (ulong)maps, Scratch + 0x1000, 4000);
            each.Poke(thread, Scratch + 0x1000 + (ulong)length, (byte)0);
            Assert.Contains("/own/mapped (deleted)\n", each.PeekText(thread, Scratch + 0x1000), StringComparison.Ordinal);
            each.Do(thread, 3, (ulong)maps);
            Thread* child = each.Fork(thread);
            each.Do(thread, 11, place, 4096);
            Settle(each);
            Assert.Equal(_inodes + 1, each.Files.Inodes.Count);
            each.Call(child, 231, 0);
            AssertNothingIsLeft(each);
        }
    }

    [Fact]
    public void A_file_that_is_unmapped_last_ends_after_the_call_and_after_a_restore_in_between()
    {
        ulong place = MapFile("/own/mapped", 3, 1);
        Assert.Equal(0, _kernel.Do(_program, 11, place, 4096));
        Assert.True(_kernel.Files.Closing.HasWork);
        using TestKernel restored = Move(_kernel);
        Assert.True(restored.Files.Closing.HasWork);
        AssertNothingIsLeft(_kernel);
        AssertNothingIsLeft(restored);
    }

    [Fact]
    public void A_program_that_runs_lives_though_nothing_of_it_is_mapped()
    {
        _kernel.Files.Inodes.Release(_kernel.WriteFile("/own/program", ElfBuilder.Build(), 0x81ED));
        Thread* runner = _kernel.Fork(_program);
        ExecTests.Execute(_kernel, runner, "/own/program", ["program"], []);
        Unlink(_kernel, _program, "/own/program");
        int inodes = _kernel.Files.Inodes.Count;
        ulong stack = runner->Context->Rsp & ~4095UL;
        _kernel.Do(runner, 11, 0, stack - 0x10_0000);
        (int first, int second) = (runner->Id, _kernel.Fork(runner)->Id);
        using TestKernel restored = Move(_kernel);
        foreach (TestKernel each in new[] { _kernel, restored })
        {
            Assert.Equal(inodes, each.Files.Inodes.Count);
            Thread* thread = each.ThreadOf(_program->Id);
            Assert.Equal("/own/program (deleted)", ShowsOf(each, thread, first));
            each.Call(each.ThreadOf(first), 231, 0);
            Assert.Equal("/own/program (deleted)", ShowsOf(each, thread, second));
            each.Call(each.ThreadOf(second), 231, 0);
            AssertNothingIsLeft(each);
        }
    }

    private static string ShowsOf(TestKernel kernel, Thread* thread, int process) => Shows(kernel, thread, $"../{process}/exe");

    // All that hangs on one descriptor ends in steps, and a restore after any of them goes on with what is left.
    [Fact]
    public void Folders_that_were_removed_one_above_the_other_go_in_steps_with_what_holds_the_lowest()
    {
        const int depth = 1000;
        string path = "/own";
        Assert.Equal(0, _kernel.Do(_program, 80, Path(_kernel, _program, path)));
        for (int i = 0; i < depth; i++)
        {
            Assert.Equal(0, _kernel.Do(_program, 83, Path(_kernel, _program, "d"), 0x1FF));
            Assert.Equal(0, _kernel.Do(_program, 80, Path(_kernel, _program, "d")));
        }
        int lowest = (int)_kernel.Do(_program, 2, Path(_kernel, _program, "."), 0);
        for (int i = 0; i < depth; i++)
        {
            Assert.Equal(0, _kernel.Do(_program, 80, Path(_kernel, _program, "..")));
            Assert.Equal(0, _kernel.Do(_program, 84, Path(_kernel, _program, "d")));
        }
        Assert.Equal("/own" + string.Concat(Enumerable.Repeat("/d", depth)) + " (deleted)", Shows(_kernel, _program, $"fd/{lowest}"));
        Assert.Equal(_inodes + depth, _kernel.Files.Inodes.Count);
        Assert.Equal(0, _kernel.Do(_program, 3, (ulong)lowest));
        int steps = 0;
        var image = new TestKernel.Image();
        for (; _kernel.Files.Closing.HasWork; steps++)
        {
            _kernel.Capture(image);
            using (TestKernel restored = TestKernel.Restore(image))
            {
                Assert.True(restored.Files.Closing.HasWork);
                restored.LoadTree();
                AssertNothingIsLeft(restored);
            }
            _kernel.Files.Closing.Step();
            Assert.InRange(Slices.Changes(_kernel), 1, Slices.MostPerStep);
        }
        Assert.InRange(steps, (depth / ProcessLife.UnitsPerStep) + 1, depth);
        AssertNothingIsLeft(_kernel);
    }

    [Fact]
    public void Former_names_are_their_makers_until_they_go()
    {
        _kernel.Do(_program, 117, User, User, User);
        const int count = 50;
        for (int i = 0; i < count; i++)
        {
            Open(_kernel, _program, $"/own/{i}");
            Unlink(_kernel, _program, $"/own/{i}");
        }
        ulong held = _kernel.Pages.Accounts.BytesOf(User);
        Assert.True(held > count * (ulong)(sizeof(Inode) + sizeof(DirectoryEntry)));
        using TestKernel restored = Move(_kernel);
        Assert.Equal(held, restored.Pages.Accounts.BytesOf(User));
        foreach (TestKernel each in new[] { _kernel, restored })
        {
            each.Do(each.ThreadOf(_program->Id), 436, 0, uint.MaxValue, 0);
            AssertNothingIsLeft(each);
            Assert.True(each.Pages.Accounts.BytesOf(User) < held - (count * (ulong)(sizeof(Inode) + sizeof(DirectoryEntry))));
        }
    }

    [Fact]
    public void A_file_of_an_image_that_remembers_no_names_is_there_without_one()
    {
        int file = Open(_kernel, _program, "/own/file");
        Unlink(_kernel, _program, "/own/file");
        using TestKernel restored = Move(_kernel, WithoutFormerNames);
        Thread* thread = restored.ThreadOf(_program->Id);
        Assert.Equal("/ (deleted)", Shows(restored, thread, $"fd/{file}"));
        Assert.Equal(0, restored.Do(thread, 3, (ulong)file));
        AssertNothingIsLeft(restored);
    }

    // The image has what was captured before, too.
    private void Try(TestKernel.Image image, string what, params string[] shown)
    {
        _kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image, _kernel.IsPlain);
        restored.LoadTree();
        foreach (TestKernel each in new[] { _kernel, restored })
        {
            Thread* thread = each.ThreadOf(_program->Id);
            for (int file = 0; file < shown.Length; file++)
                Assert.Equal($"{what}: {shown[file]}", $"{what}: {Shows(each, thread, $"fd/{file}")}");
        }
    }

    // A restore has in memory the name that the record says, whichever names were looked up while the machine ran.
    [Fact]
    public void A_file_of_several_names_shows_the_one_by_which_it_was_opened_last()
    {
        void Two(int call, string from, string to)
            => Assert.Equal(0, _kernel.Do(_program, call, Path(_kernel, _program, from), _kernel.PokeText(_program, Scratch + 0x200, to)));
        var image = new TestKernel.Image();
        int first = Open(_kernel, _program, "/own/first");
        Two(86, "/own/first", "/own/second");
        Two(86, "/own/first", "/own/third");
        Try(image, "linked", "/own/first");
        int second = Open(_kernel, _program, "/own/second");
        Try(image, "opened by another", "/own/second", "/own/second");
        Unlink(_kernel, _program, "/own/first");
        Two(82, "/own/second", "/own/moved");
        Try(image, "renamed", "/own/moved", "/own/moved");
        Unlink(_kernel, _program, "/own/moved");
        Try(image, "taken away", "/own/moved (deleted)", "/own/moved (deleted)");
        Two(82, "/own/third", "/own/only");
        Try(image, "the other renamed", "/own/moved (deleted)", "/own/moved (deleted)");
        Two(82, "/own/only", "/own/third");
        Two(86, "/own/third", "/own/fourth");
        Two(82, "/own/third", "/own/fifth");
        Try(image, "others", "/own/moved (deleted)", "/own/moved (deleted)");
        _kernel.Do(_program, 3, (ulong)second);
        second = Open(_kernel, _program, "/own/fourth");
        Try(image, "opened by one that is left", "/own/fourth", "/own/fourth");
        Unlink(_kernel, _program, "/own/fourth");
        Unlink(_kernel, _program, "/own/fifth");
        Try(image, "gone", "/own/fourth (deleted)", "/own/fourth (deleted)");
        _kernel.Do(_program, 3, (ulong)first);
        _kernel.Do(_program, 3, (ulong)second);
        AssertNothingIsLeft(_kernel);
    }

    [Fact]
    public void A_former_name_goes_with_the_last_use_of_a_file_that_has_others()
    {
        int file = Open(_kernel, _program, "/own/first");
        ulong second = _kernel.PokeText(_program, Scratch + 0x200, "/own/second");
        Assert.Equal(0, _kernel.Do(_program, 86, Path(_kernel, _program, "/own/first"), second));
        _kernel.Do(_program, 77, (ulong)file, 4096);
        Assert.Equal((long)Place, _kernel.Do(_program, 9, Place, 4096, 3, 0x11, (ulong)file, 0));
        Unlink(_kernel, _program, "/own/first");
        using TestKernel restored = Move(_kernel);
        foreach (TestKernel each in new[] { _kernel, restored })
        {
            Thread* thread = each.ThreadOf(_program->Id);
            each.Do(thread, 3, (ulong)file);
            Settle(each);
            Assert.Equal(_names + 1, NamesOf(each));
            each.Do(thread, 11, Place, 4096);
            Settle(each);
            Assert.Equal((_names, _inodes + 1), (NamesOf(each), each.Files.Inodes.Count));
            Unlink(each, thread, "/own/second");
            AssertNothingIsLeft(each);
        }
    }

    private static void WithoutFormerNames(TestKernel.Image image)
    {
        foreach ((ulong id, (ObjectKind kind, byte[] _)) in image.Records.ToList())
            if (kind == ObjectKind.FormerName)
                image.Records.Remove(id);
    }

    // Ways up must end, whatever a damaged image says.
    [Theory]
    [InlineData("itself")]
    [InlineData("each other")]
    [InlineData("named")]
    [InlineData("a file")]
    [InlineData("twice")]
    [InlineData("the root")]
    public void A_former_name_that_cannot_be_is_refused(string wrong)
    {
        ulong[] ids = new ulong[2];
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(0, _kernel.Do(_program, 83, Path(_kernel, _program, $"/own/{i}"), 0x1FF));
            int folder = (int)_kernel.Do(_program, 2, Path(_kernel, _program, $"/own/{i}"), 0);
            Assert.Equal(0, _kernel.Do(_program, 84, Path(_kernel, _program, $"/own/{i}")));
            ids[i] = Descriptors.Find((DescriptorTable*)_program->Process->Descriptors, folder)->Inode->Header.Id.Value;
        }
        int file = Open(_kernel, _program, "/own/file");
        ulong fileId = Descriptors.Find((DescriptorTable*)_program->Process->Descriptors, file)->Inode->Header.Id.Value;
        var caller = new FileCaller(_program);
        Assert.Equal(Errno.Ok, _kernel.Files.Walks.Resolve(in caller, _kernel.Names->Root, "/dev"u8, WalkFlags.None, out Inode* dev));
        ulong named = dev->Header.Id.Value;
        _kernel.Files.Inodes.Release(dev);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        (ulong Directory, ulong Target)[] records = wrong switch
        {
            "itself" => [(ids[0], ids[0]), (ids[0], ids[1])],
            "each other" => [(ids[1], ids[0]), (ids[0], ids[1])],
            "named" => [(ids[1], named), (named, ids[1])],
            "a file" => [(fileId, ids[0]), (ids[0], ids[1])],
            "twice" => [(named, ids[0]), (named, ids[0])],
            _ => [(ids[1], _kernel.Names->Root->Header.Id.Value), (named, ids[1])],
        };
        int next = 0;
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
        {
            if (kind != ObjectKind.FormerName)
                continue;
            (ulong directory, ulong target) = records[next++];
            var record = new NameRecord { Directory = new ObjectId(directory), Target = new ObjectId(target) };
            byte[] changed = [.. payload];
            MemoryMarshal.Write(changed, in record);
            image.Records[id] = (kind, changed);
        }
        Assert.Equal(2, next);
        Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
    }

    // What is in it would lie nowhere.
    [Fact]
    public void A_directory_whose_name_is_not_there_while_a_file_in_it_is_open_is_refused()
    {
        Assert.Equal(0, _kernel.Do(_program, 83, Path(_kernel, _program, "/own/full"), 0x1FF));
        Open(_kernel, _program, "/own/full/file");
        var caller = new FileCaller(_program);
        Assert.Equal(Errno.Ok, _kernel.Files.Walks.Resolve(in caller, _kernel.Names->Root, "/own/full"u8, WalkFlags.None, out Inode* full));
        ulong name = full->FirstName->Header.Id.Value;
        _kernel.Files.Inodes.Release(full);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        Assert.True(image.Records.Remove(name));
        Assert.Equal(RestoreStatus.MissingReference, TestKernel.TryRestore(image));
    }
}
