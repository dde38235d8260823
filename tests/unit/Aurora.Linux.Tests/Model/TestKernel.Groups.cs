// Several groups in one kernel. A test is about one of them at a time, and goes over to another; groups come and go as the kernel's own do.
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Files;
using Xunit;

namespace Aurora.Linux.Tests;

internal sealed unsafe partial class TestKernel
{
    private const int MostTurns = 10_000;

    private readonly Dictionary<ushort, nint> _names = [];

    /// <summary>A group with nothing in it yet; the test is about it from here on.</summary>
    public ObjectTracker AddGroup()
    {
        int index = Tracked.FreeIndex();
        Assert.True(index > 0, "there are too many groups");
        ObjectTracker group = Tracked.Add((ushort)index, new ObjectId(1));
        Assert.True(group.Exists);
        _names[group.Index] = (nint)Files.Attach(group);
        Enter(group);
        return group;
    }

    /// <summary>From here on the test is about this group.</summary>
    public void Enter(ObjectTracker group)
    {
        Tracker = group;
        Names = (Namespace*)_names[group.Index];
    }

    /// <summary>
    /// A group whose processes have ended goes, as one that leaves memory does: it leaves nothing, which is checked. No other is entered.
    /// </summary>
    public void RemoveGroup()
    {
        int turns = 0;
        while (!Ipc.EndStep(Tracker))
        {
            Ipc.Step();
            Assert.True(turns++ < MostTurns, "the System V objects of a group that ends do not");
        }
        while (MustStep() || !Files.TreeEnd.Step(Tracker))
            Assert.True(turns++ < MostTurns, "the tree of a group that ends does not");
        while (MustStep())
            Assert.True(turns++ < MostTurns, "what is left of a group that ends does not end");
        Terminals.Life.EndConsole(Tracker);
        Settings.End(Tracker);
        Pids.Ids.Clear();
        Assert.False(Memory.Epochs.HasChanges(Tracker));
        _sources.Remove(Tracker.Index);
        _names.Remove(Tracker.Index);
        Tracked.Remove(Tracker);
    }

    // What the machine does meanwhile; true while there may be more of it.
    private bool MustStep()
    {
        ServePager();
        Memory.Spaces.EndStep();
        Files.Closing.Step();
        Ipc.Step();
        return Memory.Spaces.IsEndingOf(Tracker) || Files.Closing.HasWorkOf(Tracker) || Files.Requests.IsWaitingFor(Tracker);
    }
}
