// Measures the NVMe driver on the raw device, below the store: what the store's figures are compared with. It overwrites the disk, so it
// runs only when the boot configuration says bench=nvme and destroy=SERIAL with the serial number of the very disk. First a check: blocks
// with a pattern of their own, written at every size and depth, flushed and read back; bench=nvme-check stops there. Results are
// "@stat bench=nvme …" lines, in microseconds and MiB/s.
using System;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Nvme;

namespace Aurora.Kernel;

/// <summary>The benchmark behind <c>bench=nvme</c>.</summary>
internal sealed unsafe partial class NvmeBenchmark : BootStep
{
    private const int Depth = 8;
    private const int BlocksPerRequest = 32;
    private const int SingleWrites = 2000;
    private const int FlushedWrites = 1000;
    private const int Bursts = 200;
    private const int FlushedRuns = 100;
    private const int MostRunBlocks = 1024;

    private readonly NvmeController _disk;
    private readonly Clock _clock;
    private readonly LatencySamples _samples;
    private readonly BlockRequest* _requests;
    private readonly void** _pageLists;
    private readonly void** _runPages;
    private readonly bool _isCheckOnly;
    private ulong _random = 0x9E37_79B9_7F4A_7C15;

    public NvmeBenchmark(NvmeController disk, Clock clock, PageAllocator pages, bool isCheckOnly)
    {
        _isCheckOnly = isCheckOnly;
        _disk = disk;
        _clock = clock;
        _samples = new LatencySamples(pages);
        _requests = (BlockRequest*)pages.Allocate(1);
        _pageLists = (void**)pages.Allocate(1);
        byte* data = (byte*)pages.Allocate(Depth * BlocksPerRequest);
        Panic.Unless(_requests != null && _pageLists != null && data != null, "benchmark: no memory for requests"u8);
        for (int i = 0; i < Depth * BlocksPerRequest; i++)
            _pageLists[i] = data + ((long)i << PageSize.Shift);
        _runPages = (void**)pages.Allocate(MostRunBlocks * sizeof(void*) / PageSize.Bytes);
        Panic.Unless(_runPages != null, "benchmark: no memory for runs"u8);
        for (int i = 0; i < MostRunBlocks; i++)
        {
            _runPages[i] = pages.Allocate(1);
            Panic.Unless(_runPages[i] != null, "benchmark: no memory for runs"u8);
        }
    }

    /// <summary>Whether <paramref name="benchmark"/> is this one's name, in full or check only.</summary>
    public static bool Answers(ReadOnlySpan<byte> benchmark) => benchmark.SequenceEqual("nvme"u8) || IsCheck(benchmark);

    /// <summary>Opens the machine's disk, runs on it if it is the one that may be overwritten, and ends the machine.</summary>
    public static void RunAndPowerOff(Hardware hardware, BareMachine machine, in BootConfiguration configuration)
        => hardware.PowerOff(Run(hardware, machine, configuration) ? (byte)0 : (byte)1);

    private static bool Run(Hardware hardware, BareMachine machine, in BootConfiguration configuration)
    {
        var fibers = new KernelFibers(machine.Frames, machine.Pages, hardware.Clock);
        NvmeDevice? device = NvmeDevice.Open(hardware, machine.Pages, fibers, new NvmeOptions());
        if (device == null)
            return Report("no disk"u8);
        ReadOnlySpan<byte> destroyable = configuration.DestroyableDisk;
        if (destroyable.IsEmpty || !device.Controller.SerialNumber.SequenceEqual(destroyable))
            return Report("the disk is not the one that may be overwritten (destroy=SERIAL)"u8);
        var benchmark = new NvmeBenchmark(device.Controller, hardware.Clock, machine.Pages, IsCheck(configuration.Benchmark));
        bool isOk = new BootLoop(hardware, fibers, device, machine.Lock).Run(benchmark);
        return device.Controller.Shutdown() && isOk;
    }

    protected override bool Work() => Check() && (_isCheckOnly || Measure());

    private static bool IsCheck(ReadOnlySpan<byte> benchmark) => benchmark.SequenceEqual("nvme-check"u8);

    private bool Check()
    {
        if (_disk.BlockCount < Depth * BlocksPerRequest * 4 || _disk.MaxBlocksPerRequest < BlocksPerRequest)
            return Report("disk too small"u8);

        // Once by interrupts alone, once by polling as far as that goes.
        ulong usual = _disk.PollNanoseconds;
        _disk.PollNanoseconds = 0;
        bool isOk = CheckPattern();
        _disk.PollNanoseconds = ulong.MaxValue / 2;
        isOk = isOk && CheckPattern() && CheckZeroes();
        _disk.PollNanoseconds = usual;
        if (!isOk)
            return Report("check failed"u8);
        KernelLog.Line("@stat bench=nvme check=ok"u8);
        return true;
    }

    private bool Measure()
    {
        ulong usual = _disk.PollNanoseconds;
        _disk.PollNanoseconds = 0;
        bool isOk = MeasureSingle("write_4k_by_interrupt"u8, BlockOperation.Write, false, SingleWrites);
        _disk.PollNanoseconds = ulong.MaxValue / 2;
        isOk = isOk && MeasureSingle("write_4k_polled"u8, BlockOperation.Write, false, SingleWrites);
        _disk.PollNanoseconds = usual;
        return isOk
            && MeasureSingle("read_4k"u8, BlockOperation.Read, false, SingleWrites)
            && MeasureSingle("write_4k"u8, BlockOperation.Write, false, SingleWrites)
            && MeasureSingle("write_4k_flush"u8, BlockOperation.Write, true, FlushedWrites)
            && MeasureRuns()
            && MeasureFlush()
            && MeasureBurst("burst_8x4k"u8, false)
            && MeasureBurst("burst_8x4k_batched"u8, true)
            && MeasureStream("sequential_write_8x128k"u8, BlockOperation.Write)
            && MeasureStream("sequential_overwrite_8x128k"u8, BlockOperation.Write)
            && MeasureStream("sequential_read_8x128k"u8, BlockOperation.Read)
            && ReportCounters();
    }

    private BlockRequest* Prepare(int slot, BlockOperation operation, ulong start, int blocks)
    {
        BlockRequest* request = &_requests[slot];
        request->Operation = operation;
        request->Start = new BlockNumber(start);
        request->BlockCount = operation == BlockOperation.Flush ? 0 : blocks;
        request->Pages = operation == BlockOperation.Flush ? null : &_pageLists[slot * BlocksPerRequest];
        return request;
    }

    private bool Run(BlockRequest* request)
    {
        _disk.Submit(request);
        return _disk.Wait(request) == BlockStatus.Ok;
    }

    private ulong RandomBlock(int blocks)
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return _random % (_disk.BlockCount - (ulong)blocks);
    }

    private static bool Report(ReadOnlySpan<byte> failure)
    {
        var line = new Utf8Writer(stackalloc byte[120]);
        line.Append("@stat bench=nvme error="u8);
        line.Append(failure);
        KernelLog.Line(line.Written);
        return false;
    }
}
