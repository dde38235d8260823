using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>
/// inotify over restores that nothing announces, at the bounds of its tables and of what is done in one step. What the calls answer is in
/// guests/c/watches.c.
/// </summary>
public sealed unsafe class InotifyTests
{
    private const ulong Room = Scratch + 0x4000;
    private const int RoomBytes = 0x4000;

    private static ulong Instance(TestKernel kernel, Thread* thread) => (ulong)kernel.Do(thread, 294, OpenFlags.NonBlocking);

    private static long Watch(TestKernel kernel, Thread* thread, ulong instance, string path, uint mask = InotifyMask.AllEvents)
        => kernel.Call(thread, 254, instance, kernel.PokeText(thread, Scratch, path), mask)!.Value;

    private static long OnPath(TestKernel kernel, Thread* thread, int call, string path, params ulong[] more)
        => kernel.Call(thread, call, [kernel.PokeText(thread, Scratch, path), .. more])!.Value;

    // Nobody holds it.
    private static void MakeFile(TestKernel kernel, string path) => kernel.Files.Inodes.Release(kernel.WriteFile(path, "text"u8, 0x81B6));

    private static void Touch(TestKernel kernel, Thread* thread, string path, uint mode)
        => Assert.Equal(0, OnPath(kernel, thread, 90, path, mode));

    // What is read at once: the number of the watch, the events and the name.
    private static (int Number, uint Mask, string Name)[] Told(TestKernel kernel, Thread* thread, ulong instance, int bytes = RoomBytes)
    {
        long length = kernel.Call(thread, 0, instance, Room, (ulong)bytes)!.Value;
        var told = new List<(int, uint, string)>();
        for (long at = 0; at < length; at += 16 + kernel.Peek<int>(thread, Room + (ulong)at + 12))
        {
            ulong head = Room + (ulong)at;
            string name = kernel.Peek<int>(thread, head + 12) == 0 ? "" : kernel.PeekText(thread, head + 16);
            told.Add((kernel.Peek<int>(thread, head), kernel.Peek<uint>(thread, head + 4), name));
        }
        return [.. told];
    }

    private static TestKernel Move(TestKernel kernel, TestKernel.Image image)
    {
        kernel.Capture(image);
        bool isPlain = kernel.IsPlain;
        kernel.Dispose();
        return TestKernel.Restore(image, isPlain);
    }

    [Fact]
    public void Structures_and_records_have_their_sizes()
    {
        Assert.Equal(InotifyRecord.Bytes, sizeof(InotifyRecord));
        Assert.Equal(InotifyWatchRecord.Bytes, sizeof(InotifyWatchRecord));
        Assert.Equal(InotifyEventRecord.Bytes, sizeof(InotifyEventRecord));
        Assert.Equal(16, (int)Marshal.OffsetOf<InotifyRecord>(nameof(InotifyRecord.NextNumber)));
        Assert.Equal(20, (int)Marshal.OffsetOf<InotifyWatchRecord>(nameof(InotifyWatchRecord.Mask)));
        Assert.Equal(16, (int)Marshal.OffsetOf<InotifyEventRecord>(nameof(InotifyEventRecord.Cookie)));
        Assert.Equal(272, InotifyEvent.MostBytes);
    }

    [Fact]
    public void Watches_and_unread_events_are_the_same_after_a_restore()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        MakeFile(kernel, "/file");
        ulong instance = Instance(kernel, init);
        Assert.Equal(1, Watch(kernel, init, instance, "/file", InotifyMask.Attributes));
        Assert.Equal(2, Watch(kernel, init, instance, "/", InotifyMask.Create | InotifyMask.Delete));
        Touch(kernel, init, "/file", 0x180);
        OnPath(kernel, init, 83, "/folder", 0x1ED);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Touch(kernel, init, "/file", 0x1A4);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        OnPath(kernel, init, 87, "/file");
        Assert.Equal(
            [
                (1, InotifyMask.Attributes, ""), (2, InotifyMask.Create | InotifyMask.IsDirectory, "folder"),
                (1, InotifyMask.Attributes, ""), (1, InotifyMask.Ignored, ""), (2, InotifyMask.Delete, "file"),
            ],
            Told(kernel, init, instance));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Empty(Told(kernel, init, instance));
        Assert.Equal(3, Watch(kernel, init, instance, "/folder"));
        kernel.Dispose();
    }

    [Fact]
    public void A_mask_that_was_changed_since_the_last_capture_is_the_same_after_a_restore()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        MakeFile(kernel, "/file");
        ulong instance = Instance(kernel, init);
        Assert.Equal(1, Watch(kernel, init, instance, "/file", InotifyMask.Attributes));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal(1, Watch(kernel, init, instance, "/file", InotifyMask.Create));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Touch(kernel, init, "/file", 0x180);
        Assert.Empty(Told(kernel, init, instance));
        Assert.Equal(1, Watch(kernel, init, instance, "/file", InotifyMask.Attributes | InotifyMask.MaskAdd));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Touch(kernel, init, "/file", 0x1A4);
        Assert.Equal([(1, InotifyMask.Attributes, "")], Told(kernel, init, instance));
        kernel.Dispose();
    }

    [Fact]
    public void Lost_events_are_told_once_where_they_were_lost_also_after_restores()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        MakeFile(kernel, "/a");
        MakeFile(kernel, "/b");
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.QueuedEvents, 3);
        ulong instance = Instance(kernel, init);
        Watch(kernel, init, instance, "/a", InotifyMask.Attributes);
        Watch(kernel, init, instance, "/b", InotifyMask.Attributes);
        for (int i = 0; i < 5; i++)
            Touch(kernel, init, i % 2 == 0 ? "/a" : "/b", 0x180);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal([(1, InotifyMask.Attributes, ""), (2, InotifyMask.Attributes, "")], Told(kernel, init, instance, 32));
        Touch(kernel, init, "/b", 0x180);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal(
            [(1, InotifyMask.Attributes, ""), (-1, InotifyMask.Overflow, ""), (2, InotifyMask.Attributes, "")],
            Told(kernel, init, instance));
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Empty(Told(kernel, init, instance));
        kernel.Dispose();
    }

    [Fact]
    public void A_file_that_was_deleted_while_it_was_open_says_so_when_it_is_closed_after_a_restore()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        MakeFile(kernel, "/file");
        ulong file = (ulong)OnPath(kernel, init, 2, "/file", 2);
        ulong instance = Instance(kernel, init);
        Watch(kernel, init, instance, "/file");
        OnPath(kernel, init, 87, "/file");
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        kernel.Do(init, 3, file);
        Assert.Equal(
            [
                (1, InotifyMask.Attributes, ""), (1, InotifyMask.CloseWrite, ""), (1, InotifyMask.DeleteSelf, ""),
                (1, InotifyMask.Ignored, ""),
            ],
            Told(kernel, init, instance));
        Assert.Equal(0, kernel.Files.Inotify.Count);
        kernel.Dispose();
    }

    [Fact]
    public void A_call_that_is_interrupted_while_it_opens_a_fifo_has_neither_opened_nor_closed_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        OnPath(kernel, init, 133, "/fifo", 0x11B6);
        ulong instance = Instance(kernel, init);
        Watch(kernel, init, instance, "/fifo");
        Thread* child = kernel.Fork(init);
        Assert.Null(kernel.Call(child, 2, kernel.PokeText(child, Scratch, "/fifo"), 0));
        kernel.Do(init, 62, (ulong)child->Id, 9);
        Assert.Null(kernel.Resume(child));
        while (kernel.Files.Closing.HasWork)
            kernel.Files.Closing.Step();
        Assert.Empty(Told(kernel, init, instance));
    }

    [Fact]
    public void An_instance_with_more_watches_and_events_than_a_step_ends_in_steps_and_leaves_nothing()
    {
        const int many = 600;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong instance = Instance(kernel, init);
        for (int i = 0; i < many; i++)
        {
            MakeFile(kernel, $"/f{i}");
            Watch(kernel, init, instance, $"/f{i}");
            Touch(kernel, init, $"/f{i}", 0x180);
        }
        Assert.Equal((many, many), (kernel.Files.Inotify.Count, kernel.Files.Inotify.EventCount));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Do(init, 3, instance);
        Assert.InRange(kernel.Files.Inotify.Count, 1, many - 1);
        // What is being closed is told nothing.
        Touch(kernel, init, "/f0", 0x1A4);
        kernel.Capture(image);
        using TestKernel after = TestKernel.Restore(image);
        foreach (TestKernel each in (TestKernel[])[kernel, after])
        {
            while (each.Files.Closing.HasWork)
                each.Files.Closing.Step();
            Assert.Equal((0, 0, 0), (each.Files.Inotify.InstanceCount, each.Files.Inotify.Count, each.Files.Inotify.EventCount));
        }
    }

    [Fact]
    public void A_file_with_more_watches_than_a_step_tells_all_of_them_that_it_ends()
    {
        const int many = 600;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.Instances, many);
        MakeFile(kernel, "/file");
        ulong[] instances = new ulong[many];
        for (int i = 0; i < many; i++)
        {
            instances[i] = Instance(kernel, init);
            Watch(kernel, init, instances[i], "/file", InotifyMask.DeleteSelf);
        }
        Assert.Equal(-(long)Errno.EMFILE, kernel.Call(init, 294, 0));
        Assert.Equal(0, OnPath(kernel, init, 87, "/file"));
        Assert.InRange(kernel.Files.Inotify.Count, 1, many - 1);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel after = TestKernel.Restore(image);
        foreach (TestKernel each in (TestKernel[])[kernel, after])
        {
            for (int before; each.Files.Closing.HasWork; Assert.InRange(before - each.Files.Inotify.Count, 1, 256))
            {
                before = each.Files.Inotify.Count;
                each.Files.Closing.Step();
            }
            Assert.Equal(0, each.Files.Inotify.Count);
            foreach (ulong instance in instances)
                Assert.Equal([(1, InotifyMask.DeleteSelf, ""), (1, InotifyMask.Ignored, "")], Told(each, each.ThreadOf(1), instance));
        }
    }

    [Fact]
    public void Files_that_are_closed_at_once_end_no_more_watches_than_a_step()
    {
        const int files = 60;
        const int each = 20;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong[] instances = new ulong[each];
        for (int i = 0; i < each; i++)
            instances[i] = Instance(kernel, init);
        ulong first = 0;
        for (int i = 0; i < files; i++)
        {
            MakeFile(kernel, $"/f{i}");
            ulong file = (ulong)OnPath(kernel, init, 2, $"/f{i}", 0);
            first = i == 0 ? file : first;
            foreach (ulong instance in instances)
                Watch(kernel, init, instance, $"/f{i}", InotifyMask.DeleteSelf);
            Assert.Equal(0, OnPath(kernel, init, 87, $"/f{i}"));
        }
        Assert.Equal(files * each, kernel.Files.Inotify.Count);
        var table = (DescriptorTable*)init->Process->Descriptors;
        int left = 256;
        Assert.False(kernel.Files.Descriptors.CloseRange(table, (uint)first, uint.MaxValue, ref left));
        Assert.InRange(kernel.Files.Inotify.Count, (files * each) - 256, (files * each) - 1);
        for (bool isDone = false; !isDone || kernel.Files.Closing.HasWork;)
        {
            int before = kernel.Files.Inotify.Count;
            left = 256;
            isDone = kernel.Files.Descriptors.CloseRange(table, (uint)first, uint.MaxValue, ref left);
            Assert.InRange(before - kernel.Files.Inotify.Count, 0, 256);
            before = kernel.Files.Inotify.Count;
            kernel.Files.Closing.Step();
            Assert.InRange(before - kernel.Files.Inotify.Count, 0, 256);
        }
        Assert.Equal(0, kernel.Files.Inotify.Count);
        Assert.Equal(2 * files, Told(kernel, init, instances[0]).Length);
    }

    [Fact]
    public void There_are_so_many_watches_of_a_user_and_no_more()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.Watches, 3);
        ulong first = Instance(kernel, init);
        ulong second = Instance(kernel, init);
        for (int i = 0; i < 4; i++)
            MakeFile(kernel, $"/f{i}");
        Assert.Equal(1, Watch(kernel, init, first, "/f0"));
        Assert.Equal(1, Watch(kernel, init, second, "/f0"));
        Assert.Equal(2, Watch(kernel, init, second, "/f1"));
        Assert.Equal(-(long)Errno.ENOSPC, Watch(kernel, init, first, "/f2"));
        Assert.Equal(1, Watch(kernel, init, first, "/f0", InotifyMask.Open));
        kernel.Do(init, 255, second, 2);
        Assert.Equal(2, Watch(kernel, init, first, "/f2"));
        Assert.Equal(-(long)Errno.ENOSPC, Watch(kernel, init, first, "/f3"));
        // Whoever watches, those of the instance's maker count.
        kernel.Do(init, 105, 1000);
        Assert.Equal(-(long)Errno.ENOSPC, Watch(kernel, init, first, "/f3"));
        Assert.Equal(1, Watch(kernel, init, Instance(kernel, init), "/f3"));
    }

    /// <summary>Of a user who has his share of what all can have, watches are refused, and events said to be lost.</summary>
    [Fact]
    public void What_a_user_may_not_have_is_refused_or_said_to_be_lost()
    {
        var limits = new FileLimits { MaxInodes = 64, MaxEntries = 64, MaxOpenFiles = 64, MaxTables = 64 };
        var options = new MemoryOptions { MaxObjects = 4096, MaxMappings = 8192, MaxSpaces = 512, MaxDirtyPages = 65536, MaxPageIns = 32 };
        using var kernel = new TestKernel(new HostPageAllocator(), new HostFramePool(8192), options, limits, isPlain: true);
        Thread* init = kernel.Boot();
        for (int i = 0; i < 32; i++)
            MakeFile(kernel, $"/f{i}");
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 105, 1000);
        ulong instance = Instance(kernel, child);
        int share = (64 - (64 / UserAccounts.ObjectReserveShare)) / 2;
        for (int i = 0; i < share; i++)
            Assert.Equal(i + 1, Watch(kernel, child, instance, $"/f{i}", InotifyMask.Attributes));
        Assert.Equal(-(long)Errno.ENOSPC, Watch(kernel, child, instance, "/f31", InotifyMask.Attributes));
        // Root's doing, at the cost of who watches.
        for (int i = 0; i < share; i++)
            Touch(kernel, init, $"/f{i}", 0x1B4);
        Assert.Equal(share, kernel.Files.Inotify.EventCount);
        Touch(kernel, init, "/f0", 0x1B6);
        (int Number, uint Mask, string Name)[] told = Told(kernel, child, instance);
        Assert.Equal(share + 1, told.Length);
        Assert.Equal((-1, InotifyMask.Overflow, ""), told[^1]);
        Touch(kernel, init, "/f0", 0x1B4);
        Assert.Equal([(1, InotifyMask.Attributes, "")], Told(kernel, child, instance));
    }

    [Fact]
    public void Settings_of_the_first_version_have_no_limits_of_inotify()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 170, kernel.PokeText(init, Scratch, "named"), 5);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach (KeyValuePair<ulong, (ObjectKind Kind, byte[] Payload)> record in image.Records.ToArray())
        {
            if (record.Value.Kind == ObjectKind.MachineSettings)
                image.Records[record.Key] = (record.Value.Kind, record.Value.Payload[..144]);
        }
        using TestKernel after = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.MachineSettings ? (byte)1 : null);
        Assert.Equal("named", Encoding.ASCII.GetString(after.Settings.HostNameOf(after.Tracker)));
        Assert.Equal(InotifyLimits.LeastWatches, after.Settings.InotifyLimitOf(after.Tracker, InotifyLimit.Watches));
    }

    [Theory]
    [InlineData(0UL, InotifyLimits.LeastWatches)]
    [InlineData(128UL << 20, InotifyLimits.LeastWatches)]
    [InlineData(1UL << 50, InotifyLimits.MostWatches)]
    [InlineData(ulong.MaxValue, InotifyLimits.MostWatches)]
    public void A_larger_machine_lets_a_user_watch_more(ulong bytes, int watches)
        => Assert.Equal(watches, InotifyLimits.WatchesWith(bytes));

    [Fact]
    public void Watches_take_a_hundredth_of_a_machine_in_between()
    {
        int half = InotifyLimits.WatchesWith(16UL << 30);
        Assert.InRange(half, InotifyLimits.LeastWatches + 1, InotifyLimits.MostWatches - 1);
        Assert.InRange(InotifyLimits.WatchesWith(32UL << 30), (2 * half) - 1, (2 * half) + 1);
        Assert.InRange((ulong)half * (ulong)sizeof(Inode), 0UL, (16UL << 30) / 100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(InotifyLimits.LeastWatches)]
    [InlineData(int.MaxValue)]
    public void What_was_set_is_the_same_on_a_machine_of_another_size(int most)
    {
        using var kernel = new TestKernel();
        kernel.Boot();
        Assert.Equal(InotifyLimits.LeastWatches, kernel.Settings.InotifyLimitOf(kernel.Tracker, InotifyLimit.Watches));
        Assert.True(kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.Watches, most));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        TestKernel.MemoryBytes = 1UL << 40;
        using TestKernel after = TestKernel.Restore(image);
        TestKernel.MemoryBytes = 0;
        Assert.Equal(most, after.Settings.InotifyLimitOf(after.Tracker, InotifyLimit.Watches));
    }

    [Fact]
    public void Numbers_between_the_nodes_of_proc_are_no_nodes()
    {
        for (int number = 0; number <= 256; number++)
        {
            var node = (ProcNode)number;
            bool isNode = System.Enum.IsDefined(node) && node is not (ProcNode.None or ProcNode.End);
            Assert.True(new ProcKey { Node = node }.IsKnown == isNode, $"{number}");
        }
    }

    [Fact]
    public void What_a_user_does_leaves_root_the_reserve_of_events()
    {
        var limits = new FileLimits { MaxInodes = 64, MaxEntries = 64, MaxOpenFiles = 64, MaxTables = 64 };
        var options = new MemoryOptions { MaxObjects = 4096, MaxMappings = 8192, MaxSpaces = 512, MaxDirtyPages = 65536, MaxPageIns = 32 };
        using var kernel = new TestKernel(new HostPageAllocator(), new HostFramePool(8192), options, limits, isPlain: true);
        Thread* init = kernel.Boot();
        ulong instance = Instance(kernel, init);
        for (int i = 0; i < 32; i++)
        {
            MakeFile(kernel, $"/f{i}");
            Watch(kernel, init, instance, $"/f{i}", InotifyMask.Open | InotifyMask.CloseNoWrite);
        }
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 105, 1000);
        for (int i = 0; i < 32; i++)
            kernel.Do(child, 3, (ulong)OnPath(kernel, child, 2, $"/f{i}", 0));
        Assert.Equal(64 - (64 / UserAccounts.ObjectReserveShare), kernel.Files.Inotify.EventCount);
    }

    [Fact]
    public void Instances_are_counted_for_the_effective_user()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.Instances, 1);
        Instance(kernel, init);
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 117, 0, 1000, 0);
        Assert.True(kernel.Call(child, 294, 0) >= 0);
        Assert.Equal(-(long)Errno.EMFILE, kernel.Call(child, 294, 0));
    }

    [Fact]
    public void Space_for_an_unlinked_file_is_not_told_to_who_leaves_those_out()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        MakeFile(kernel, "/file");
        ulong file = (ulong)OnPath(kernel, init, 2, "/file", 2);
        ulong instance = Instance(kernel, init);
        ulong other = Instance(kernel, init);
        Watch(kernel, init, instance, "/file", InotifyMask.Modify | InotifyMask.ExcludeUnlinked);
        Watch(kernel, init, other, "/file", InotifyMask.Modify);
        Assert.Equal(0, OnPath(kernel, init, 87, "/file"));
        kernel.Do(init, 285, file, 0, 0, 0x3000);
        Assert.Equal([(1, InotifyMask.Modify, "")], Told(kernel, init, other));
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(init, 0, instance, Room, RoomBytes));
    }

    // All of a file, read in pieces.
    private static string TextOf(TestKernel kernel, Thread* thread, string path)
    {
        ulong file = (ulong)OnPath(kernel, thread, 2, path, 0);
        var text = new StringBuilder();
        for (long length = kernel.Do(thread, 0, file, Room, RoomBytes); length > 0; length = kernel.Do(thread, 0, file, Room, RoomBytes))
        {
            for (long at = 0; at < length; at++)
                text.Append((char)kernel.Peek<byte>(thread, Room + (ulong)at));
        }
        kernel.Do(thread, 3, file);
        return text.ToString();
    }

    [Fact]
    public void All_watches_are_listed_however_many_there_are()
    {
        const int many = 1500;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong instance = Instance(kernel, init);
        for (int i = 0; i < many; i++)
        {
            MakeFile(kernel, $"/f{i}");
            Watch(kernel, init, instance, $"/f{i}", InotifyMask.Open | InotifyMask.OneShot);
        }
        string[] lines = [.. TextOf(kernel, init, $"/proc/self/fdinfo/{instance}").Split('\n')
            .Where(line => line.StartsWith("inotify ", System.StringComparison.Ordinal))];
        Assert.Equal(
            Enumerable.Range(1, many).Reverse().Select(number => $"inotify wd:{number:x}"),
            lines.Select(line => line[..line.IndexOf(" ino", System.StringComparison.Ordinal)]));
        Assert.All(lines, line => Assert.EndsWith(" sdev:15 mask:80000020 ignored_mask:0 ", line));
    }

    [Fact]
    public void An_instance_without_room_for_events_says_that_it_has_lost_some()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.QueuedEvents, 0);
        ulong instance = Instance(kernel, init);
        Watch(kernel, init, instance, "/", InotifyMask.Create);
        OnPath(kernel, init, 83, "/folder", 0x1ED);
        OnPath(kernel, init, 83, "/other", 0x1ED);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal(0, kernel.Settings.InotifyLimitOf(kernel.Tracker, InotifyLimit.QueuedEvents));
        Assert.Equal([(-1, InotifyMask.Overflow, "")], Told(kernel, init, instance));
        kernel.Dispose();
    }
}
