// What a store did to its device, in order, fine enough to construct every state a power cut could leave: each block write, which of them had
// completed when a FLUSH was sent, when that FLUSH completed, and what had been acknowledged by then.
using System;
using System.Collections.Generic;
using Aurora.Base;

namespace Aurora.Crash.Tests;

public enum TraceKind
{
    Write,
    FlushSent,
    FlushDone,
    Acknowledged,
}

/// <summary>One step. Write: a block and its contents. FlushSent: Number is how many of the writes so far it covers is in Covered.</summary>
public sealed class TraceEvent
{
    public TraceKind Kind { get; init; }

    public ulong Block { get; init; }

    public byte[]? Data { get; init; }

    /// <summary>Acknowledged: the sequence.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Write: whether the submitter has seen it complete.</summary>
    public bool IsComplete { get; set; }

    /// <summary>FlushDone: the writes it made durable.</summary>
    public List<TraceEvent>? Covered { get; init; }
}

/// <summary>A memory device over a base image that records its trace. Requests complete when they are waited for, no earlier.</summary>
public sealed unsafe class TraceDevice(ulong blockCount, Dictionary<ulong, byte[]> image) : BlockDevice
{
    private readonly Dictionary<ulong, byte[]> _changed = [];
    private readonly Dictionary<nint, List<TraceEvent>> _pending = [];
    private int _writes;

    // What a discarded block holds is anything; it is there at once, or later, or never, as with a write.
    private readonly byte[] _discarded = [.. System.Linq.Enumerable.Repeat((byte)0xDD, 4096)];

    public List<TraceEvent> Events { get; } = [];

    /// <summary>Recording costs memory; off while a recovered state is only checked.</summary>
    public bool IsRecording { get; init; }

    /// <summary>The write request with this number fails and changes nothing; -1 for none.</summary>
    public int FailingWrite { get; init; } = -1;

    /// <summary>Lets other fibers run while one waits; null when there are none.</summary>
    public Action? WhileWaiting { get; set; }

    public override ulong BlockCount => blockCount;

    public override int MaxBlocksPerRequest => 16;

    public override int QueueDepth => 32;

    public override bool HasVolatileWriteCache => true;

    public void Acknowledge(ulong sequence) => Events.Add(new TraceEvent { Kind = TraceKind.Acknowledged, Sequence = sequence });

    public override void Submit(BlockRequest* request)
    {
        request->Status = BlockStatus.Ok;
        switch (request->Operation)
        {
            case BlockOperation.Read:
                Read(request);
                break;
            case BlockOperation.Write when _writes++ == FailingWrite:
                request->Status = BlockStatus.MediaError;
                break;
            case BlockOperation.Write or BlockOperation.Discard:
                Write(request);
                break;
            case BlockOperation.Flush when IsRecording:
                Flush(request);
                break;
        }
    }

    public override BlockStatus Wait(BlockRequest* request)
    {
        WhileWaiting?.Invoke();
        if (_pending.Remove((nint)request, out List<TraceEvent>? events))
        {
            foreach (TraceEvent trace in events)
            {
                if (trace.Kind == TraceKind.FlushDone)
                    Events.Add(trace);
                trace.IsComplete = true;
            }
        }
        return request->Status;
    }

    private void Flush(BlockRequest* request)
    {
        var covered = new List<TraceEvent>();
        foreach (TraceEvent trace in Events)
        {
            if (trace.Kind == TraceKind.Write && trace.IsComplete)
                covered.Add(trace);
        }
        Events.Add(new TraceEvent { Kind = TraceKind.FlushSent });
        _pending[(nint)request] = [new TraceEvent { Kind = TraceKind.FlushDone, Covered = covered }];
    }

    private void Write(BlockRequest* request)
    {
        var events = new List<TraceEvent>();
        for (int i = 0; i < request->BlockCount; i++)
        {
            ulong block = request->Start.Value + (ulong)i;
            byte[] data = request->Operation == BlockOperation.Discard ? _discarded : new Span<byte>(request->Pages[i], 4096).ToArray();
            _changed[block] = data;
            if (!IsRecording)
                continue;
            var trace = new TraceEvent { Kind = TraceKind.Write, Block = block, Data = data };
            events.Add(trace);
            Events.Add(trace);
        }
        if (IsRecording)
            _pending[(nint)request] = events;
    }

    private void Read(BlockRequest* request)
    {
        for (int i = 0; i < request->BlockCount; i++)
        {
            var target = new Span<byte>(request->Pages[i], 4096);
            ulong block = request->Start.Value + (ulong)i;
            if (_changed.TryGetValue(block, out byte[]? data) || image.TryGetValue(block, out data))
                data.CopyTo(target);
            else
                target.Clear();
        }
    }
}
