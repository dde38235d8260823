using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Epochs on their way: order, failure, lack of memory, and what readers of the store see meanwhile.</summary>
public sealed unsafe class PipelineTests
{
    private const ulong Arena = 0x4000_0000;

    [Fact]
    public void EpochsGoThroughTheFibersInOrder()
    {
        using TestSession session = TestSession.Create();
        Epoch first = session.Capture();
        session.MakeFile("/a", "1"u8);
        Epoch second = session.Capture();
        Assert.Equal(first.Next, second);
        Assert.True(session.Engine.IsBusy);
        Assert.False(session.Engine.IsDurable(first));
        session.Flush();
        Assert.False(session.Engine.IsDurable(first));
        session.Commit();
        Assert.True(session.Engine.IsDurable(second));
        Assert.False(session.Engine.IsBusy);
    }

    [Fact]
    public void AFlushLooksWhetherToGiveWayEveryFewPagesAndOtherChanges()
    {
        const ulong pages = 200;
        using TestSession session = TestSession.Create();
        AddressSpace* space = session.NewSpace(Arena, pages);
        for (ulong page = 0; page < pages; page++)
            session.Store64(space, Arena + (page << 12), 0);
        int before = session.Fibers.Looks;
        session.Checkpoint();
        Assert.InRange(session.Fibers.Looks - before, (int)pages / 4, (int)pages);
    }

    [Fact]
    public void WithAllSlotsUnderWayThePeriodStretches()
    {
        using TestSession session = TestSession.Create();
        for (int i = 0; i < CheckpointEngine.SlotCount; i++)
            session.Capture();
        Epoch last = session.Engine.LastCaptured;
        session.Capture();
        Assert.Equal(last, session.Engine.LastCaptured);
        Assert.Equal(ulong.MaxValue, session.Engine.NextDueNanoseconds);
        session.Flush();
        session.Commit();
        session.Engine.Poll();
        Assert.Equal(last.Next, session.Engine.LastCaptured);
    }

    [Fact]
    public void AFreezeDoesNotLetLaterStoresIntoTheEpoch()
    {
        TestSession session = TestSession.Create();
        AddressSpace* space = session.NewSpace(Arena, 16);
        ObjectId id = space->Header.Id;
        session.Store64(space, Arena, 1);
        session.Capture();
        session.Store64(space, Arena, 2);
        session.Flush();
        session.Commit();
        using TestSession restored = session.Reboot();
        Assert.Equal(1UL, restored.Load(restored.Space(id), Arena));
    }

    [Fact]
    public void ACloneIsReadableWhileItsBaseIsDeletedByTheSameCommit()
    {
        TestSession session = TestSession.Create();
        AddressSpace* space = session.NewSpace(Arena, 16);
        ObjectId id = space->Header.Id;
        session.Store64(space, Arena, 11);
        session.Store64(space, Arena + 0x8000, 22);
        session.Checkpoint();
        session = session.Reboot();
        AddressSpace* parent = session.Space(id);
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(parent, out AddressSpace* child));
        session.Memory.Spaces.Release(parent);
        session.Capture();
        session.Flush();

        Assert.Equal(11UL, session.Load(child, Arena));
        session.Commit();
        Assert.Equal(22UL, session.Load(child, Arena + 0x8000));
        id = child->Header.Id;
        using TestSession restored = session.Reboot();
        child = restored.Space(id);
        Assert.Equal((11UL, 22UL), (restored.Load(child, Arena), restored.Load(child, Arena + 0x8000)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void ACaptureWithoutMemoryUndoesItselfAndLosesNothing(int allocations)
    {
        TestSession session = TestSession.Create();
        session.Checkpoint();
        for (int i = 0; i < 200; i++)
            session.MakeFile($"/f{i}", BitConverter.GetBytes(i));
        AddressSpace* space = session.NewSpace(Arena, 64);
        ObjectId id = space->Header.Id;
        for (ulong page = 0; page < 64; page++)
            session.Store64(space, Arena + (page << 12), page + 1);
        session.Remove("/f3");
        session.Pages.Remaining = allocations;
        Assert.Equal(StoreStatus.OutOfMemory, session.Engine.CheckpointAndWait());
        Assert.False(session.Engine.HasFailed);
        // The books are as before: the program goes on writing without a byte of memory for new ones.
        for (ulong page = 0; page < 64; page += 2)
            session.Store64(space, Arena + (page << 12), 100 + page);
        session.Pages.Remaining = null;
        session.Checkpoint();

        using TestSession restored = session.Reboot();
        Assert.True(restored.Find("/f3") == null);
        for (int i = 4; i < 200; i++)
            Assert.Equal(BitConverter.GetBytes(i), restored.Contents($"/f{i}"));
        space = restored.Space(id);
        for (ulong page = 0; page < 64; page++)
            Assert.Equal(page % 2 == 0 ? 100 + page : page + 1, restored.Load(space, Arena + (page << 12)));
    }

    [Fact]
    public void ARequestWithoutMemoryIsTriedAgainOnlyAPeriodLater()
    {
        using TestSession session = TestSession.Create();
        session.Pages.IsExhausted = true;
        Epoch epoch = session.Capture();
        ulong due = session.Engine.NextDueNanoseconds;
        Assert.Equal(session.Clock.MonotonicNanoseconds + session.Engine.PeriodNanoseconds, due);
        session.Pages.IsExhausted = false;
        session.Clock.Advance(session.Engine.PeriodNanoseconds);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
        Assert.True(session.Engine.IsDurable(epoch));
    }

    [Fact]
    public void ADeviceThatRefusesWritesStopsTheEngineAndReleasesNothing()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/kept", "kept"u8);
        session.Checkpoint();
        var console = new TestConsole();
        session.Group.Output.Write("never durable"u8);
        session.MakeFile("/lost", "lost"u8);
        session.Device.Fail = (operation, _) => operation == BlockOperation.Write ? BlockStatus.DeviceError : BlockStatus.Ok;
        Epoch epoch = session.Capture();
        session.Flush();
        session.Commit();
        Assert.True(session.Engine.HasFailed);
        Assert.NotEqual(StoreStatus.Ok, session.Engine.Failure);
        Assert.False(session.Engine.IsDurable(epoch));
        session.Group.Output.Pump(console);
        Assert.Equal("", console.Text);
        Assert.Equal(ulong.MaxValue, session.Engine.NextDueNanoseconds);
        Assert.NotEqual(StoreStatus.Ok, session.Engine.CheckpointAndWait());

        session.Device.Fail = null;
        using TestSession restored = session.Reboot();
        Assert.Equal("kept"u8.ToArray(), restored.Contents("/kept"));
        Assert.True(restored.Find("/lost") == null);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(20)]
    public void AFlushWithoutMemoryIsDiscardedAndCoveredByALaterEpoch(int allocations)
    {
        TestSession session = TestSession.Create();
        session.Checkpoint();
        AddressSpace* space = session.NewSpace(Arena, 512);
        ObjectId id = space->Header.Id;
        for (ulong page = 0; page < 512; page++)
            session.Store64(space, Arena + (page << 12), page + 1);
        session.MakeFile("/a", "1"u8);
        session.MakeFile("/gone", "1"u8);
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("named"u8, out _));
        Epoch first = session.Capture();
        session.Remove("/gone");
        session.Store64(space, Arena, 1000);
        Epoch second = session.Capture();
        session.Pages.Remaining = allocations;
        session.Flush();
        session.Commit();
        bool isRefused = session.Engine.Refusal != StoreStatus.Ok;
        Assert.Equal(isRefused ? StoreStatus.OutOfMemory : StoreStatus.Ok, session.Engine.Refusal);
        Assert.False(session.Engine.HasFailed);
        Assert.Equal(!isRefused, session.Engine.IsDurable(second));
        session.Pages.Remaining = null;
        session.Clock.Advance(1_000_000_000);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
        Assert.True(session.Engine.IsDurable(first) && session.Engine.IsDurable(second));
        Assert.Equal(StoreStatus.Ok, session.Engine.Refusal);

        using TestSession restored = session.Reboot();
        Assert.True(restored.Find("/gone") == null);
        Assert.Equal("1"u8.ToArray(), restored.Contents("/a"));
        space = restored.Space(id);
        Assert.Equal(1000UL, restored.Load(space, Arena));
        for (ulong page = 1; page < 512; page++)
            Assert.Equal(page + 1, restored.Load(space, Arena + (page << 12)));
    }

    [Fact]
    public void AFullDiskHoldsCheckpointsUpUntilSomethingIsDeleted()
    {
        TestSession session = TestSession.Create(1024);
        byte[] piece = new byte[1 << 18];
        new Random(1).NextBytes(piece);
        int files = 0;
        while (session.Engine.Refusal == StoreStatus.Ok && files < 20)
        {
            session.MakeFile($"/f{files++}", piece);
            session.Engine.CheckpointAndWait();
        }
        Assert.Equal(StoreStatus.NoSpace, session.Engine.Refusal);
        Assert.False(session.Engine.HasFailed);
        Epoch covered = session.Engine.LastCaptured;
        Assert.False(session.Engine.IsDurable(covered));
        session.Remove("/f0");
        session.Remove("/f1");
        session.Remove($"/f{files - 1}");
        session.MakeFile("/small", "fits"u8);
        for (int tries = 0; tries < 5 && session.Engine.CheckpointAndWait() != StoreStatus.Ok; tries++)
        {
        }
        Assert.True(session.Engine.IsDurable(covered));
        using TestSession restored = session.Reboot();
        Assert.Equal("fits"u8.ToArray(), restored.Contents("/small"));
        Assert.Equal(piece, restored.Contents("/f2"));
    }

    [Fact]
    public void NamedCheckpointsAppearInTheHistory()
    {
        using TestSession session = TestSession.Create();
        Assert.Equal(Errno.Ok, session.Engine.RequestNamed("before the upgrade"u8, out _));
        session.Checkpoint();
        ulong ticket = session.Engine.RequestHistory();
        Assert.False(session.Engine.IsHistoryReady(ticket));
        SteppedFibers.Run(session.Engine.RunErrandFiber);
        Assert.True(session.Engine.IsHistoryReady(ticket));
        Assert.True(session.Engine.ReadHistory(0, out var entry));
        Assert.Equal(session.Engine.LastDurable.Value, entry.Epoch);
        Assert.Equal((byte)'b', entry.Name[0]);
    }
}
