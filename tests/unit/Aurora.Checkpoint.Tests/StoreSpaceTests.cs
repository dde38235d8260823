using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Writers hear of a full disk before a checkpoint does.</summary>
public sealed unsafe class StoreSpaceTests
{
    private const int FilePages = 32;
    private const int Blocks = 1024;

    [Fact]
    public void AFullDiskRefusesWritesAndEveryCheckpointStillSucceeds()
    {
        using TestSession session = TestSession.Create(Blocks, isBounded: true);
        StorageSpace space = session.Group.Files.Space;
        session.Checkpoint();
        space.Describe(out ulong total, out ulong free);
        Assert.InRange(free, total / 2, total);
        session.Pages.Accounts.Enter(1000, isPrivileged: false);
        byte[] contents = new byte[FilePages * 4096];
        new Random(5).NextBytes(contents);
        int files = 0;
        while (Write(session, files, contents))
        {
            // Several epochs' worth of writes between two checkpoints.
            if (++files % 4 == 0)
                session.Checkpoint();
            Assert.Equal(StoreStatus.Ok, session.Engine.Refusal);
            Assert.InRange(files, 0, Blocks / FilePages);
        }
        session.Checkpoint();
        Assert.InRange(files, Blocks / FilePages / 3, Blocks / FilePages);
        space.Describe(out _, out free);
        Assert.InRange(free, space.KeptForRoot, space.KeptForRoot + (4UL * FilePages));
        session.Pages.Accounts.Leave();
        Assert.True(Write(session, files + 100, contents));
        session.Checkpoint();
        session.Remove($"/f{files + 100}");
        session.Checkpoint();
        session.Pages.Accounts.Enter(1000, isPrivileged: false);

        for (int file = 0; file < files / 2; file++)
            session.Remove($"/f{file}");
        Assert.True(Write(session, files + 1, contents));
        session.Checkpoint();
    }

    /// <summary>A writer who waits for room is told that there is none, however many others find room for less.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AWriterIsNotKeptWaitingByOthersWhoWantLess(bool areOfOneGroup)
    {
        using TestSession session = TestSession.Create(Blocks, isBounded: true);
        StorageSpace space = session.Group.Files.Space;
        session.Checkpoint();
        ushort other = areOfOneGroup ? session.Tracker.Index : Begin(session).Index;
        int waits = 0;
        while (space.Take(other, Blocks).Status == MemoryStatus.WouldBlock)
        {
            Assert.InRange(++waits, 1, 100);
            Assert.Equal(MemoryStatus.Ok, space.Take(session.Tracker.Index, 1).Status);
            Assert.False(space.IsFullFor(session.Tracker.Index));
            session.MakeFile($"/f{waits}", "more"u8);
            session.Checkpoint();
        }
        Assert.InRange(waits, 1, 100);
        Assert.Equal(MemoryStatus.Ok, space.Take(other, 1).Status);
    }

    /// <summary>What was granted to a group of which nothing more can be written is there for the others.</summary>
    [Fact]
    public void WhatAFailedGroupWasGrantedComesBack()
    {
        using TestSession session = TestSession.Create(Blocks, isBounded: true);
        StorageSpace space = session.Group.Files.Space;
        session.Checkpoint();
        ObjectTracker other = Begin(session);
        space.Describe(out _, out ulong free);
        Assert.Equal(MemoryStatus.Ok, space.Take(other.Index, free / 2).Status);
        other.Ended.Add(session.Pages, default);
        session.Clock.Advance(session.Engine.PeriodNanoseconds);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
        Assert.True(session.Engine.Life.HasFailed(other));
        space.Describe(out _, out ulong left);
        Assert.InRange(left, free - (free / 8), free);
        Assert.Equal(MemoryStatus.Ok, space.Take(session.Tracker.Index, free / 4 * 3).Status);
    }

    /// <summary>What is summed up as writers come is what all groups have been granted, whichever of them have captured it
    /// meanwhile.</summary>
    [Fact]
    public void TheSumOfWhatIsGrantedHoldsHoweverGroupsWriteAndCapture()
    {
        using TestSession session = TestSession.Create(Blocks, isBounded: true);
        StorageSpace space = session.Group.Files.Space;
        session.Checkpoint();
        ushort other = Begin(session).Index;
        var random = new Random(3);
        for (int round = 0; round < 400; round++)
        {
            ushort group = random.Next(2) == 0 ? other : session.Tracker.Index;
            ulong pages = (ulong)random.Next(1, 90);
            space.Describe(out _, out ulong free);
            ulong cost = pages + (pages / 8) + 1;
            MemoryStatus status = space.Take(group, pages).Status;
            if (cost <= free)
                Assert.Equal(MemoryStatus.Ok, status);
            else if (pages > free)
                Assert.NotEqual(MemoryStatus.Ok, status);
            space.Describe(out _, out ulong left);
            Assert.InRange(left, status == MemoryStatus.Ok ? free - Math.Min(free, cost) : free, free);
            if (round % 5 != 0)
                continue;
            session.Tracker.MarkChanged(&session.Group.Group.Of(session.Tracker)->Header);
            session.Checkpoint();
        }
    }

    /// <summary>What ephemeral groups write is never placed; it stays in memory, of which their files may fill half.</summary>
    [Fact]
    public void EphemeralGroupsTakeMemoryAndNothingOfTheStore()
    {
        using TestSession session = TestSession.Create(Blocks, isBounded: true);
        StorageSpace space = session.Group.Files.Space;
        session.Checkpoint();
        ObjectTracker other = session.Group.Tracked.Add(9, new ObjectId(1));
        other.BeEphemeral();
        ulong half = session.Frames.TotalFrames / 2;
        space.Describe(out _, out ulong free);
        Assert.Equal(MemoryStatus.Ok, space.Take(other.Index, half).Status);
        Assert.Equal(MemoryStatus.OutOfMemory, space.Take(other.Index, half + 1).Status);
        space.Describe(out _, out ulong left);
        Assert.Equal(free, left);
        VmObject* file = session.Memory.Objects.Create(other, 100, VmObjectFlags.File);
        for (ulong page = 0; page < 100; page++)
            Assert.True(session.Memory.Pages.GetForWrite(file, page, overwrite: true).IsOk);
        Assert.Equal(MemoryStatus.OutOfMemory, space.Take(other.Index, half - 99).Status);
        Assert.Equal(MemoryStatus.Ok, space.Take(other.Index, half - 100).Status);
        session.Memory.Objects.Release(file);
        Assert.Equal(MemoryStatus.Ok, space.Take(other.Index, half).Status);
    }

    private static ObjectTracker Begin(TestSession session)
    {
        var info = new CommitInfo { Epoch = new Epoch(1) };
        Assert.Equal(StoreStatus.Ok, session.Store.CreateVolume(VolumeFlags.None, "other"u8, in info, out VolumeId volume));
        ObjectTracker group = session.Group.Tracked.Add(9, new ObjectId(1));
        session.Group.Group.CreateNew(group);
        session.Engine.Life.Begin(group, volume);
        session.Engine.Life.SetStopped(group, false);
        session.Engine.Life.Enable(group);
        return group;
    }

    private static bool Write(TestSession session, int number, byte[] contents)
    {
        byte[] path = Encoding.ASCII.GetBytes($"/f{number}");
        Errno error = session.Tree.Make(path, InodeMode.Regular | 0x1B6);
        if (error == Errno.Ok && session.Tree.Find(path, true, out Inode* inode) == Errno.Ok)
        {
            // Waiting for room: checkpoints go on meanwhile.
            while ((error = session.Tree.Write(inode, 0, contents)) == Errno.EAGAIN)
                session.Checkpoint();
            session.Group.Files.Inodes.Release(inode);
        }
        Assert.True(error is Errno.Ok or Errno.ENOSPC, error.ToString());
        return error == Errno.Ok;
    }
}
