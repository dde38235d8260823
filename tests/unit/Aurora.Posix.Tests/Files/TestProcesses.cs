using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Tests.Files;

/// <summary>What /proc shows of a test world.</summary>
internal sealed unsafe class TestProcesses(FileWorld world) : ProcessInformation
{
    public override ReadOnlySpan<byte> HostNameOf(ushort group) => "testhost"u8;
    public override ReadOnlySpan<byte> ProcessorName => "Test Processor"u8;
    public override ReadOnlySpan<byte> Release => "6.1.0-aurora"u8;
    public override ReadOnlySpan<byte> Version => "#1 test"u8;

    public override WaitQueue* SignalArrivedIn(ushort group) => world.Processes.Of(world.Tracker).SignalArrived;

    public override Process* Find(ushort group, int id) => world.Processes.Of(world.Tracker).FindProcess(id);

    public override Process* Next(ushort group, int id) => world.Processes.Of(world.Tracker).NextProcess(id);

    public override void Describe(ushort group, out SystemDescription description)
        => description = new SystemDescription
        {
            UptimeNanoseconds = 12_340_000_000, IdleNanoseconds = 5_000_000_000, Processors = 1, TotalPages = 1024, FreePages = 256,
            Load1 = 125, Threads = 3, RunnableThreads = 1, LastProcess = 7,
        };
}
