using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What inotify watches bring into memory is asked for before a restore makes anything.</summary>
public sealed class WatchRoomTests
{
    // A state of which somebody knows how many records it has.
    private sealed class CountedWatches(int watches) : RecordSource
    {
        public override bool TryCount(Span<int> counts)
        {
            counts[(int)ObjectKind.InotifyWatch] = watches;
            return true;
        }

        public override void Rewind()
        {
        }

        public override StoreStatus Next(out ObjectId id, out ReadOnlySpan<byte> record)
        {
            id = default;
            record = default;
            return StoreStatus.NotFound;
        }
    }

    private static RestoreResult Ask(TestSession session, int watches, RestoreScope scope)
    {
        var room = new RestoreRoom(session.Pages, session.Group.Reclaimer, session.Group.NameReclaimer, session.Group.Past, session.Fibers);
        return room.Ask(new CountedWatches(watches), scope);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(2000, false)]
    public void There_must_be_memory_for_the_files_that_are_watched(int watches, bool hasRoom)
    {
        using TestSession session = TestSession.Create();

        session.Checkpoint();

        // Enough for the watches themselves, and for what a restore needs beside.
        session.Pages.Left = (1 << 20) + (2000 * 256);
        RestoreResult result = Ask(session, watches, RestoreScope.Whole);
        Assert.Equal(hasRoom, result.IsOk);
        Assert.Equal(!hasRoom, result.IsUntouched);
        Assert.Equal(hasRoom ? RestoreStatus.Ok : RestoreStatus.OutOfMemory, result.Fault.Status);
        Assert.True(Ask(session, watches, RestoreScope.Files).IsOk);
    }

    [Fact]
    public void There_must_be_as_many_free_inodes_as_watches()
    {
        using TestSession session = TestSession.Create();
        Assert.True(Ask(session, 4000, RestoreScope.Whole).IsOk);
        session.MakeFile("/a", "held"u8);
        int free = 4096 - session.Group.Files.Inodes.Count;
        Assert.True(Ask(session, free, RestoreScope.Whole).IsOk);
        RestoreResult result = Ask(session, free + 1, RestoreScope.Whole);
        Assert.Equal(RestoreStatus.OutOfMemory, result.Fault.Status);
        Assert.True(result.IsUntouched);
    }
}
