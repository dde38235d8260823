// Pending signals as the records of processes and threads carry them: the set in the fixed part, the queue behind it. What waits behind the
// queue has records of its own (SignalBacklogCodec).
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Records;

/// <summary>A queued signal as older versions had it: of what a program sent, only sender and value.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OlderSignalInfo
{
    public const int Bytes = 40;

    private const ulong TimerMark = ulong.MaxValue;

    public int Number, Code, Error, Pid;
    public uint Uid;
    public int Status;
    public ulong Value, Address;

    /// <summary>The same as it is kept today.</summary>
    public readonly SignalInfo Translate()
    {
        if (Code == SignalCode.Timer && Address == TimerMark)
            return SignalInfo.FromTimer(Number, Pid, Value);
        var info = new SignalInfo { Number = Number, Code = Code, Error = Error };
        if (Code > 0 && Number != (int)Signal.SIGCHLD)
        {
            info.Address = Address;
            return info;
        }
        info.Pid = Pid;
        info.Uid = Uid;
        if (Code <= 0)
        {
            info.Value = Value;
            return info;
        }
        info.Status = Status;
        info.UserTicks = Value;
        info.SystemTicks = Address;
        return info;
    }
}

/// <summary>Writes and reads queues of pending signals.</summary>
internal static unsafe class SignalRecords
{
    /// <summary>The most bytes a queue takes in a record.</summary>
    public const int MaxBytes = SignalQueue.Limit * SignalInfo.Bytes;

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
            if (++count > SignalQueue.Limit || !IsValid(in entry->Info, pending->Set))
                return false;
        return count == pending->Count;
    }

    /// <summary>True for a signal that can be queued where this set is pending.</summary>
    public static bool IsValid(in SignalInfo info, SignalSet set)
        => info.Number is >= 1 and <= (int)Signal.Last && set.Contains(info.Signal) && info.HasKnownOrigin;

    /// <summary>Rebuilds a queue of <paramref name="count"/> signals; the set follows from the record, not from the queue.</summary>
    public static RestoreStatus Read(SignalQueue queue, PendingSignals* pending, ulong set, int count, ReadOnlySpan<byte> payload,
        bool isOlder)
    {
        int bytes = isOlder ? OlderSignalInfo.Bytes : SignalInfo.Bytes;
        if ((uint)count > SignalQueue.Limit || payload.Length < count * bytes)
            return RestoreStatus.BadRecord;
        pending->Set = new SignalSet(set);
        for (int i = 0; i < count; i++)
        {
            ref byte start = ref MemoryMarshal.GetReference(payload[(i * bytes)..]);
            if (isOlder && (uint)Unsafe.ReadUnaligned<int>(ref start) > (uint)Signal.Last)
                return RestoreStatus.BadRecord;
            SignalInfo info = isOlder ? Unsafe.ReadUnaligned<OlderSignalInfo>(ref start).Translate()
                : Unsafe.ReadUnaligned<SignalInfo>(ref start);
            if (!IsValid(in info, pending->Set))
                return RestoreStatus.BadRecord;
            if (!queue.Restore(pending, in info))
                return RestoreStatus.OutOfMemory;
        }
        return RestoreStatus.Ok;
    }
}
