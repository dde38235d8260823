using System;
using Aurora.Base;
using Aurora.Nvme;

namespace Aurora.Kernel;

internal sealed unsafe partial class NvmeBenchmark
{
    private const ulong StreamBlocks = 64 << 20 >> PageSize.Shift;

    /// <summary>One request at a time at random places, each with its flush when asked.</summary>
    private bool MeasureSingle(ReadOnlySpan<byte> name, BlockOperation operation, bool withFlush, int count)
    {
        _samples.Clear();
        for (int i = 0; i < count; i++)
        {
            BlockRequest* request = Prepare(0, operation, RandomBlock(1), 1);
            BlockRequest* flush = Prepare(1, BlockOperation.Flush, 0, 0);
            ulong began = _clock.MonotonicNanoseconds;
            if (!Run(request) || (withFlush && !Run(flush)))
                return Report("request failed"u8);
            _samples.Add(_clock.MonotonicNanoseconds - began);
        }
        ReportLatency(name);
        return true;
    }

    /// <summary>
    /// Runs of so many pages at random places, each page of memory another one, in at most eight requests or as the device takes, and a
    /// flush: the least that making so many pages durable can take.
    /// </summary>
    private bool MeasureRuns()
    {
        ReadOnlySpan<int> sizes = [1, 16, 64, 256, MostRunBlocks];
        foreach (int blocks in sizes)
        {
            _samples.Clear();
            for (int i = 0; i < FlushedRuns; i++)
            {
                ulong start = RandomBlock(blocks);
                ulong began = _clock.MonotonicNanoseconds;
                if (!WriteRun(start, blocks) || !Run(Prepare(0, BlockOperation.Flush, 0, 0)))
                    return Report("request failed"u8);
                _samples.Add(_clock.MonotonicNanoseconds - began);
            }
            ReportLatency("write_flush_"u8, blocks);
        }
        return true;
    }

    // All requests at once, as a commit that fits into what may be under way.
    private bool WriteRun(ulong start, int blocks)
    {
        int most = Math.Min(_disk.MaxBlocksPerRequest, MostRunBlocks / Depth);
        int count = 0;
        _disk.BeginBatch();
        for (int done = 0; done < blocks; done += most, count++)
        {
            BlockRequest* request = &_requests[count];
            request->Operation = BlockOperation.Write;
            request->Start = new BlockNumber(start + (ulong)done);
            request->BlockCount = Math.Min(most, blocks - done);
            request->Pages = &_runPages[done];
            _disk.Submit(request);
        }
        _disk.EndBatch();
        bool isOk = true;
        for (int slot = 0; slot < count; slot++)
            isOk &= _disk.Wait(&_requests[slot]) == BlockStatus.Ok;
        return isOk;
    }

    private bool MeasureFlush()
    {
        _samples.Clear();
        for (int i = 0; i < FlushedWrites; i++)
        {
            BlockRequest* flush = Prepare(0, BlockOperation.Flush, 0, 0);
            ulong began = _clock.MonotonicNanoseconds;
            if (!Run(flush))
                return Report("flush failed"u8);
            _samples.Add(_clock.MonotonicNanoseconds - began);
        }
        ReportLatency("flush_clean"u8);
        return true;
    }

    /// <summary>Eight single-block writes at once: how much one doorbell write for all of them saves.</summary>
    private bool MeasureBurst(ReadOnlySpan<byte> name, bool batched)
    {
        _samples.Clear();
        for (int burst = 0; burst < Bursts; burst++)
        {
            ulong began = _clock.MonotonicNanoseconds;
            if (batched)
                _disk.BeginBatch();
            for (int slot = 0; slot < Depth; slot++)
                _disk.Submit(Prepare(slot, BlockOperation.Write, RandomBlock(1), 1));
            if (batched)
                _disk.EndBatch();
            for (int slot = 0; slot < Depth; slot++)
            {
                if (_disk.Wait(&_requests[slot]) != BlockStatus.Ok)
                    return Report("request failed"u8);
            }
            _samples.Add(_clock.MonotonicNanoseconds - began);
        }
        ReportLatency(name);
        return true;
    }

    /// <summary>Requests of 128 KiB in sequence, eight in flight; a stream of writes ends with a flush that counts.</summary>
    private bool MeasureStream(ReadOnlySpan<byte> name, BlockOperation operation)
    {
        ulong span = StreamBlocks < _disk.BlockCount ? StreamBlocks : _disk.BlockCount;
        ulong requests = span / BlocksPerRequest;
        ulong began = _clock.MonotonicNanoseconds;
        for (ulong i = 0; i < requests + Depth; i++)
        {
            int slot = (int)(i % Depth);
            if (i >= Depth && _disk.Wait(&_requests[slot]) != BlockStatus.Ok)
                return Report("request failed"u8);
            if (i < requests)
                _disk.Submit(Prepare(slot, operation, i * BlocksPerRequest, BlocksPerRequest));
        }
        if (operation == BlockOperation.Write && !Run(Prepare(0, BlockOperation.Flush, 0, 0)))
            return Report("flush failed"u8);
        ulong nanoseconds = _clock.MonotonicNanoseconds - began;
        ulong bytes = requests * BlocksPerRequest * PageSize.Bytes;
        var line = new Utf8Writer(stackalloc byte[160]);
        AppendName(ref line, name);
        line.Append(" mib_per_s="u8);
        line.AppendDecimal((bytes >> 20) * 1_000_000_000 / nanoseconds);
        KernelLog.Line(line.Written);
        return true;
    }

    private void ReportLatency(ReadOnlySpan<byte> name, int blocks = 0)
    {
        _samples.Sort();
        var line = new Utf8Writer(stackalloc byte[160]);
        AppendName(ref line, name);
        if (blocks != 0)
            line.AppendDecimal((ulong)blocks);
        AppendMicroseconds(ref line, " p50_us="u8, _samples.Percentile(50));
        AppendMicroseconds(ref line, " p99_us="u8, _samples.Percentile(99));
        AppendMicroseconds(ref line, " min_us="u8, _samples.Percentile(0));
        KernelLog.Line(line.Written);
    }

    private bool ReportCounters()
    {
        NvmeStatistics counters = _disk.Statistics;
        var line = new Utf8Writer(stackalloc byte[240]);
        AppendName(ref line, "counters"u8);
        AppendCount(ref line, " commands="u8, counters.Commands);
        AppendCount(ref line, " submission_doorbells="u8, counters.SubmissionDoorbells);
        AppendCount(ref line, " completion_doorbells="u8, counters.CompletionDoorbells);
        AppendCount(ref line, " polled_waits="u8, counters.PolledWaits);
        AppendCount(ref line, " blocked_waits="u8, counters.BlockedWaits);
        AppendCount(ref line, " errors="u8, counters.Errors);
        KernelLog.Line(line.Written);
        return true;
    }

    private static void AppendName(ref Utf8Writer line, ReadOnlySpan<byte> name)
    {
        line.Append("@stat bench=nvme name="u8);
        line.Append(name);
    }

    private static void AppendCount(ref Utf8Writer line, ReadOnlySpan<byte> key, ulong value)
    {
        line.Append(key);
        line.AppendDecimal(value);
    }

    private static void AppendMicroseconds(ref Utf8Writer line, ReadOnlySpan<byte> key, ulong nanoseconds)
    {
        line.Append(key);
        line.AppendDecimal(nanoseconds / 1000);
        line.Append("."u8);
        line.AppendDecimal(nanoseconds / 100 % 10);
    }
}
