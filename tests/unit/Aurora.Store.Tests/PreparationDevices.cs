using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.Store.Tests;

internal sealed class PowerException : Exception;

// Serves nothing before somebody waits for it, and all that came before it then.
internal sealed unsafe class HoldingDevice(ulong blocks) : MemoryBlockDevice(blocks)
{
    private readonly Queue<nint> _held = [];
    private int _underWay;

    public bool IsHolding { get; set; }

    public int MostUnderWay { get; private set; }

    /// <summary>How often there was nothing more to do.</summary>
    public int TimesEmpty { get; private set; }

    public override int MaxBlocksPerRequest => 256;

    public override void Submit(BlockRequest* request)
    {
        if (!IsHolding || request->Operation != BlockOperation.Write)
        {
            base.Submit(request);
            return;
        }
        request->Status = BlockStatus.Pending;
        _held.Enqueue((nint)request);
        _underWay += request->BlockCount;
        MostUnderWay = Math.Max(MostUnderWay, _underWay);
    }

    public override BlockStatus Wait(BlockRequest* request)
    {
        while (request->Status == BlockStatus.Pending)
        {
            var next = (BlockRequest*)_held.Dequeue();
            _underWay -= next->BlockCount;
            TimesEmpty += _underWay == 0 ? 1 : 0;
            base.Submit(next);
        }
        return request->Status;
    }
}

internal sealed unsafe class EndingDevice(ulong blocks) : MemoryBlockDevice(blocks)
{
    public bool EndsAtFlush { get; set; }

    public override void Submit(BlockRequest* request)
    {
        base.Submit(request);
        if (EndsAtFlush && request->Operation == BlockOperation.Flush)
            throw new PowerException();
    }
}
