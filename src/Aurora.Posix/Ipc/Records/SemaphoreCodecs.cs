using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>The state record of a set of semaphores. The values are in the records of its blocks.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SemaphoreSetRecord
{
    public const int Bytes = 56;

    public IpcIdentityRecord Ipc;
    public int Count;
    public uint Reserved;
    public ulong OperationSeconds, ChangeSeconds;
}

/// <summary>The state record of a block of semaphores.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SemaphoreBlockRecord
{
    public const int Bytes = 400;

    public ObjectId Set;
    public int Number;
    public uint Reserved;
    public fixed short Values[SemaphoreBlock.Semaphores];
    public fixed int Processes[SemaphoreBlock.Semaphores];
}

/// <summary>The state record of what is to be undone to a block of semaphores.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SemaphoreUndoRecord
{
    public const int Bytes = 144;

    public ObjectId Set;
    public uint ListNumber;
    public int Number;
    public fixed short Changes[SemaphoreBlock.Semaphores];
}

/// <summary>Captures sets of semaphores and puts them back.</summary>
public sealed unsafe class SemaphoreSetCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.SemaphoreSet;
    public override int LargestPayload => sizeof(SemaphoreSetRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((SemaphoreSet*)header));

    public override bool IsSound(ObjectHeader* header)
    {
        SemaphoreSet* set = (SemaphoreSet*)header;
        IpcSpace* space = Ipc.State.Of(header);
        return space != null && IsValid(Describe(set)) && IsWhole(set) && (set->IsRemoved || IsFound(&space->Sets, (IpcObject*)set));
    }

    // Blocks of a removed set go one after another, and nobody waits for it.
    private static bool IsWhole(SemaphoreSet* set)
    {
        if (set->IsRemoved)
            return set->Changers.IsEmpty && set->Observers.IsEmpty;
        if (set->BlockCount > 1 && set->Table == null)
            return false;
        for (int number = 0; number < set->BlockCount; number++)
            if (set->BlockOf(number * SemaphoreBlock.Semaphores) == null)
                return false;
        return true;
    }

    private static bool IsValid(in SemaphoreSetRecord record)
    {
        bool isRemoved = (record.Ipc.Mode & SemaphoreSet.Removed) != 0;
        return record.Ipc.IsValid(SemaphoreSet.Removed) && (!isRemoved || record.Ipc.Key == IpcIdentity.Private)
            && record.Count is > 0 and <= SemaphoreSet.MostSemaphores && record.Reserved == 0;
    }

    private static SemaphoreSetRecord Describe(SemaphoreSet* set) => new()
    {
        Ipc = IpcIdentityRecord.Of(in set->Ipc),
        Count = set->Count,
        OperationSeconds = set->OperationSeconds,
        ChangeSeconds = set->ChangeSeconds,
    };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out SemaphoreSetRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        SemaphoreSet* set = Ipc.Sets.Allocate(record.Count);
        if (set == null)
            return RestoreStatus.OutOfMemory;
        record.Ipc.Fill(ref set->Ipc);
        set->OperationSeconds = record.OperationSeconds;
        set->ChangeSeconds = record.ChangeSeconds;
        tracker.Adopt(&set->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        SemaphoreSet* set = (SemaphoreSet*)header;
        IpcSpace* space = Ipc.State.Of(tracker);
        if (space == null)
            return RestoreStatus.MissingReference;
        if (set->IsRemoved)
            return RestoreStatus.Ok;
        space->SemaphoreCount += (ulong)set->Count;
        return Place(&space->Sets, (IpcObject*)set);
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        SemaphoreSet* set = (SemaphoreSet*)header;
        if (!IsWhole(set))
            return RestoreStatus.BadRecord;
        if (set->IsRemoved)
            Ipc.State.PutOff((IpcObject*)set);
        return RestoreStatus.Ok;
    }
}

/// <summary>Captures blocks of semaphores and puts them back into their sets.</summary>
public sealed unsafe class SemaphoreBlockCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.SemaphoreBlock;
    public override int LargestPayload => sizeof(SemaphoreBlockRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((SemaphoreBlock*)header));

    public override bool IsSound(ObjectHeader* header)
    {
        SemaphoreBlock* block = (SemaphoreBlock*)header;
        return IsLive(block->Set, ObjectKind.SemaphoreSet) && IsValid(Describe(block)) && block->Number < block->Set->BlockCount
            && block->Set->BlockOf(block->Number * SemaphoreBlock.Semaphores) == block;
    }

    private static bool IsValid(in SemaphoreBlockRecord record)
    {
        bool isValid = record.Number >= 0 && record.Reserved == 0;
        for (int i = 0; i < SemaphoreBlock.Semaphores; i++)
            isValid &= record.Values[i] >= 0 && record.Processes[i] >= 0;
        return isValid;
    }

    private static SemaphoreBlockRecord Describe(SemaphoreBlock* block)
    {
        var record = new SemaphoreBlockRecord { Set = IdOf(block->Set), Number = block->Number };
        for (int i = 0; i < SemaphoreBlock.Semaphores; i++)
        {
            record.Values[i] = block->Values[i];
            record.Processes[i] = block->Processes[i];
        }
        return record;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out SemaphoreBlockRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        SemaphoreBlock* block = Ipc.State.Blocks.Allocate();
        if (block == null)
            return RestoreStatus.OutOfMemory;
        block->Number = record.Number;
        for (int i = 0; i < SemaphoreBlock.Semaphores; i++)
        {
            block->Values[i] = record.Values[i];
            block->Processes[i] = record.Processes[i];
        }
        tracker.Adopt(&block->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        var set = (SemaphoreSet*)tracker.Find(Reread<SemaphoreBlockRecord>(payload).Set, ObjectKind.SemaphoreSet);
        if (set == null)
            return RestoreStatus.MissingReference;
        return SemaphoreSets.Place(set, (SemaphoreBlock*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}

/// <summary>Captures what is to be undone, and puts it back into its list.</summary>
public sealed unsafe class SemaphoreUndoCodec(IpcServices ipc) : IpcCodec(ipc)
{
    public override ObjectKind Kind => ObjectKind.SemaphoreUndo;
    public override int LargestPayload => sizeof(SemaphoreUndoRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((SemaphoreUndo*)header));

    public override bool IsSound(ObjectHeader* header)
    {
        SemaphoreUndo* undo = (SemaphoreUndo*)header;
        return IsLive(undo->Set, ObjectKind.SemaphoreSet) && IsValid(Describe(undo)) && IsWhole(undo);
    }

    // Some thread has its list, which has no other block for these semaphores.
    private static bool IsWhole(SemaphoreUndo* undo)
        => undo->List->References > 0 && undo->List->Number == undo->ListNumber && undo->List->Count <= UndoList.MostBlocks
            && undo->Number < undo->Set->BlockCount && UndoLists.Find(undo->List, undo->Set, undo->Number) == undo;

    private static bool IsValid(in SemaphoreUndoRecord record)
        => record.ListNumber != 0 && record.Number >= 0;

    private static SemaphoreUndoRecord Describe(SemaphoreUndo* undo)
    {
        var record = new SemaphoreUndoRecord { ListNumber = undo->ListNumber, Set = IdOf(undo->Set), Number = undo->Number };
        for (int i = 0; i < SemaphoreBlock.Semaphores; i++)
            record.Changes[i] = undo->Changes[i];
        return record;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out SemaphoreUndoRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        SemaphoreUndo* undo = Ipc.State.Undos.Allocate();
        if (undo == null)
            return RestoreStatus.OutOfMemory;
        undo->ListNumber = record.ListNumber;
        undo->Number = record.Number;
        for (int i = 0; i < SemaphoreBlock.Semaphores; i++)
            undo->Changes[i] = record.Changes[i];
        tracker.Adopt(&undo->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        SemaphoreUndo* undo = (SemaphoreUndo*)header;
        var set = (SemaphoreSet*)tracker.Find(Reread<SemaphoreUndoRecord>(payload).Set, ObjectKind.SemaphoreSet);
        if (set == null)
            return RestoreStatus.MissingReference;
        UndoList* list = Ipc.Undos.Restore(tracker, undo->ListNumber);
        if (list == null)
            return RestoreStatus.OutOfMemory;
        if (undo->Number >= set->BlockCount || UndoLists.Find(list, set, undo->Number) != null)
            return RestoreStatus.BadRecord;
        UndoLists.Link(list, set, undo);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsWhole((SemaphoreUndo*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
