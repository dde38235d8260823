using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.Store.Tests;

/// <summary>
/// A memory device with a clock of its own: it serves one request after the other, each for a while that depends on its length, when no
/// fiber can run or one gives way. So times are in the device's own, and the same on every machine.
/// </summary>
public sealed unsafe class QueueDevice : MemoryBlockDevice
{
    private const ulong RequestNanoseconds = 20_000;
    private const ulong PageNanoseconds = 4_000;
    private const ulong FlushNanoseconds = 100_000;

    private readonly Queue<nint> _waiting = [];
    private readonly BatonFibers _fibers;
    private int _yieldsAtDiscard;
    private int _discardsInARow;

    public QueueDevice(ulong blocks, BatonFibers fibers)
        : base(blocks)
    {
        _fibers = fibers;
        fibers.Idle = ServeNext;
    }

    public bool IsImmediate { get; set; } = true;

    public ulong Nanoseconds { get; private set; }

    /// <summary>The most discards that were asked for without giving way between two of them.</summary>
    public int MostDiscardsInARow { get; private set; }

    public override int MaxBlocksPerRequest => 128;

    public override void Submit(BlockRequest* request)
    {
        if (request->Operation == BlockOperation.Discard)
            NoteDiscard();
        if (IsImmediate)
        {
            base.Submit(request);
            return;
        }
        request->Status = BlockStatus.Pending;
        _waiting.Enqueue((nint)request);
    }

    public override BlockStatus Wait(BlockRequest* request)
    {
        while (request->Status == BlockStatus.Pending)
            _fibers.Block(&request->Waiters);
        return request->Status;
    }

    private void NoteDiscard()
    {
        _discardsInARow = _fibers.Yields == _yieldsAtDiscard ? _discardsInARow + 1 : 1;
        _yieldsAtDiscard = _fibers.Yields;
        MostDiscardsInARow = int.Max(MostDiscardsInARow, _discardsInARow);
    }

    private bool ServeNext()
    {
        if (!_waiting.TryDequeue(out nint next))
            return false;
        var request = (BlockRequest*)next;
        Nanoseconds += request->Operation == BlockOperation.Flush
            ? FlushNanoseconds
            : RequestNanoseconds + ((ulong)request->BlockCount * PageNanoseconds);
        base.Submit(request);
        _fibers.WakeAll(&request->Waiters);
        return true;
    }
}
