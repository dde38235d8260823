// Pending signals as the records of processes and threads carry them: the set in the fixed part, the queue behind it.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Records;

/// <summary>Writes and reads queues of pending signals.</summary>
internal static unsafe class SignalRecords
{
    /// <summary>The most bytes a queue takes in a record.</summary>
    public const int MaxBytes = SignalQueue.Limit * 40;

    /// <summary>Writes the queued signals in order and returns their length in bytes.</summary>
    public static int Write(PendingSignals* pending, Span<byte> payload)
    {
        int length = 0;
        for (QueuedSignal* entry = pending->First; entry != null; entry = entry->Next)
        {
            Unsafe.WriteUnaligned(ref MemoryMarshal.GetReference(payload[length..]), entry->Info);
            length += sizeof(SignalInfo);
        }
        return length;
    }

    /// <summary>True for a queue that <see cref="Read"/> rebuilds.</summary>
    public static bool AreValid(PendingSignals* pending)
    {
        int count = 0;
        for (QueuedSignal* entry = pending->First; entry != null; entry = entry->Next)
            if (++count > SignalQueue.Limit || !IsValid(in entry->Info, pending->Set.Bits))
                return false;
        return count == pending->Count;
    }

    private static bool IsValid(in SignalInfo info, ulong set)
        => info.Number is >= 1 and <= (int)Signal.Last && (set & (1UL << (info.Number - 1))) != 0;

    /// <summary>Rebuilds a queue of <paramref name="count"/> signals; the set follows from the record, not from the queue.</summary>
    public static RestoreStatus Read(SignalQueue queue, PendingSignals* pending, ulong set, int count, ReadOnlySpan<byte> payload)
    {
        if ((uint)count > SignalQueue.Limit || payload.Length < count * sizeof(SignalInfo))
            return RestoreStatus.BadRecord;
        for (int i = 0; i < count; i++)
        {
            var info = Unsafe.ReadUnaligned<SignalInfo>(ref MemoryMarshal.GetReference(payload[(i * sizeof(SignalInfo))..]));
            if (!IsValid(in info, set))
                return RestoreStatus.BadRecord;
            if (queue.Add(pending, in info) != Errno.Ok)
                return RestoreStatus.OutOfMemory;
        }
        pending->Set = new SignalSet(set);
        return RestoreStatus.Ok;
    }
}
