using System;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A machine with a group "a", whose programs a test has show regions.</summary>
public abstract unsafe class RegionGroupFixture : IDisposable
{
    private protected GroupMachine Machine { get; set; } = GroupMachine.Create(TestSession.NewDevice());

    protected RegionGroupFixture() => Machine.Do(GroupVerb.Run, target: "a");

    public void Dispose()
    {
        Machine.Dispose();
        GC.SuppressFinalize(this);
    }

    protected ObjectTracker Group => Machine.Find("a");

    protected Process* Init(string name = "a") => Machine.Init(Machine.Find(name));

    protected RegionManager Regions => Machine.Session.Group.Regions;

    protected Process* Fork(string group = "a")
    {
        Assert.Equal(Errno.Ok, Machine.Processes.Life.Clone(
            Init(group)->FirstThread, new CloneRequest { ExitSignal = (int)Signal.SIGCHLD }, out Thread* child));
        Machine.Processes.Life.Start(child);
        return child->Process;
    }

    protected ulong DurableEpoch()
    {
        SlsStatistics statistics = default;
        Machine.Session.Engine.ReadStatistics(Group, ref statistics);
        return statistics.DurableEpoch;
    }

    protected void GoBack(ulong epoch)
    {
        string checkpoint = epoch.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Machine.Do(GroupVerb.Rewind, "a", checkpoint: checkpoint) > 0);
        Machine.Settle();
    }

    protected Process* Find(int id) => Machine.Processes.Table.Of(Group).FindProcess(id);

    protected void Reboot()
    {
        MemoryBlockDevice device = Machine.Session.Device;
        Machine.Dispose();
        Machine = GroupMachine.Start(device);
    }

    // What msnap_open does.
    protected ulong Show(Process* process, string name)
    {
        var request = new RegionRequest
        {
            Kind = RegionRequestKind.Open, MayCreate = true, Pages = 10, IsPrivileged = true, IsAdministrator = true,
        };
        request.SetName(Encoding.UTF8.GetBytes(name));
        var programs = new RegionPrograms(Machine);
        Assert.Equal(Errno.Ok, programs.Ask(process->FirstThread, in request, out Region* region, out _));
        return programs.Show(process, region);
    }

    protected void Store(Process* process, ulong at, ulong value) => new RegionPrograms(Machine).Store(process, at, value);

    protected void Persist(Process* process, ulong at)
        => new RegionPrograms(Machine).Persist(process, Aurora.Memory.Regions.ShownAt(process->AddressSpace, new VirtualAddress(at)));
}
