using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>The check before commit: a kernel object that contradicts itself never becomes durable.</summary>
public sealed unsafe class SoundnessTests
{
    [Fact]
    public void AProcessWithAWrongCountIsNotPersistedAndTheSessionGoesOn()
    {
        ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Store(init->Process, 0, 1);
        machine.Session.Checkpoint();
        Epoch good = machine.Session.Engine.LastDurable;

        init->Process->ThreadCount++;
        machine.Tracker.MarkChanged(&init->Process->Header);
        machine.Store(init->Process, 0, 2);
        Step(machine.Session);
        Step(machine.Session);
        Assert.Equal((good, 2UL), (machine.Session.Engine.LastDurable, machine.Session.Engine.Violations));
        Assert.False(machine.Session.Engine.HasFailed);

        // The store has the last good state; and once the object is right again, what happened meanwhile is persisted.
        init->Process->ThreadCount--;
        Step(machine.Session);
        Assert.True(machine.Session.Engine.LastDurable > good);
        machine.Store(init->Process, 8, 3);
        machine.Session.Checkpoint();
        using ProcessMachine restored = machine.Reboot();
        Assert.Equal((2UL, 3UL), (restored.Load(restored.Pids.Init, 0), restored.Load(restored.Pids.Init, 8)));
    }

    [Fact]
    public void APointerToWhatHasEndedIsFound()
    {
        using ProcessMachine machine = ProcessMachine.Create();
        Thread* init = machine.StartInit();
        machine.Session.Checkpoint();
        Mapping* mapping = MappingTable.At(init->Process->AddressSpace, 0);
        VmObject* target = mapping->Object;
        int references = target->Header.References;
        target->Header.References = 0;
        machine.Tracker.MarkChanged(&mapping->Header);
        Step(machine.Session);
        Assert.Equal(1UL, machine.Session.Engine.Violations);
        target->Header.References = references;
        Step(machine.Session);
        Assert.Equal(1UL, machine.Session.Engine.Violations);
    }

    [Fact]
    public void AProvokedViolationCostsOneCheckpoint()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        Epoch good = session.Engine.LastDurable;
        session.Engine.ProvokedViolations = 1;
        session.MakeFile("/a", "1"u8);
        Step(session);
        Assert.Equal((good, 1UL), (session.Engine.LastDurable, session.Engine.Violations));
        Step(session);
        Assert.Equal((good.Next, 1UL), (session.Engine.LastDurable, session.Engine.Violations));
    }

    private static void Step(TestSession session)
    {
        session.Clock.Advance(1_000_000_000);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
    }
}
