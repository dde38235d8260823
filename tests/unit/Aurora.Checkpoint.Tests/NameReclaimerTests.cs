using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A tree of more files than there may be inodes and names in memory.</summary>
public sealed unsafe class NameReclaimerTests
{
    private const int Files = 10_000;
    private const int Waiting = 6000;

    [Fact]
    public void ATreeThatDoesNotFitIsMadeListedChangedAndComesBackAfterAPowerCut()
    {
        TestSession session = TestSession.Create();
        Assert.Equal(Errno.Ok, session.Tree.MakeDirectories("/d"u8));
        for (int i = 0; i < Files; i++)
        {
            Assert.Equal(Errno.Ok, session.Tree.Make(PathOf(i), InodeMode.Regular | 0x1A4));
            GoOn(session, i, captures: true);
        }
        Assert.Equal(Files, CountNames(session));
        for (int i = 0; i < Files; i += 7)
        {
            LookUp(session, i, isThere: true);
            GoOn(session, i, captures: false);
        }
        int durable = 0;
        for (int i = 0; i < Files / 2; i += 2)
        {
            Assert.Equal(Errno.Ok, session.Tree.Remove(PathOf(i)));
            if (i % 200 == 0)
                durable = i;
            GoOn(session, i, captures: true);
        }
        TestSession after = session.Reboot();
        for (int i = 0; i < Files; i++)
        {
            LookUp(after, i, isThere: i % 2 != 0 || i > durable);
            GoOn(after, i, captures: false);
        }
        Assert.Equal(Files - (durable / 2) - 1, CountNames(after));
        Assert.Equal(0UL, after.Group.Files.Contradictions);
        Assert.InRange(after.Group.Files.Reclaim.Dropped, (ulong)Files, ulong.MaxValue);
        after.Dispose();
    }

    private static byte[] PathOf(int file) => Encoding.ASCII.GetBytes($"/d/file{file}");

    // Checkpoints come now and then, and what is clean goes. With each name some of those beside it are read.
    private static void GoOn(TestSession session, int step, bool captures)
    {
        if (captures && step % 200 == 0)
            session.Checkpoint();
        if (step % 50 == 0)
            session.Group.NameReclaimer.DropAll();
    }

    private static void LookUp(TestSession session, int file, bool isThere)
    {
        Errno error = session.Tree.Find(PathOf(file), follow: false, out Inode* inode);
        Assert.Equal(isThere ? Errno.Ok : Errno.ENOENT, error);
        if (error == Errno.Ok)
            session.Group.Files.Inodes.Release(inode);
    }

    private static int CountNames(TestSession session)
    {
        Inode* directory = session.Find("/d");
        var seen = new HashSet<string>();
        for (ulong position = 0; ;)
        {
            Assert.Equal(Errno.Ok, session.Tree.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                break;
            Assert.True(seen.Add(Encoding.ASCII.GetString(DirectoryEntry.NameOf(entry))));
            position = entry->Position;
            GoOn(session, seen.Count, captures: false);
        }
        session.Group.Files.Inodes.Release(directory);
        return seen.Count;
    }

    /// <summary>Everything is dirty: who waits gets room after a checkpoint that is asked for, and is told when there is none.</summary>
    [Fact]
    public void WhoWaitsForRoomGetsItFromACheckpointThatIsAskedFor()
    {
        using TestSession session = TestSession.Create(overlayBytes: 32 << 20);
        session.Checkpoint();
        session.Group.Files.Room.Begin();
        int turns = 0;
        session.Fibers.Turn = () =>
        {
            Assert.True(++turns < 20_000, "the checkpoint that is waited for does not come");
            session.Clock.Advance(20_000_000);
            session.Engine.Poll();
            session.Flush();
            session.Commit();
        };
        Thread* thread = (Thread*)session.Pages.Allocate(1);
        var caller = new FileCaller { Thread = thread, Credentials = (Credentials*)session.Pages.Allocate(1) };
        caller.Credentials->Capabilities = CapabilitySets.OfRoot;
        int made = 0;
        int waits = 0;
        for (int calls = 0; made < Waiting; calls++)
        {
            Assert.True(calls < 20 * Waiting, $"no more than {made} files were made");
            Errno error = Make(session, in caller, made);
            if (error == Errno.Ok)
            {
                made++;
                thread->RoomWaits = 0;
                continue;
            }
            Assert.Equal(Errno.EIOCBQUEUED, error);
            waits += session.Group.Files.Room.HasWaiters ? 1 : 0;
            session.Group.Files.Loader.ServeAll();
            session.Group.NameReclaimer.Balance();
            Assert.False(session.Group.Files.Room.HasWaiters);
        }
        Assert.InRange(waits, 2, Waiting / 10);
        // Nothing becomes clean any more, and what is dirty fills the memory.
        session.Engine.IsEnabled = false;
        Errno last = Errno.Ok;
        for (int calls = 0; calls < 20 * Waiting && (last is Errno.Ok or Errno.EIOCBQUEUED); calls++)
        {
            last = Make(session, in caller, made);
            if (last == Errno.Ok)
                (made, thread->RoomWaits) = (made + 1, 0);
            session.Group.Files.Loader.ServeAll();
            session.Group.NameReclaimer.Balance();
        }
        Assert.Equal(Errno.ENOSPC, last);
        session.Fibers.Turn = null;
    }

    private static Errno Make(TestSession session, in FileCaller caller, int number)
    {
        Errno error = session.Group.Files.Creation.Make(
            in caller, session.Group.Names->Root, Encoding.ASCII.GetBytes($"{number}"), InodeMode.Regular, 0, out Inode* created);
        session.Group.Files.Inodes.Release(created);
        return error;
    }
}
