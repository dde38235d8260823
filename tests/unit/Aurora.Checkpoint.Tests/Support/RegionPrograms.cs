using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What programs of a machine with groups do with regions.</summary>
internal unsafe class RegionPrograms(GroupMachine machine)
{
    private protected GroupMachine Machine { get; } = machine;

    private protected RegionManager Regions => Machine.Session.Group.Regions;

    /// <summary>Asks for something as a call does, and waits; what came of it, and the ticket.</summary>
    public Errno Ask(Thread* thread, in RegionRequest request, out Region* region, out ulong ticket)
    {
        Errno error = Regions.Ask(thread, in request, out ticket, out region);
        CallContinuation call = thread->Call;
        thread->Call = new CallContinuation { Active = true, Phase = 1, Progress = ticket };
        for (int tries = 0; tries < 5 && error == Errno.EAGAIN; tries++)
        {
            Machine.RunRegions();
            error = Regions.Answer(thread, ticket, out region);
        }
        thread->Call = call;
        return error;
    }

    /// <summary>Has a process show a region; the address.</summary>
    public ulong Show(Process* process, Region* region)
    {
        RegionStatus status = Regions.StatusOf(region);
        var map = new MapRequest
        {
            Address = new VirtualAddress(status.Address), Length = status.SpanBytes, Protection = Protection.Read | Protection.Write,
            Flags = MappingFlags.Shared | MappingFlags.Region, Placement = MapPlacement.FixedNoReplace, Object = region->Object,
        };
        Assert.Equal(MemoryStatus.Ok, Machine.Session.Memory.Mappings.Map(process->AddressSpace, map, out _));
        return status.Address;
    }

    public void Store(Process* process, ulong address, ulong value)
    {
        Machine.Session.Memory.Regions.BeWriter(&process->FirstThread->Regions);
        Machine.Session.Store64(process->AddressSpace, address, value);
    }

    /// <summary>Persists what a process has changed; the epoch.</summary>
    public ulong Persist(Process* process, Region* region)
    {
        Errno error = Regions.Persist(region, &process->FirstThread->Regions, true, out ulong epoch);
        if (error == Errno.EAGAIN)
        {
            Machine.RunRegions();
            error = Regions.Persist(region, &process->FirstThread->Regions, true, out epoch);
        }
        Assert.Equal(Errno.Ok, error);
        Machine.RunRegions();
        Assert.Equal(Errno.Ok, Regions.StateOf(region, epoch));
        return epoch;
    }
}
