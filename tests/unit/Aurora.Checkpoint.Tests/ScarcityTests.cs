using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Promises that hold without a byte of free memory, and what a restore must not leave lying about.</summary>
public sealed unsafe class ScarcityTests
{
    private const ulong Arena = 0x4000_0000;

    [Fact]
    public void TheConsoleTakesWhatItHasPromisedWithoutMemory()
    {
        using TestSession session = TestSession.Create();
        session.Pages.IsExhausted = true;
        int room = session.Group.Output.Room;
        Assert.True(room > 100_000);
        Assert.Equal(room, session.Group.Output.Write(new byte[room]));
        Assert.Equal(0, session.Group.Output.Room);
        session.Pages.IsExhausted = false;
    }

    [Fact]
    public void ARestoreNeedsNoMoreMemoryThanRunningDid()
    {
        using TestSession session = TestSession.Create();
        session.Group.Group.Of(session.Tracker)->MemoryMebibytes = 192;
        MakeLongLinks(session, 1500);
        int running = session.Pages.Taken;

        // Beside the objects a restore has its window, a sixteenth of the frames here, and a page for the record it looks at.
        int window = (int)(session.Frames.TotalFrames / 16) + 8;
        using TestSession restored = TestSession.Open(session.Device, running + window);
        RestoreResult result = restored.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        Assert.True(result.IsOk, TestSession.Words(result));
        Assert.True(restored.TryLoadTree());
        Assert.Equal(session.Tracker.Count, restored.Tracker.Count);
        Inode* last = restored.Find("/link1499");
        Assert.Equal(LongTarget(1499), Inodes.TargetOf(last).ToArray());
    }

    [Fact]
    public void NamesForWhichThereIsNoMemoryAreThereWhenThereIsSome()
    {
        using TestSession session = TestSession.Create();
        MakeLongLinks(session, 500);
        using TestSession restored = TestSession.Open(session.Device);
        Assert.True(restored.Group.Restore(skipUnknownKinds: false, endUnreferenced: true).IsOk);
        restored.Pages.Limit = restored.Pages.Taken + 40;
        int refused = 0;
        for (int i = 0; i < 500; i++)
            refused += Follow(restored, i) == Errno.ENOMEM ? 1 : 0;
        Assert.InRange(refused, 1, 500);
        restored.Pages.Limit = int.MaxValue;
        for (int i = 0; i < 500; i++)
            Assert.Equal(Errno.Ok, Follow(restored, i));
        Assert.True(restored.TryLoadTree());
    }

    // Who is told that there is no memory may ask again, and is told once for each time.
    private static Errno Follow(TestSession session, int link)
    {
        byte[] path = System.Text.Encoding.UTF8.GetBytes($"/link{link}");
        Errno error = session.Tree.Find(path, false, out Inode* inode);
        if (error == Errno.Ok)
            session.Group.Files.Inodes.Release(inode);
        Assert.True(error is Errno.Ok or Errno.ENOMEM, $"{error}");
        return error;
    }

    [Fact]
    public void AMachineWithTooLittleMemoryForARestoreSaysWhatItTakes()
    {
        using TestSession session = TestSession.Create();
        session.Group.Group.Of(session.Tracker)->MemoryMebibytes = 192;
        Assert.Equal(Errno.Ok, session.Tree.Make("/fifo"u8, InodeMode.Fifo | 0x1B6));
        for (int i = 0; i < 1000; i++)
            session.OpenFile("/fifo");
        session.Checkpoint();
        using TestSession idle = TestSession.Open(session.Device);
        using TestSession small = TestSession.Open(session.Device, idle.Pages.Taken + 20);
        RestoreResult result = small.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        Assert.Equal(RestoreStatus.OutOfMemory, result.Fault.Status);
        Assert.EndsWith("the session ran with 192 MiB: start it with as much (-m 192)", TestSession.Words(result), StringComparison.Ordinal);
    }

    private static void MakeLongLinks(TestSession session, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Errno.Ok, session.Tree.MakeLink(System.Text.Encoding.UTF8.GetBytes($"/link{i}"), LongTarget(i)));
            if (i % 256 == 0)
                session.Checkpoint();
        }
        session.Checkpoint();
    }

    // The longest target there may be: its record is in two parts.
    private static byte[] LongTarget(int number)
    {
        byte[] target = new byte[4095];
        Array.Fill(target, (byte)('a' + (number % 26)));
        return target;
    }

    [Fact]
    public void WhatNobodyRefersToEndsWithTheRestore()
    {
        using TestSession session = TestSession.Create();
        AddressSpace* half = session.NewSpace(Arena, 4);
        session.Store64(half, Arena, 7);
        ObjectId id = half->Header.Id;
        session.MakeFile("/a", "kept"u8);
        session.Checkpoint();
        int objects = session.Tracker.Count;

        using TestSession restored = TestSession.Open(session.Device);
        Assert.True(restored.Group.Restore(skipUnknownKinds: false, endUnreferenced: true).IsOk);
        Assert.True(restored.Tracker.Find(id) == null);
        Assert.True(restored.TryLoadTree());

        // The space, its mapping and its memory.
        Assert.Equal(objects - 3, restored.Tracker.Count);
        Assert.Equal("kept"u8.ToArray(), restored.Contents("/a"));
        restored.Checkpoint();
        using TestSession again = TestSession.Open(session.Device);
        Assert.True(again.Group.Restore(skipUnknownKinds: false).IsOk);
        Assert.True(again.TryLoadTree());
        Assert.Equal(objects - 3, again.Tracker.Count);
    }
}
