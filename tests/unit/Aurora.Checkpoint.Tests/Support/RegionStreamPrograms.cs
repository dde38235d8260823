using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Programs of a machine's host that use regions, send them and receive them.</summary>
internal sealed unsafe class RegionStreamPrograms(GroupMachine machine) : RegionPrograms(machine)
{
    public const ulong Page = 4096;

    private Thread* Asker => Machine.Init(Machine.Host)->FirstThread;

    /// <summary>Reads and writes the streams.</summary>
    public StreamPrograms Streams { get; init; } = new(machine);

    /// <summary>A process beside init, with an address space of its own.</summary>
    public Process* NewProcess()
    {
        var request = new CloneRequest { ExitSignal = (int)Signal.SIGCHLD };
        Assert.Equal(Errno.Ok, Machine.Processes.Life.Clone(Asker, request, out Thread* child));
        Machine.Processes.Life.Start(child);
        return child->Process;
    }

    /// <summary>Asks for something; what came of it, and the ticket.</summary>
    public Errno Ask(in RegionRequest request, out Region* region, out ulong ticket) => Ask(Asker, in request, out region, out ticket);

    public static RegionRequest Request(RegionRequestKind kind, string name)
    {
        var request = new RegionRequest { Kind = kind, IsPrivileged = true, IsAdministrator = true };
        if (kind == RegionRequestKind.Receive)
            request.SetTarget(Encoding.UTF8.GetBytes(name));
        else
            request.SetName(Encoding.UTF8.GetBytes(name));
        return request;
    }

    /// <summary>A number of a stream that goes out, or a negated errno.</summary>
    public long BeginSend(string name, ulong epoch = 0, ulong since = 0)
    {
        RegionRequest request = Request(RegionRequestKind.Send, name);
        request.Epoch = epoch;
        request.Since = since;
        Errno error = Ask(in request, out _, out ulong ticket);
        return error == Errno.Ok ? (long)ticket : -(long)error;
    }

    public (long Error, byte[] Stream) Send(string name, ulong epoch = 0, ulong since = 0)
    {
        long number = BeginSend(name, epoch, since);
        return number < 0 ? (number, []) : Streams.Read(number);
    }

    public long BeginReceive(string name, uint user = 0)
    {
        RegionRequest request = Request(RegionRequestKind.Receive, name);
        request.User = user;
        Errno error = Ask(in request, out _, out ulong ticket);
        return error == Errno.Ok ? (long)ticket : -(long)error;
    }

    /// <summary>The number of the region that was made, or a negated errno.</summary>
    public long Receive(string name, byte[] stream)
    {
        long number = BeginReceive(name);
        return number < 0 ? number : Streams.Write(number, stream);
    }

    /// <summary>Opens a region; null when there is none.</summary>
    public Region* Open(string name, ulong pages = 0)
    {
        RegionRequest request = Request(RegionRequestKind.Open, name);
        request.Pages = pages;
        request.MayCreate = pages != 0;
        return Ask(in request, out Region* region, out _) == Errno.Ok ? region : null;
    }

    public Errno Do(RegionRequestKind kind, string name) => Ask(Request(kind, name), out _, out _);

    public void Resize(string name, ulong pages)
    {
        RegionRequest request = Request(RegionRequestKind.Resize, name);
        request.Pages = pages;
        Assert.Equal(Errno.Ok, Ask(in request, out _, out _));
    }

    public ulong Load(Process* process, ulong address) => Machine.Session.Load(process->AddressSpace, address);

    /// <summary>A process ends what it shows of a region.</summary>
    public void Hide(Process* process, Region* region)
    {
        RegionStatus status = Regions.StatusOf(region);
        Machine.Session.Memory.Regions.EndWriter(&process->FirstThread->Regions);
        Assert.Equal(MemoryStatus.Ok,
            Machine.Session.Memory.Mappings.Unmap(process->AddressSpace, new VirtualAddress(status.Address), status.SpanBytes));
        Machine.RunRegions();
    }
}
