using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Memory.Tests;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>Names and inodes are read when somebody asks for them, once, and what is wrong with one does not touch its
/// neighbours.</summary>
public sealed unsafe class DemandTests : IDisposable
{
    private const int Many = 3000;

    private readonly FileWorld _first = new();

    public void Dispose() => _first.Dispose();

    private void Fill(int files)
    {
        _first.Build.MakeDirectories("/d/sub"u8);
        for (int i = 0; i < files; i++)
            _first.Build.Make(FileWorld.Bytes($"/d/f{i}"), InodeMode.Regular);
    }

    private static Errno Resolve(FileWorld world, string path)
    {
        FileCaller caller = world.Caller;
        Errno error = world.Files.Walks.Resolve(in caller, world.Space->Root, FileWorld.Bytes(path), WalkFlags.None, out Inode* inode);
        if (error == Errno.Ok)
            world.Files.Inodes.Release(inode);
        world.Scheduler.LeaveQueues(world.Thread);
        return error;
    }

    // How many times a call that needs this path waits.
    private static int WaitsFor(FileWorld world, string path, Errno expected)
    {
        for (int waits = 0; ; waits++)
        {
            Errno error = Resolve(world, path);
            if (error != Errno.EIOCBQUEUED)
            {
                Assert.Equal(expected, error);
                return waits;
            }
            Assert.Equal(1, world.Files.Requests.Count);
            world.Files.Loader.ServeAll();
        }
    }

    [Fact]
    public void A_restore_reads_what_is_in_use_however_many_files_there_are()
    {
        Fill(Many);
        using FileWorld next = _first.Reboot();
        Assert.InRange(next.Tracker.Count, 1, 60);
        Assert.Equal(0, next.Files.Requests.Count);
    }

    [Fact]
    public void What_is_there_and_what_is_not_is_asked_for_once()
    {
        Fill(Many);
        using FileWorld next = _first.Reboot();
        Assert.InRange(WaitsFor(next, "/d/f17", Errno.Ok), 1, 4);
        Assert.Equal(0, WaitsFor(next, "/d/f17", Errno.Ok));
        Assert.Equal(1, WaitsFor(next, "/d/absent", Errno.ENOENT));
        Assert.Equal(0, WaitsFor(next, "/d/absent", Errno.ENOENT));
        int reads = next.Records.Reads;
        Assert.InRange(reads, 1, 400);
        Assert.InRange(next.Space->EntryCount, 10, 300);
        // In a new directory nothing need be read to know that it is empty.
        Assert.Equal(Errno.Ok, next.Build.Make("/d/new"u8, InodeMode.Directory));
        reads = next.Records.Reads;
        Assert.Equal(Errno.ENOENT, Resolve(next, "/d/new/x"));
        Assert.Equal(Errno.Ok, next.Build.Remove("/d/new"u8));
        Assert.Equal(reads, next.Records.Reads);
    }

    [Fact]
    public void Who_may_not_wait_is_told_so()
    {
        Fill(10);
        using FileWorld next = _first.Reboot();
        FileCaller caller = next.Caller;
        caller.MustNotWait = true;
        Assert.Equal(Errno.EAGAIN, next.Files.Walks.Resolve(in caller, next.Space->Root, "/d/f1"u8, WalkFlags.None, out _));
        Assert.Equal(0, next.Files.Requests.Count);
        WaitsFor(next, "/d/f1", Errno.Ok);
        Assert.Equal(Errno.Ok, next.Files.Walks.Resolve(in caller, next.Space->Root, "/d/f1"u8, WalkFlags.None, out Inode* inode));
        next.Files.Inodes.Release(inode);
    }

    [Fact]
    public void What_was_changed_is_as_it_was_changed_whatever_is_read_meanwhile_and_later()
    {
        Fill(Many);
        using FileWorld next = _first.Reboot();
        var expected = new HashSet<string>(Enumerable.Range(0, Many).Select(i => $"f{i}")) { "sub" };
        var random = new Random(3);
        for (int i = 0; i < 400; i++)
        {
            string name = $"f{random.Next(Many)}";
            if (expected.Remove(name))
                Assert.Equal(Errno.Ok, next.Build.Remove(FileWorld.Bytes("/d/" + name)));
            expected.Add($"g{i}");
            Assert.Equal(Errno.Ok, next.Build.Make(FileWorld.Bytes($"/d/g{i}"), InodeMode.Regular));
            // What is asked for and what is on its way is read at odd moments.
            Resolve(next, $"/d/f{random.Next(Many)}");
            if (i % 100 == 50)
                next.Checkpoint();
        }
        Assert.Equal(expected.Order(), NamesIn(next, "/d").Order());
        Assert.Equal((uint)expected.Count, next.At("/d")->EntryCount);
        using FileWorld last = next.Reboot();
        Assert.Equal(expected.Order(), NamesIn(last, "/d").Order());
    }

    private static List<string> NamesIn(FileWorld world, string path)
    {
        Inode* directory = world.At(path);
        var names = new List<string>();
        for (ulong position = 0; ;)
        {
            Assert.Equal(Errno.Ok, world.Build.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                return names;
            position = entry->Position;
            names.Add(Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry)));
        }
    }

    [Fact]
    public void A_listing_ends_though_others_add_entries_all_the_time()
    {
        Fill(200);
        using FileWorld next = _first.Reboot();
        Inode* directory = next.At("/d");
        int added = 0;
        int steps = 0;
        var seen = new HashSet<string>();
        for (ulong position = 0; ; steps++)
        {
            Assert.True(steps < 20_000, "the listing has no end");
            Assert.Equal(Errno.Ok, next.Build.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                break;
            Assert.True(entry->Position > position);
            position = entry->Position;
            seen.Add(Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry)));
            for (int i = 0; i < 3 && added < 2000; i++)
                Assert.Equal(Errno.Ok, next.Build.Make(FileWorld.Bytes($"/d/new{added++}"), InodeMode.Regular));
        }
        Assert.Empty(Enumerable.Range(0, 200).Select(i => $"f{i}").Except(seen));
    }

    [Fact]
    public void A_directory_is_moved_below_what_was_read_and_never_below_itself()
    {
        _first.Build.MakeDirectories("/a/b/c/d"u8);
        _first.Build.MakeDirectories("/x"u8);
        _first.Checkpoint();
        foreach ((string from, string to, Errno expected) in new[]
            { ("/a", "/a/b/c/d/a", Errno.EINVAL), ("/a/b", "/a/b/c/b", Errno.EINVAL),
              ("/a/b", "/x/b", Errno.Ok), ("/a", "/x/a", Errno.Ok) })
        {
            using var next = new FileWorld(_first.Store.Copy());
            next.StartProcess();
            Assert.Equal(expected, Rename(next, from, to));
            if (expected == Errno.Ok)
                Assert.True(next.At(to)->Parent == next.At("/x"));
        }
    }

    private static Errno Rename(FileWorld world, string from, string to)
    {
        FileCaller caller = world.Caller;
        Errno error = Errno.EIOCBQUEUED;
        while (error == Errno.EIOCBQUEUED)
        {
            world.Scheduler.LeaveQueues(world.Thread);
            world.Files.Loader.ServeAll();
            error = world.Files.Walks.Walk(in caller, world.Space->Root, FileWorld.Bytes(from), WalkFlags.None, out WalkResult source);
            if (error != Errno.Ok)
                continue;
            error = world.Files.Walks.Walk(
                in caller, world.Space->Root, FileWorld.Bytes(to), WalkFlags.AllowMissing, out WalkResult target);
            if (error == Errno.Ok)
                error = world.Files.Renames.Rename(
                    in caller, source.Directory, source.Name, target.Directory, target.Name, RenameFlags.None);
            world.Files.Inodes.Release(ref target);
            world.Files.Inodes.Release(ref source);
        }
        return error;
    }

    [Fact]
    public void Links_are_counted_though_the_other_names_are_not_in_memory()
    {
        _first.WriteFile("/one", "data"u8);
        _first.Build.MakeDirectories("/d"u8);
        Assert.Equal(Errno.Ok, _first.Build.MakeHardLink("/d/two"u8, "/one"u8));
        using FileWorld next = _first.Reboot();
        Assert.Equal(Errno.Ok, next.Build.Remove("/one"u8));
        using FileWorld last = next.Reboot();
        Assert.Equal(1u, last.At("/d/two")->LinkCount);
        Assert.Equal("data"u8.ToArray(), last.ReadFile(last.At("/d/two")));
        ObjectId id = last.At("/d/two")->Header.Id;
        Assert.Equal(Errno.Ok, last.Build.Remove("/d/two"u8));
        last.Checkpoint();
        Assert.False(last.Store.Records.ContainsKey(id.Value));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("unreadable")]
    [InlineData("wrong type")]
    [InlineData("too few names")]
    [InlineData("another name")]
    public void A_name_whose_file_is_lost_is_an_error_for_who_asks_and_its_neighbours_are_well(string wrong)
    {
        Fill(50);
        _first.Checkpoint();
        ModelStore store = _first.Store.Copy();
        bool isDirectory = wrong == "another name";
        ulong id = _first.At(isDirectory ? "/d/sub" : "/d/f7")->Header.Id.Value;
        byte[] payload = [.. store.Records[id].Payload];
        InodeRecord record = System.Runtime.InteropServices.MemoryMarshal.Read<InodeRecord>(payload);
        if (wrong == "wrong type")
            record.Mode = InodeMode.Fifo | 0x1B6;
        if (wrong == "too few names")
            (record.Names, record.Name) = (0, default);
        if (isDirectory)
            record.Name = FileIds.OfName(_first.Space->Root->Number, 77);
        System.Runtime.InteropServices.MemoryMarshal.Write(payload, in record);
        store.Records[id] = (ObjectKind.Inode, payload);
        if (wrong == "gone")
            store.Records.Remove(id);
        using var next = new FileWorld(store);
        next.StartProcess();
        if (wrong == "unreadable")
            next.Records.Unreadable.Add(id);
        string path = isDirectory ? "/d/sub" : "/d/f7";
        WaitsFor(next, path, Errno.EIO);
        Assert.Equal(0, WaitsFor(next, path, Errno.EIO));
        Assert.Equal(Errno.EIO, next.Build.Remove(FileWorld.Bytes(path)));
        for (int i = 0; i < 50; i++)
            Assert.Equal(isDirectory || i != 7, next.Exists($"/d/f{i}"));
        Assert.Equal(51, NamesIn(next, "/d").Count);
        Assert.Equal(1UL, next.Files.Contradictions);
        next.Checkpoint();
    }

    [Fact]
    public void Names_that_cannot_be_read_are_an_error_and_those_in_other_directories_are_well()
    {
        Fill(50);
        _first.WriteFile("/other", ""u8);
        _first.Checkpoint();
        using var next = new FileWorld(_first.Store.Copy());
        next.StartProcess();
        ulong directory = _first.At("/d")->Number;
        foreach (ulong id in _first.Store.Records.Keys
            .Where(id => FileIds.IsName(new ObjectId(id)) && FileIds.DirectoryOf(new ObjectId(id)) == directory))
            next.Records.Unreadable.Add(id);
        WaitsFor(next, "/d/f3", Errno.EIO);
        Assert.Equal(Errno.EIO, next.Build.Make("/d/f3"u8, InodeMode.Regular));
        Assert.Equal(0, WaitsFor(next, "/d/f3", Errno.EIO));
        Assert.True(next.Exists("/other"));
    }

    [Fact]
    public void A_directory_that_says_it_has_fewer_names_than_it_has_is_read_all_the_same()
    {
        Fill(Many);
        _first.Checkpoint();
        ModelStore store = _first.Store.Copy();
        ulong id = _first.At("/d")->Header.Id.Value;
        byte[] payload = [.. store.Records[id].Payload];
        InodeRecord record = System.Runtime.InteropServices.MemoryMarshal.Read<InodeRecord>(payload);
        (record.Entries, record.Subdirectories) = (1, 1);
        System.Runtime.InteropServices.MemoryMarshal.Write(payload, in record);
        store.Records[id] = (ObjectKind.Inode, payload);
        using var next = new FileWorld(store);
        next.StartProcess();
        WaitsFor(next, "/d/f1234", Errno.Ok);
        Assert.Equal(Errno.ENOTEMPTY, next.Build.Remove("/d"u8));
        Assert.Equal(Many + 1, NamesIn(next, "/d").Count);
        Assert.Equal((uint)Many + 1, next.At("/d")->EntryCount);
    }

    // Names with one hash cannot be found in the time of a test: entries are put where such names would be.
    [Fact]
    public void The_seventeenth_name_with_one_hash_is_refused_until_one_of_the_others_goes()
    {
        Inode* root = _first.Space->Root;
        Assert.Equal(Errno.Ok, _first.Build.Make("/x"u8, InodeMode.Regular));
        uint hash = _first.Files.Names.HashOf(root, "one too many"u8);
        var others = new List<nint>();
        for (int turn = 0; turn < 16; turn++)
        {
            Assert.Equal(turn, NameBucketTable.FreeTurn(root, hash));
            DirectoryEntry* entry = _first.Files.Entries.Allocate(Encoding.ASCII.GetBytes($"other {turn}"));
            entry->Hash = hash;
            entry->Place = NameBucketTable.PlaceOf(hash, turn);
            entry->Directory = root;
            _first.Files.Buckets.Insert(root, entry);
            root->EntryCount++;
            _first.Files.Buckets.Grow(root);
            others.Add((nint)entry);
        }
        Assert.Equal(Errno.ENOSPC, _first.Build.Make("/one too many"u8, InodeMode.Regular));
        Assert.Equal(Errno.ENOSPC, Rename(_first, "/x", "/one too many"));
        Assert.True(_first.Exists("/x"));
        NameBucketTable.Remove(root, (DirectoryEntry*)others[5]);
        Assert.Equal(Errno.Ok, Rename(_first, "/x", "/one too many"));
        Assert.True(_first.Exists("/one too many"));
    }
}
