// The groups of a world. Everything that is done is done in one of them, which has been entered; time passes for all of them.
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Linux.Tests;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

internal sealed unsafe partial class World
{
    /// <summary>How many groups there are.</summary>
    public int Count => _groups.Count;

    /// <summary>From here on everything happens in this group.</summary>
    public void Enter(int group)
    {
        Kernel.Enter(_groups[group]);
        _sleepers = _sleepersOf[group];
    }

    /// <summary>A group goes, and another, from an image, takes its place beside the others, which run on. It is entered.</summary>
    public void Replace(int group, TestKernel.Image image)
    {
        Enter(group);
        Stop();
        EndProcesses();
        Kernel.RemoveGroup();
        _sleepers.Clear();
        _groups[group] = Kernel.AddGroup();
        Restore(image);
    }

    /// <summary>Lets everybody run who can, in every group, as <see cref="Settle"/> does.</summary>
    public void SettleAll()
    {
        for (int group = 0; group < Count; group++)
        {
            Enter(group);
            Settle();
        }
    }

    private void Begin(ObjectTracker group, TestKernel.Image image)
    {
        _groups.Add(group);
        Kernel.Enter(group);
        Restore(image);
    }

    private void Restore(TestKernel.Image image)
    {
        Kernel.RestoreGroup(image);
        // All of it, so that no call waits in one world that does not in the other.
        Kernel.LoadTree();
    }

    private void EndProcesses()
    {
        Process* init = Kernel.Pids.Init;
        if (init != null && !init->IsEnding)
            Kernel.Life.BeginEnd(init, WaitStatus.Killed(9));
        for (int turns = 0; Kernel.Pids.ProcessCount != 0; turns++)
        {
            Assert.True(turns < MaxTurns, "processes of a group that ends do not");
            Settle();
            Kernel.Memory.Spaces.EndStep();
            Kernel.Files.Closing.Step();
            Kernel.Ipc.Step();
        }
    }
}
