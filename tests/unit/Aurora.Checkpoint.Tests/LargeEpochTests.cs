using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Epochs that do not fit into one commit of the store: whole or not at all, like any other.</summary>
public sealed unsafe class LargeEpochTests
{
    private const ulong At = 0x4000_0000;
    private const uint Mappings = 640;

    [Fact]
    public void An_epoch_larger_than_a_commit_is_written_in_parts_and_restored()
    {
        TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        session.Checkpoint();
        AddressSpace* space = Change(session, out ObjectId id);
        session.Checkpoint();

        // A fork of all of them is one step, and the next epoch.
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
        ObjectId childId = child->Header.Id;
        for (uint i = 1; i < Mappings; i += 50)
            session.Store64(child, At + (i << 13), 5000 + i);
        session.Checkpoint();
        session = session.Reboot();
        RequireMappings(session, id, 0);
        RequireMappings(session, childId, 5000);
        session.Dispose();
    }

    // The power fails at each of the writes that the epoch takes.
    [Fact]
    public void Power_that_fails_anywhere_in_it_leaves_the_epoch_before_or_all_of_it()
    {
        int cut = 0;
        while (!IsWholeAfter(cut))
            cut++;
        Assert.InRange(cut, 20, 1000);
    }

    private static bool IsWholeAfter(int writes)
    {
        TestSession session = TestSession.Create(blocks: 1 << 13, overlayBytes: 256 << 10);
        session.MakeFile("/a", "before"u8);
        session.Checkpoint();
        Change(session, out ObjectId id);
        session.MakeFile("/b", "after"u8);
        int left = writes;
        session.Device.Fail = (operation, _) => operation != BlockOperation.Read && left-- <= 0 ? BlockStatus.MediaError : BlockStatus.Ok;
        bool isWhole = session.Engine.CheckpointAndWait() == StoreStatus.Ok;
        session.Device.Fail = null;
        session = session.Reboot();
        Assert.Equal("before"u8.ToArray(), session.Contents("/a"));
        bool isThere = session.Tracker.Find(id) != null;
        Inode* late = session.Find("/b");
        Assert.Equal(isThere, late != null);
        if (isThere)
            RequireMappings(session, id, 0);
        session.Checkpoint();
        session.Dispose();
        Assert.True(isThere || !isWhole, "acknowledged and gone");
        return isWhole;
    }

    private static AddressSpace* Change(TestSession session, out ObjectId id)
    {
        AddressSpace* space = session.NewSpace(At, 1);
        id = space->Header.Id;
        for (uint i = 1; i < Mappings; i++)
        {
            Assert.Equal(MemoryStatus.Ok, session.MapMore(space, At + (i << 13), 1, null));
            session.Store64(space, At + (i << 13), i);
        }
        return space;
    }

    private static void RequireMappings(TestSession session, ObjectId id, uint added)
    {
        AddressSpace* space = session.Space(id);
        for (uint i = 1; i < Mappings; i += 50)
            Assert.Equal(added + i, session.Load(space, At + (i << 13)));
        Assert.Equal(7UL, session.Load(space, At + (7 << 13)));
    }
}
