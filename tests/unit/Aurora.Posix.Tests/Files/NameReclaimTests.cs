using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>Names and inodes that the store has go out of memory and come back as they were; nothing else goes.</summary>
public sealed unsafe class NameReclaimTests : IDisposable
{
    private const uint User = 1000;

    private readonly FileWorld _world = new();

    public void Dispose() => _world.Dispose();

    private Errno Make(string path) => _world.Build.Make(FileWorld.Bytes(path), InodeMode.Regular | 0x1B6);

    private Errno Resolve(string path)
    {
        FileCaller caller = _world.Caller;
        Errno error = _world.Files.Walks.Resolve(in caller, _world.Space->Root, FileWorld.Bytes(path), WalkFlags.None, out Inode* inode);
        if (error == Errno.Ok)
            _world.Files.Inodes.Release(inode);
        _world.Scheduler.LeaveQueues(_world.Thread);
        return error;
    }

    private static List<string> NamesIn(FileWorld world, string path)
    {
        var names = new List<string>();
        for (ulong position = 0; ;)
        {
            Assert.Equal(Errno.Ok, world.Build.Next(world.At(path), position, out DirectoryEntry* entry));
            if (entry == null)
                return names;
            position = entry->Position;
            names.Add(Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry)));
            // A listing goes on from where it was, whatever has gone meanwhile.
            if (names.Count % 50 == 0)
                world.DropNames();
        }
    }

    [Fact]
    public void A_tree_that_the_store_has_goes_from_its_leaves_and_comes_back()
    {
        _world.Build.MakeDirectories("/a/b/c"u8);
        _world.WriteFile("/a/b/c/file", "contents"u8);
        Assert.Equal(Errno.Ok, _world.Build.MakeHardLink("/a/twin"u8, "/a/b/c/file"u8));
        Assert.Equal(Errno.Ok, _world.Build.MakeLink("/a/long"u8, FileWorld.Bytes(new string('t', 4000))));
        _world.Checkpoint();
        ObjectId top = _world.At("/a")->Header.Id;
        ObjectId bottom = _world.At("/a/b/c/file")->Header.Id;
        _world.DropNames();
        Assert.True(_world.Tracker.Find(top) == null && _world.Tracker.Find(bottom) == null);
        // What the process has, and the names of that.
        Assert.InRange(_world.Space->EntryCount, 0, 8);
        Assert.InRange(_world.Tracker.Count, 1, 20);
        Assert.Equal("contents"u8.ToArray(), _world.ReadFile(_world.At("/a/b/c/file")));
        Assert.True(_world.At("/a/twin") == _world.At("/a/b/c/file"));
        Assert.Equal(2u, _world.At("/a/twin")->LinkCount);
        Assert.Equal(4000, Inodes.TargetOf(_world.At("/a/long")).Length);
        Assert.Equal(Errno.Ok, _world.Build.Remove("/a/twin"u8));
        Assert.Equal(Errno.Ok, _world.Build.Remove("/a/b/c/file"u8));
        using FileWorld next = _world.Reboot();
        Assert.False(next.Exists("/a/twin"));
        Assert.False(next.Exists("/a/b/c/file"));
        Assert.Equal(["b", "long"], NamesIn(next, "/a").Order());
        Assert.Equal(0UL, next.Files.Contradictions);
    }

    [Fact]
    public void What_has_changed_or_is_not_durable_yet_stays()
    {
        Make("/a");
        _world.DropNames();
        Assert.Equal(Errno.Ok, Resolve("/a"));
        _world.Submit();
        _world.DropNames();
        Assert.Equal(Errno.Ok, Resolve("/a"));
        // Taken back, as when the store refuses it.
        _world.Tracker.MarkChanged(&_world.At("/a")->Header);
        _world.Land();
        _world.DropNames();
        Inode* inode = _world.At("/a");
        Assert.True(_world.Tracker.Find(inode->Header.Id) != null);
        _world.Checkpoint();
        _world.DropNames();
        Assert.Equal(Errno.EIOCBQUEUED, Resolve("/a"));
        _world.Files.Loader.ServeAll();
    }

    [Theory]
    [InlineData("/link/b/../twin", Errno.Ok)]
    [InlineData("/a/b/..", Errno.Ok)]
    [InlineData("/a/b/missing", Errno.ENOENT)]
    public void What_walks_pass_all_the_time_stays(string path, Errno expected)
    {
        _world.Build.MakeDirectories("/a/b"u8);
        Make("/a/twin");
        Assert.Equal(Errno.Ok, _world.Build.MakeLink("/link"u8, "/a"u8));
        _world.Checkpoint();
        for (int round = 0; round < 4; round++)
        {
            Assert.Equal(expected, Resolve(path));
            while (!_world.Files.Reclaim.Step())
            {
            }
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(60)]
    [InlineData(1000)]
    public void A_name_that_was_removed_does_not_come_back_before_its_removal_is_durable(int files)
    {
        _world.Build.MakeDirectories("/d"u8);
        for (int i = 0; i < files; i++)
            Make($"/d/{i}");
        _world.Checkpoint();
        for (int i = 0; i < files; i += 3)
            Assert.Equal(Errno.Ok, _world.Build.Remove(FileWorld.Bytes($"/d/{i}")));
        for (int step = 0; step < 3; step++)
        {
            _world.DropNames();
            for (int i = 0; i < files; i++)
                Assert.Equal(i % 3 != 0, _world.Exists($"/d/{i}"));
            if (step == 0)
                _world.Submit();
            else
                _world.Land();
        }
        _world.DropNames();
        Assert.Equal(files - ((files + 2) / 3), NamesIn(_world, "/d").Count);
    }

    /// <summary>What was taken away is noted for a stretch of a large directory, not for all of it.</summary>
    [Fact]
    public void One_name_that_goes_does_not_keep_a_large_directory_in_memory()
    {
        _world.Build.MakeDirectories("/d"u8);
        for (int i = 0; i < 20_000; i++)
            Make($"/d/{i}");
        _world.Checkpoint();
        Assert.Equal(Errno.Ok, _world.Build.Remove("/d/77"u8));
        _world.DropNames();
        Assert.InRange(_world.Space->EntryCount, 1, 6000);
        Assert.False(_world.Exists("/d/77"));
    }

    [Fact]
    public void What_is_in_use_stays_and_so_does_what_is_above_it()
    {
        _world.Build.MakeDirectories("/a/b/c"u8);
        _world.WriteFile("/a/b/open", "text"u8);
        _world.WriteFile("/a/b/mapped", "text"u8);
        _world.WriteFile("/a/other", "text"u8);
        Inode* directory = _world.At("/a/b/c");
        OpenFile* file = _world.Open(_world.At("/a/b/open"), 0);
        Inode* mapped = _world.At("/a/b/mapped");
        _world.Memory.Objects.Retain(mapped->Data);
        _world.Files.Inodes.Hold(directory);
        _world.Checkpoint();
        ObjectId other = _world.At("/a/other")->Header.Id;
        _world.DropNames();
        Assert.True(_world.Tracker.Find(other) == null);
        Assert.True(_world.At("/a/b/c") == directory && directory->Parent == _world.At("/a/b"));
        Assert.True(_world.At("/a/b/open") == file->Inode && _world.At("/a/b/mapped") == mapped);
        byte[] buffer = new byte[64];
        int start = _world.Files.Paths.PathOf(file->Inode, _world.Space->Root, buffer, out bool isReachable);
        Assert.True(isReachable);
        Assert.Equal("/a/b/open", Encoding.UTF8.GetString(buffer.AsSpan(start)));
        // Without a name and open it is nowhere in the store's tree.
        Assert.Equal(Errno.Ok, _world.Build.Remove("/a/b/open"u8));
        _world.Checkpoint();
        _world.DropNames();
        Assert.Equal("text"u8.ToArray(), _world.ReadFile(file->Inode));
        _world.Files.OpenFiles.Release(file);
        _world.Memory.Objects.Release(mapped->Data);
        _world.Files.Inodes.Release(directory);
        _world.Checkpoint();
        ObjectId top = _world.At("/a")->Header.Id;
        _world.DropNames();
        Assert.True(_world.Tracker.Find(top) == null);
        Assert.Equal(["b", "other"], NamesIn(_world, "/a").Order());
    }

    /// <summary>What is read for one who asks must not be older than what another has read, changed and let go meanwhile.</summary>
    [Fact]
    public void A_file_does_not_go_while_an_older_reading_of_it_is_under_way()
    {
        _world.WriteFile("/d1", "one"u8);
        Assert.Equal(Errno.Ok, _world.Build.MakeHardLink("/d2"u8, "/d1"u8));
        _world.Checkpoint();
        _world.DropNames();
        NamesIn(_world, "/");
        NameRequest* request = BeginReading("/d1", out FileLoader slow, out RecordRead read);
        // Somebody else is faster.
        Assert.Equal(Errno.Ok, _world.Build.Remove("/d2"u8));
        _world.Checkpoint();
        _world.DropNames();
        slow.End(request, read);
        Assert.False(_world.Exists("/d2"));
        Assert.Equal(1u, _world.At("/d1")->LinkCount);
        Assert.Equal("one"u8.ToArray(), _world.ReadFile(_world.At("/d1")));
        Assert.Equal(0UL, _world.Files.Contradictions);
    }

    [Fact]
    public void Names_do_not_go_while_an_older_reading_of_them_is_under_way()
    {
        _world.Build.MakeDirectories("/d"u8);
        for (int i = 0; i < 40; i++)
            Make($"/d/{i}");
        _world.Checkpoint();
        _world.DropNames();
        Inode* directory = _world.At("/d");
        // One that a listing reads too, together with those before it.
        string name = Enumerable.Range(0, 40).Select(i => $"{i}").First(name => FirstOf(directory, name) > 0);
        NameRequest* request = BeginReading("/d/" + name, out FileLoader slow, out RecordRead read);
        Assert.Equal(40, NamesIn(_world, "/d").Count);
        Assert.Equal(Errno.Ok, _world.Build.Remove(FileWorld.Bytes("/d/" + name)));
        _world.Checkpoint();
        _world.DropNames();
        slow.End(request, read);
        Assert.False(_world.Exists("/d/" + name));
        Assert.Equal(39, NamesIn(_world, "/d").Count);
        Assert.Equal(0UL, _world.Files.Contradictions);
    }

    private uint FirstOf(Inode* directory, string name)
        => NameBucketTable.RangeOf(directory, NameBucketTable.Reverse(_world.Files.Names.HashOf(directory, FileWorld.Bytes(name)))).First;

    private NameRequest* BeginReading(string path, out FileLoader slow, out RecordRead read)
    {
        slow = new FileLoader(_world.Files);
        Assert.Equal(Errno.EIOCBQUEUED, Resolve(path));
        NameRequest* request = slow.Take();
        Assert.True(request != null);
        read = slow.Read(request);
        return request;
    }

    [Fact]
    public void What_goes_is_given_back_to_whom_it_was_charged()
    {
        _world.Build.MakeDirectories("/d"u8);
        _world.Pages.Accounts.Enter(User, isPrivileged: true);
        for (int i = 0; i < 500; i++)
            Assert.Equal(Errno.Ok, Make($"/d/{i}"));
        _world.Pages.Accounts.Leave();
        ulong before = _world.Pages.Accounts.BytesOf(User);
        long pages = _world.Pages.PagesOutstanding;
        _world.Checkpoint();
        _world.DropNames();
        Assert.InRange(before, 100_000UL, ulong.MaxValue);
        Assert.Equal(0UL, _world.Pages.Accounts.BytesOf(User));
        Assert.InRange(_world.Pages.PagesOutstanding, 0, pages - 40);
    }

    [Fact]
    public void A_large_directory_is_as_it_should_be_whatever_goes_while_it_changes()
    {
        var random = new Random(5);
        var expected = new HashSet<string>();
        _world.Build.MakeDirectories("/d"u8);
        for (int i = 0; i < 6000; i++)
        {
            string name = $"f{random.Next(1500)}";
            if (expected.Add(name))
                Assert.Equal(Errno.Ok, Make("/d/" + name));
            else if (random.Next(3) != 0 && expected.Remove(name))
                Assert.Equal(Errno.Ok, _world.Build.Remove(FileWorld.Bytes("/d/" + name)));
            if (random.Next(8) == 0)
                Resolve($"/d/f{random.Next(1500)}");
            if (i % 97 == 0)
                _world.Submit();
            if (i % 131 == 0)
                _world.Land();
            for (int steps = random.Next(4); steps > 0; steps--)
                _world.Files.Reclaim.Step();
        }
        Assert.InRange(_world.Files.Reclaim.Dropped, 1000UL, ulong.MaxValue);
        Assert.Equal(expected.Order(), NamesIn(_world, "/d").Order());
        Assert.Equal((uint)expected.Count, _world.At("/d")->EntryCount);
        using FileWorld next = _world.Reboot();
        Assert.Equal(expected.Order(), NamesIn(next, "/d").Order());
        Assert.Equal(0UL, _world.Files.Contradictions + next.Files.Contradictions);
    }

    [Fact]
    public void Who_finds_no_room_waits_for_some_and_is_refused_when_there_is_none()
    {
        using var world = new FileWorld(limits: FileLimits.Default with { MaxEntries = 300 });
        Inode* root = world.Space->Root;
        Thread* thread = world.Thread;
        int made = 0;
        while (MakeAs(world, made) == Errno.Ok)
            made++;
        Assert.InRange(made, 100, 299);
        Assert.Equal(Errno.ENOSPC, MakeAs(world, made));
        world.Files.Room.Begin();
        // Nothing is clean: it is told after an attempt, not before.
        Assert.Equal(Errno.EIOCBQUEUED, MakeAs(world, made));
        Assert.True(world.Files.Room.HasWaiters);
        world.Files.Room.EndAttempt(isExhausted: true);
        Assert.False(world.Files.Room.HasWaiters);
        Assert.Equal(Errno.ENOSPC, MakeAs(world, made));
        // The next call waits again, and gets what has become free.
        thread->RoomWaits = 0;
        Assert.Equal(Errno.EIOCBQUEUED, MakeAs(world, made));
        world.Checkpoint();
        world.DropNames();
        world.Files.Room.EndAttempt(isExhausted: false);
        Assert.Equal(Errno.Ok, Settle(world, made));
        Assert.Equal((uint)(made + 1), (uint)NamesIn(world, "/").Count(name => name.StartsWith('n')));
        Assert.True(root == world.Space->Root);
    }

    [Fact]
    public void A_call_does_not_wait_for_room_for_ever()
    {
        using var world = new FileWorld(limits: FileLimits.Default with { MaxEntries = 300 });
        world.Files.Room.Begin();
        int made = 0;
        while (MakeAs(world, made) == Errno.Ok)
            made++;
        int waits = 1;
        for (; waits < 100; waits++)
        {
            world.Files.Room.EndAttempt(isExhausted: false);
            world.Scheduler.LeaveQueues(world.Thread);
            if (MakeAs(world, made) == Errno.ENOSPC)
                break;
        }
        Assert.InRange(waits, 2, 40);
    }

    private static Errno Settle(FileWorld world, int number)
    {
        Errno error;
        while ((error = MakeAs(world, number)) == Errno.EIOCBQUEUED)
            world.Files.Loader.ServeAll();
        return error;
    }

    // As a program's call: what waits leaves its queues before it begins again.
    private static Errno MakeAs(FileWorld world, int number)
    {
        FileCaller caller = world.Caller;
        Errno error = world.Files.Creation.Make(
            in caller, world.Space->Root, Encoding.ASCII.GetBytes($"n{number}"), InodeMode.Regular, 0, out Inode* created);
        world.Files.Inodes.Release(created);
        return error;
    }
}
