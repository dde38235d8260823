// External synchrony of one sink: what leaves a group (by the console, to who runs a program in it from outside, by the network one day)
// waits until the state that produced it is durable. A sink numbers its output from the group's beginning on, in whatever it counts by
// (bytes, packets), and keeps it wherever it likes; the gate says how much of it may leave:
//
//   released <= held[0] < held[1] < … = newest <= written        each held position with the epoch that must be durable first
//
// Positions are held when an epoch is captured, or before: then with the one that is captured next. An epoch that is refused is merged
// with what comes after it, and its positions are forgotten, to be held again with the next. When there are more epochs than places, the
// newest ones share one: it leaves later than it might, never earlier. Nothing here is saved: what a restore finds was durable.
using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>How much of a sink's output may leave, and with which epoch more of it may. Zero is a sink without output.</summary>
internal unsafe struct OutputGate
{
    /// <summary>One for each epoch under way, and one for the next.</summary>
    public const int Capacity = PipelineState.SlotCount + 1;

    private fixed ulong _epochs[Capacity];
    private fixed ulong _positions[Capacity];
    private int _count;

    /// <summary>What lies before this position may leave.</summary>
    public ulong Released { get; private set; }

    /// <summary>What lies before this position may leave, or waits for an epoch.</summary>
    public readonly ulong Newest => _count == 0 ? Released : _positions[_count - 1];

    /// <summary>What lies before a position may leave once an epoch is durable.</summary>
    public void Hold(Epoch epoch, ulong position)
    {
        Panic.Unless(position >= Newest, "output: less was written than before"u8);
        if (position == Newest)
            return;
        bool isLater = _count == 0 || epoch.Value > _epochs[_count - 1];
        if (isLater && _count < Capacity)
            _count++;
        _epochs[_count - 1] = Math.Max(epoch.Value, _epochs[_count - 1]);
        _positions[_count - 1] = position;
    }

    /// <summary>An epoch is durable, and so is everything before it. True when more may leave.</summary>
    public bool Settle(Epoch durable)
    {
        int passed = 0;
        while (passed < _count && _epochs[passed] <= durable.Value)
            Released = _positions[passed++];
        for (int i = passed; i < _count; i++)
        {
            _epochs[i - passed] = _epochs[i];
            _positions[i - passed] = _positions[i];
        }
        for (int i = _count - passed; i < _count; i++)
            _epochs[i] = _positions[i] = 0;
        _count -= passed;
        return passed > 0;
    }

    /// <summary>This epoch and those after it have been refused.</summary>
    public void Refuse(Epoch first)
    {
        while (_count > 0 && _epochs[_count - 1] >= first.Value)
        {
            _count--;
            _epochs[_count] = _positions[_count] = 0;
        }
    }

    /// <summary>What lies before a position may leave, whatever is durable.</summary>
    public void Open(ulong position)
    {
        while (_count > 0 && _positions[0] <= position)
            Settle(new Epoch(_epochs[0]));
        Released = Math.Max(Released, position);
    }
}
