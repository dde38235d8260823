using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>A session of an older kernel goes on, and from its first checkpoint on its names are read on demand.</summary>
public sealed unsafe class ConversionTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public ConversionTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private static ulong Path(TestKernel kernel, string path, ulong offset = 0)
        => kernel.PokeText(kernel.ThreadOf(1), Scratch + offset, path);

    private void Fill()
    {
        _kernel.Do(_init, 83, Path(_kernel, "/d"), 0x1FF);
        _kernel.Do(_init, 83, Path(_kernel, "/d/e"), 0x1FF);
        for (int i = 0; i < 200; i++)
            _kernel.WriteFile($"/d/e/file{i}", [(byte)i, 1, 2]);
        _kernel.Do(_init, 86, Path(_kernel, "/d/e/file7"), Path(_kernel, "/d/linked", 0x200));
        _kernel.Do(_init, 88, Path(_kernel, new string('t', 3500), 0x800), Path(_kernel, "/d/long"));
        _kernel.Do(_init, 188, Path(_kernel, "/d/linked"), Path(_kernel, "user.a", 0x200), Path(_kernel, "value", 0x300), 5, 0);
        _kernel.Do(_init, 80, Path(_kernel, "/d/e"));
        ulong file = (ulong)_kernel.Do(_init, 2, Path(_kernel, "/gone"), 0x42, 0x1B6);
        Assert.Equal(10UL, file + 10 - file);
        _kernel.Do(_init, 1, file, Path(_kernel, "still"), 5);
        _kernel.Do(_init, 87, Path(_kernel, "/gone"));
        _kernel.Do(_init, 33, file, 20);
    }

    private static void Check(TestKernel kernel)
    {
        Thread* init = kernel.ThreadOf(1);
        for (int i = 0; i < 200; i++)
        {
            ulong file = (ulong)kernel.Do(init, 2, Path(kernel, $"file{i}"), 0);
            Assert.Equal(3, kernel.Do(init, 0, file, Scratch + 0x400, 100));
            Assert.Equal((byte)i, kernel.Peek<byte>(init, Scratch + 0x400));
            kernel.Do(init, 3, file);
        }
        Assert.Equal(3500, kernel.Do(init, 89, Path(kernel, "/d/long"), Scratch + 0x800, 4000));
        Assert.Equal(5, kernel.Do(init, 191, Path(kernel, "/d/e/file7"), Path(kernel, "user.a", 0x200), Scratch + 0x300, 100));
        kernel.Do(init, 4, Path(kernel, "/d/linked"), Scratch + 0x400);
        Assert.Equal(2UL, kernel.Peek<ulong>(init, Scratch + 0x410));
        Assert.Equal(5, kernel.Do(init, 17, 20, Scratch + 0x400, 100, 0));
        Assert.Equal(5, kernel.Do(init, 79, Scratch + 0x400, 100));
        Assert.Equal(-(long)Errno.ENOENT, kernel.Call(init, 2, Path(kernel, "nothing"), 0));
    }

    [Fact]
    public void An_older_kernels_tree_is_taken_over_with_its_numbers_and_read_on_demand_from_then_on()
    {
        Fill();
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        TestKernel.Image old = OldImage.Of(image);
        Assert.DoesNotContain(old.Records.Keys, id => FileIds.IsOnDemand(new ObjectId(id)));
        using TestKernel converted = TestKernel.Restore(old, versionOf: OldImage.VersionOf);
        Thread* init = converted.ThreadOf(1);
        converted.Do(init, 4, Path(converted, "/d/e"), Scratch + 0x400);
        ulong number = converted.Peek<ulong>(init, Scratch + 0x408);
        Assert.True(old.Records.ContainsKey(number));
        // What has been converted goes to the store as a whole, and beside it there is nothing of what was.
        TestKernel.Image before = old.Copy();
        converted.Capture(old);
        TestKernel.Image next = old.Copy();
        Assert.DoesNotContain(
            next.Records, record => record.Value.Kind == ObjectKind.DirectoryEntry && !FileIds.IsOnDemand(new ObjectId(record.Key)));
        Assert.All(
            before.Records.Where(record => record.Value.Kind == ObjectKind.DirectoryEntry),
            record => Assert.False(next.Records.ContainsKey(record.Key)));
        using TestKernel restored = TestKernel.Restore(next);
        Assert.InRange(restored.Names->EntryCount, 3, 150);
        foreach (TestKernel each in new[] { converted, restored })
        {
            Check(each);
            each.Do(each.ThreadOf(1), 4, Path(each, "/d/e"), Scratch + 0x400);
            Assert.Equal(number, each.Peek<ulong>(each.ThreadOf(1), Scratch + 0x408));
        }
        restored.LoadTree();
    }

    /// <summary>A file that may get a name, of a kernel that gave such files no former one: it is found by every restore, and can get its
    /// name.</summary>
    [Fact]
    public void A_file_in_use_without_a_name_is_found_by_every_restore()
    {
        const ulong temporary = 0x410002; // O_TMPFILE | O_RDWR
        ulong file = (ulong)_kernel.Do(_init, 2, Path(_kernel, "/"), temporary, 0x1B6);
        _kernel.Do(_init, 1, file, Path(_kernel, "still"), 5);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        TestKernel.Image old = OldImage.Of(image);
        foreach (ulong id in old.Records.Keys.Where(id => old.Records[id].Kind == ObjectKind.FormerName).ToList())
            old.Records.Remove(id);
        using TestKernel converted = TestKernel.Restore(old, versionOf: OldImage.VersionOf);
        converted.Capture(old);
        using TestKernel restored = TestKernel.Restore(old);
        Assert.Single(old.Records.Values, record => record.Kind == ObjectKind.FormerName);
        Thread* init = restored.ThreadOf(1);
        const ulong emptyPath = 0x1000; // AT_EMPTY_PATH
        const ulong here = unchecked((ulong)-100); // AT_FDCWD
        Assert.Equal(0, restored.Call(init, 265, file, Path(restored, ""), here, Path(restored, "/named", 0x100), emptyPath));
        Assert.Equal(5, restored.Do(init, 17, file, Scratch + 0x400, 100, 0));
    }

    [Fact]
    public void Names_of_an_older_kernel_in_a_tree_of_this_one_are_refused()
    {
        Fill();
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        TestKernel.Image old = OldImage.Of(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.Where(record => record.Value.Kind == ObjectKind.FileTree))
            old.Records[id] = (kind, payload);
        Assert.ThrowsAny<Exception>(() => TestKernel.Restore(old, versionOf: OldImage.VersionOf).Dispose());
    }
}
