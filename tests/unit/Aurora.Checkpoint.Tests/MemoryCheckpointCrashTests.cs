using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// Power cuts after every write of checkpoints of one mapping's memory, between and beside those of the whole group: what comes back is
/// what one of the epochs had, whole, and none that is older than what was durable.
/// </summary>
public sealed unsafe class MemoryCheckpointCrashTests
{
    private const ulong Table = 0x4000_0000;
    private const ulong Other = 0x5000_0000;
    private const ulong Pages = 24;

    private readonly List<(int Writes, Epoch Durable)> _promised = [];

    // By epoch: what every page of the table says, and what the other memory and the file system say.
    private readonly Dictionary<ulong, (ulong Table, ulong Other)> _states = [];

    [Fact]
    public void It_is_whole_or_not_there_wherever_the_power_is_cut()
    {
        var device = new TracedDevice(1 << 14);
        TestSession.Format(device);
        using TestSession session = TestSession.CreateOn(device);
        AddressSpace* space = session.NewSpace(Table, Pages);
        Assert.Equal(MemoryStatus.Ok, session.MapMore(space, Other, 1, null));
        Write(session, space, 1, 1);
        Keep(session, session.Capture(), 1, 1);
        Finish(session, device);
        device.Begin();
        _promised.Clear();
        _promised.Add((0, session.Engine.LastDurable));
        ulong other = 1;
        for (ulong round = 2; round < 12; round++)
        {
            Write(session, space, round, round);
            // The whole group in some rounds, on its way when the memory is captured, or before.
            if (round % 3 == 0)
            {
                Keep(session, session.Capture(), round, other = round);
                if (round % 2 == 0)
                    Finish(session, device);
                Write(session, space, round + 100, round);
            }
            ulong table = round % 3 == 0 ? round + 100 : round;
            Keep(session, Take(session, space), table, other);
            Finish(session, device);
        }
        for (int writes = 0; writes <= device.Count; writes++)
            AssertWhole(device.After(writes), writes, space->Header.Id);
        Assert.True(device.Count > 60, $"{device.Count} writes");
    }

    private static Epoch Take(TestSession session, AddressSpace* space)
    {
        Mapping* mapping = MappingTable.Find(space, new VirtualAddress(Table));
        Assert.Equal(Errno.Ok, session.Engine.RequestMemory(session.Tracker, mapping, isAwaited: true, out Epoch epoch));
        Assert.Equal(epoch, session.Engine.LastCaptured);
        return epoch;
    }

    private static void Write(TestSession session, AddressSpace* space, ulong table, ulong other)
    {
        for (ulong page = 0; page < Pages; page++)
            session.Store64(space, Table + (page << 12), table);
        session.Store64(space, Other, other);
    }

    private void Keep(TestSession session, Epoch epoch, ulong table, ulong other)
    {
        Assert.Equal(epoch, session.Engine.LastCaptured);
        _states[epoch.Value] = (table, other);
    }

    private void Finish(TestSession session, TracedDevice device)
    {
        session.Flush();
        session.Commit();
        Assert.Equal(session.Engine.LastCaptured, session.Engine.LastDurable);
        _promised.Add((device.Count, session.Engine.LastDurable));
    }

    private void AssertWhole(MemoryBlockDevice device, int writes, ObjectId id)
    {
        using var session = TestSession.Open(device);
        RestoreResult result = session.Group.Restore(skipUnknownKinds: false);
        Assert.True(result.IsOk, TestSession.Words(result));
        ulong last = session.Engine.RestoredEpoch;
        ulong promised = 0;
        foreach ((int count, Epoch epoch) in _promised)
            promised = count <= writes ? epoch.Value : promised;
        Assert.True(last >= promised, $"after {writes} writes epoch {last} is the last, and {promised} was promised");
        AddressSpace* space = session.Space(id);
        (ulong table, ulong other) = _states[last];
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(table, session.Load(space, Table + (page << 12)));
        Assert.Equal(other, session.Load(space, Other));
        Assert.Equal(0UL, session.Group.Group.Of(session.Tracker)->Generation);
    }
}
