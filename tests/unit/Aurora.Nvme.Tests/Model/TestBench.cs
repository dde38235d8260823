using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.Nvme.Tests.Model;

/// <summary>A machine with one modelled controller and the driver under test.</summary>
public sealed unsafe class TestBench
{
    [ThreadStatic]
    private static List<string>? s_log;

    public TestBench(ModelOptions? model = null, NvmeOptions? options = null, int vectors = 4)
    {
        HostEnvironment.Install();
        s_log = [];
        KernelLog.Sink = &Log;
        Host = new ModelHost(Memory, Clock) { Vectors = vectors };
        Device = new ControllerModel(model ?? new ModelOptions(), Host);
        Host.Device = Device;
        Driver = new NvmeController(Device, Host, options ?? new NvmeOptions());
        Host.Controller = Driver;
    }

    public ModelMemory Memory { get; } = new();

    public ModelClock Clock { get; } = new();

    public ModelHost Host { get; }

    public ControllerModel Device { get; }

    public NvmeController Driver { get; }

    public string LogText => string.Join('\n', s_log!);

    /// <summary>A bench whose controller is ready.</summary>
    public static TestBench Started(ModelOptions? model = null, NvmeOptions? options = null, int vectors = 4)
    {
        var bench = new TestBench(model, options, vectors);
        if (bench.Driver.Start() != NvmeFault.None)
            throw new InvalidOperationException(bench.LogText);
        return bench;
    }

    /// <summary>A request in unmanaged memory, with its pages when it carries data.</summary>
    public BlockRequest* Request(BlockOperation operation, ulong start = 0, int blocks = 0)
    {
        var request = (BlockRequest*)Memory.Allocate(1);
        request->Operation = operation;
        request->Start = new BlockNumber(start);
        request->BlockCount = blocks;
        if (operation is not (BlockOperation.Read or BlockOperation.Write))
            return request;
        int listPages = (blocks * sizeof(nint) + 4095) / 4096;
        request->Pages = (void**)Memory.Allocate(listPages < 1 ? 1 : listPages);
        for (int i = 0; i < blocks; i++)
            request->Pages[i] = Memory.Allocate(1);
        return request;
    }

    public void Free(BlockRequest* request)
    {
        if (request->Pages != null)
        {
            for (int i = 0; i < request->BlockCount; i++)
                Memory.Free(request->Pages[i], 1);
            int listPages = (request->BlockCount * sizeof(nint) + 4095) / 4096;
            Memory.Free(request->Pages, listPages < 1 ? 1 : listPages);
        }
        Memory.Free(request, 1);
    }

    public BlockStatus Run(BlockRequest* request)
    {
        Driver.Submit(request);
        return Driver.Wait(request);
    }

    public BlockStatus Run(BlockOperation operation, ulong start = 0, int blocks = 0)
    {
        BlockRequest* request = Request(operation, start, blocks);
        BlockStatus status = Run(request);
        Free(request);
        return status;
    }

    /// <summary>Fills a request's pages with bytes that depend on the tag and the block.</summary>
    public static void Fill(BlockRequest* request, int tag)
    {
        for (int i = 0; i < request->BlockCount; i++)
            Pattern(tag, request->Start.Value + (ulong)i).CopyTo(new Span<byte>(request->Pages[i], 4096));
    }

    public static byte[] Pattern(int tag, ulong block)
    {
        byte[] bytes = new byte[4096];
        new Random(HashCode.Combine(tag, block)).NextBytes(bytes);
        return bytes;
    }

    /// <summary>What reads of a block return now, or what would survive a power cut.</summary>
    public byte[] Block(ulong block, bool durable = false)
    {
        int shift = 12 - Device.Disk.LogicalBlockShift;
        ulong lba = block << shift;
        uint count = 1u << shift;
        return (durable ? Device.Disk.Durable(lba, count) : Device.Disk.Current(lba, count)).ToArray();
    }

    /// <summary>Lets time pass without the driver noticing.</summary>
    public void Idle(int pauses)
    {
        for (int i = 0; i < pauses; i++)
            Host.Pause();
    }

    /// <summary>Lets the main loop turn until a controller that is being given up has stopped.</summary>
    public void SettleUntilGone()
    {
        for (int i = 0; i < 1_000_000 && Driver.State != NvmeState.Gone; i++)
        {
            Clock.Now += 100_000;
            Host.MainLoopTurn();
        }
        if (Driver.State != NvmeState.Gone)
            throw new InvalidOperationException(LogText);
    }

    private static void Log(ReadOnlySpan<byte> line) => s_log?.Add(Encoding.UTF8.GetString(line));
}
