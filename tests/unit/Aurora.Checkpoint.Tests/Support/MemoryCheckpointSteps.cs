using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A session with two mappings, and what tests of checkpoints of one mapping's memory do with it.</summary>
internal static unsafe class MemoryCheckpointSteps
{
    public const ulong First = 0x4000_0000;
    public const ulong Second = 0x5000_0000;
    public const ulong Page = 4096;

    public static TestSession Begin(out AddressSpace* space, ulong pages = 4)
    {
        TestSession session = TestSession.Create();
        space = session.NewSpace(First, pages);
        Assert.Equal(MemoryStatus.Ok, session.MapMore(space, Second, 4, null));
        session.Store64(space, First, 1);
        session.Store64(space, Second, 1);
        session.Checkpoint();
        return session;
    }

    public static void Fill(TestSession session, AddressSpace* space, ulong pages, ulong value)
    {
        for (ulong page = 0; page < pages; page++)
            session.Store64(space, First + (page * Page), value + page);
    }

    public static Epoch Take(TestSession session, AddressSpace* space, ulong address)
    {
        Mapping* mapping = MappingTable.Find(space, new VirtualAddress(address));
        Assert.Equal(Errno.Ok, session.Engine.RequestMemory(session.Tracker, mapping, isAwaited: true, out Epoch epoch));
        return epoch;
    }

    public static Epoch LastWhole(TestSession session) => session.Engine.StateOf(session.Tracker.Index)->LastWhole;

    public static void Complete(TestSession session)
    {
        session.Flush();
        session.Commit();
    }

    // A checkpoint after a refusal, which may need a few until what was deleted is free.
    public static StoreStatus Settle(TestSession session)
    {
        StoreStatus status = StoreStatus.NoSpace;
        for (int tries = 0; tries < 5 && status != StoreStatus.Ok; tries++)
            status = session.Engine.CheckpointAndWait();
        return status;
    }

    public static uint FlagsOf(TestSession session, Epoch epoch)
    {
        session.Engine.RequestHistory();
        session.RunErrands();
        for (int i = 0; session.Engine.ReadHistory(i, out SlsHistoryEntry entry); i++)
        {
            if (entry.Epoch == epoch.Value)
                return entry.Flags;
        }
        throw new InvalidOperationException($"epoch {epoch.Value} is not in the history");
    }
}
