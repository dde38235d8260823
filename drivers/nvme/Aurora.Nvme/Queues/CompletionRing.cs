// One completion queue (NVM Express 1.4 §4.1, §4.6). The controller writes entries and inverts the phase tag on every pass; an entry is
// new when its tag equals the phase the host expects. The queue starts zeroed and the first pass writes ones. This memory is written by
// a device: every read goes through Volatile, the tag first.
using System;
using System.Threading;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The host's end of a completion queue. Take any number of entries, then Ring once.</summary>
internal sealed unsafe class CompletionRing
{
    private readonly NvmeRegisters _registers;
    private readonly CompletionEntry* _entries;
    private readonly uint _doorbell;
    private int _head;
    private bool _phase = true;

    public CompletionRing(NvmeRegisters registers, CompletionEntry* entries, int size, uint doorbell)
    {
        _registers = registers;
        _entries = entries;
        Size = size;
        _doorbell = doorbell;
    }

    public int Size { get; }

    /// <summary>The pages a ring of this many entries takes.</summary>
    public static int PagesFor(int size) => (size * CompletionEntry.SizeBytes + PageSize.Bytes - 1) / PageSize.Bytes;

    /// <summary>Copies the next completion out if the controller has posted one.</summary>
    public bool TryTake(out CompletionEntry completion)
    {
        uint* words = (uint*)&_entries[_head];
        uint last = Volatile.Read(ref words[3]);
        if ((last >> 16 & 1) != (_phase ? 1u : 0u))
        {
            completion = default;
            return false;
        }
        completion = Decode(words, last);
        _head++;
        if (_head == Size)
        {
            _head = 0;
            _phase = !_phase;
        }
        return true;
    }

    /// <summary>Starts over with an empty, zeroed ring; only while the controller is disabled.</summary>
    public void Reset()
    {
        new Span<byte>(_entries, Size * CompletionEntry.SizeBytes).Clear();
        _head = 0;
        _phase = true;
    }

    /// <summary>Gives the taken entries back to the controller with one doorbell write.</summary>
    public void Ring() => _registers.Write32(_doorbell, (uint)_head);

    private static CompletionEntry Decode(uint* words, uint last)
    {
        uint queueAndHead = Volatile.Read(ref words[2]);
        return new CompletionEntry
        {
            Result = Volatile.Read(ref words[0]),
            Dword1 = Volatile.Read(ref words[1]),
            SubmissionHead = (ushort)queueAndHead,
            SubmissionQueue = (ushort)(queueAndHead >> 16),
            CommandId = (ushort)last,
            StatusAndPhase = (ushort)(last >> 16),
        };
    }
}
