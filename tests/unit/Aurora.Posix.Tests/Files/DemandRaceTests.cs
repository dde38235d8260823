using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>What is asked for may change, or go, before it has been read; and who reads it is not who made it.</summary>
public sealed unsafe class DemandRaceTests : IDisposable
{
    private const uint User = 1000;

    private readonly FileWorld _first = new();

    public void Dispose() => _first.Dispose();

    private static Errno Resolve(FileWorld world, string path)
    {
        FileCaller caller = world.Caller;
        Errno error = world.Files.Walks.Resolve(in caller, world.Space->Root, FileWorld.Bytes(path), WalkFlags.None, out Inode* inode);
        if (error == Errno.Ok)
            world.Files.Inodes.Release(inode);
        world.Scheduler.LeaveQueues(world.Thread);
        return error;
    }

    // Asks for the file of a name, whose entry has been read, and lets somebody read it.
    private static NameRequest* BeginReading(FileWorld world, FileLoader loader, string path, out RecordRead read)
    {
        Assert.Equal(Errno.EIOCBQUEUED, Resolve(world, path));
        NameRequest* request = loader.Take();
        Assert.True(request != null);
        read = loader.Read(request);
        return request;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_name_that_goes_while_its_file_is_read_is_left_alone_and_so_is_what_takes_its_place(bool bothGo)
    {
        _first.WriteFile("/d1", "one"u8);
        Assert.Equal(Errno.Ok, _first.Build.MakeHardLink("/d2"u8, "/d1"u8));
        _first.WriteFile("/other", "another"u8);
        using FileWorld next = _first.Reboot();
        var slow = new FileLoader(next.Files);
        ReadNamesOf(next, next.Space->Root);
        NameRequest* request = BeginReading(next, slow, "/d1", out RecordRead read);
        Assert.Equal(Errno.Ok, Settle(next, "/d2"));
        Assert.Equal(Errno.Ok, next.Build.Remove("/d1"u8));
        if (bothGo)
            Assert.Equal(Errno.Ok, next.Build.Remove("/d2"u8));
        // The memory of the name that went is another's now, whose file is not there yet.
        Assert.Equal(Errno.Ok, next.Build.MakeHardLink("/d3"u8, "/other"u8));
        slow.End(request, read);
        Assert.Equal(Errno.ENOENT, Settle(next, "/d1"));
        Assert.Equal("another"u8.ToArray(), next.ReadFile(next.At("/d3")));
        if (bothGo)
            Assert.Equal(Errno.ENOENT, Settle(next, "/d2"));
        else
            Assert.Equal(1U, next.At("/d2")->NameCount);
        next.Checkpoint();
    }

    private static void ReadNamesOf(FileWorld world, Inode* directory)
    {
        ulong position = 0;
        for (DirectoryEntry* entry; ; position = entry->Position)
        {
            Assert.Equal(Errno.Ok, world.Build.Next(directory, position, out entry));
            if (entry == null)
                return;
        }
    }

    private static Errno Settle(FileWorld world, string path)
    {
        Errno error;
        while ((error = Resolve(world, path)) == Errno.EIOCBQUEUED)
            world.Files.Loader.ServeAll();
        return error;
    }

    /// <summary>Files are charged to whom they belong when they are read, and others read them whatever he has by then.</summary>
    [Fact]
    public void Names_of_a_user_who_has_all_he_may_have_are_read_by_others_and_by_himself()
    {
        FileLimits limits = FileLimits.Default with { MaxEntries = 2000 };
        using var first = new FileWorld(limits: limits);
        Assert.Equal(Errno.Ok, first.Build.Make("/his"u8, InodeMode.Directory | 0x1FF));
        Assert.Equal(Errno.Ok, first.Build.Make("/more"u8, InodeMode.Directory | 0x1FF));
        int made = MakeAll(first, "/his");
        first.Checkpoint();
        using var next = new FileWorld(first.Store.Copy(), limits: limits);
        next.StartProcess();
        next.UserOfRecords = User;
        Assert.InRange(MakeAll(next, "/more"), made / 2, made * 2);
        for (int i = 0; i < made; i++)
            Assert.Equal(Errno.Ok, Settle(next, $"/his/{i}"));
        for (int i = 0; i < made; i++)
            Assert.Equal(Errno.Ok, next.Build.Remove(FileWorld.Bytes($"/his/{i}")));
    }

    private static int MakeAll(FileWorld world, string directory)
    {
        int made = 0;
        for (Errno error = Errno.Ok; error == Errno.Ok; made++)
        {
            Settle(world, $"{directory}/{made}");
            world.Pages.Accounts.Enter(User, isPrivileged: false);
            error = world.Build.Make(FileWorld.Bytes($"{directory}/{made}"), InodeMode.Regular);
            world.Pages.Accounts.Leave();
        }
        return made - 1;
    }
}
