// Threads: registers, extended state, the call they are in, and their signals. Run queues and wait queues are not captured: a restored thread is
// runnable, and if it was waiting in a call the call is dispatched again with its progress and waits again if it still must.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Records;

/// <summary>Captures threads and puts them back.</summary>
public sealed unsafe class ThreadCodec(ProcessTable processes, ThreadScheduler scheduler, SignalQueue signals, ExtendedStateUnit extended)
    : RecordCodec
{
    private const int NameBytes = 16;

    // OriginalRax to Ss are part of the same run of words in the context.
    private const int GeneralBytes = 21 * sizeof(ulong);

    public override ObjectKind Kind => ObjectKind.Thread;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Thread* thread = (Thread*)header;
        ThreadRecord record = default;
        Describe(thread, ref record);
        int length = sizeof(ThreadRecord);
        length += SignalRecords.Write(&thread->Pending, payload[length..]);
        extended.Save(thread->Context);
        new ReadOnlySpan<byte>(thread->Context->ExtendedState, extended.ImageBytes).CopyTo(payload[length..]);
        record.ImageBytes = extended.ImageBytes;
        Write(payload, in record);
        return length + extended.ImageBytes;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Process* process = ((Thread*)header)->Process;
        return IsLive(process, ObjectKind.Process) && process->State == ProcessState.Alive && process->ThreadCount > 0;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out ThreadRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> tail = payload[sizeof(ThreadRecord)..];
        IdSlot* slot = processes.Ids.Make(record.Id);
        if (slot == null || slot->Thread != null || !IsValid(in record, tail.Length)
            || !IsLoadable(tail[(record.QueuedSignals * sizeof(SignalInfo))..]))
            return RestoreStatus.BadRecord;
        Thread* thread = processes.AllocateThread();
        if (thread == null)
            return RestoreStatus.OutOfMemory;
        slot->Thread = thread;
        processes.Ids.Last = Math.Max(processes.Ids.Last, record.Id);
        tracker.Adopt(&thread->Header, Kind, id);
        Fill(thread, in record);
        ReadOnlySpan<byte> image = tail[(record.QueuedSignals * sizeof(SignalInfo))..];
        image.CopyTo(new Span<byte>(thread->Context->ExtendedState, UserContext.ExtendedStateBytes));
        extended.Load(thread->Context);
        return SignalRecords.Read(signals, &thread->Pending, record.PendingSet, record.QueuedSignals, tail);
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Process* process = (Process*)tracker.Find(Reread<ThreadRecord>(payload).Process, ObjectKind.Process);
        if (process == null)
            return RestoreStatus.MissingReference;
        processes.Attach(process, (Thread*)header);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Thread* thread = (Thread*)header;
        if (thread->Process->State != ProcessState.Alive)
            return RestoreStatus.BadRecord;
        // Only init before its first execve has no memory.
        if (thread->Process->AddressSpace != null)
            thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
        else if (!thread->Call.Active)
            return RestoreStatus.BadRecord;
        if (!thread->Process->IsStopped)
            scheduler.MakeRunnable(thread);
        return RestoreStatus.Ok;
    }

    private bool IsValid(in ThreadRecord record, int tailBytes)
        => (uint)record.QueuedSignals <= SignalQueue.Limit && record.ImageBytes == extended.ImageBytes
            && tailBytes == (record.QueuedSignals * sizeof(SignalInfo)) + record.ImageBytes
            && record.Registers.FsBase < AddressSpace.UserEnd && record.Registers.GsBase < AddressSpace.UserEnd
            && record.ParentDeathSignal is >= 0 and <= 64;

    // The processor faults in the kernel when it is given an image with anything else.
    private bool IsLoadable(ReadOnlySpan<byte> image)
    {
        const int mxcsr = 24;
        const int header = 512;
        const int headerEnd = header + 64;
        return image.Length >= headerEnd
            && (MemoryMarshal.Read<uint>(image[mxcsr..]) & ~extended.MxcsrMask) == 0
            && (MemoryMarshal.Read<ulong>(image[header..]) & ~extended.ComponentMask) == 0
            && image[(header + sizeof(ulong))..headerEnd].IndexOfAnyExcept((byte)0) < 0;
    }

    private static void Describe(Thread* thread, ref ThreadRecord record)
    {
        record.Process = thread->Process->Header.Id;
        record.Id = thread->Id;
        record.HasSavedBlockedSignals = thread->HasSavedBlockedSignals;
        record.UserNanoseconds = thread->UserNanoseconds;
        record.SystemNanoseconds = thread->SystemNanoseconds;
        record.VoluntarySwitches = thread->VoluntarySwitches;
        record.InvoluntarySwitches = thread->InvoluntarySwitches;
        record.MinorFaults = thread->MinorFaults;
        record.MajorFaults = thread->MajorFaults;
        record.PendingSet = thread->Pending.Set.Bits;
        record.QueuedSignals = thread->Pending.Count;
        record.BlockedSignals = thread->BlockedSignals.Bits;
        record.SavedBlockedSignals = thread->SavedBlockedSignals.Bits;
        record.AlternateStack = thread->AlternateStack;
        record.AlternateStackBytes = thread->AlternateStackBytes;
        record.AlternateStackFlags = thread->AlternateStackFlags;
        record.ParentDeathSignal = thread->ParentDeathSignal;
        record.ClearChildTid = thread->ClearChildTid;
        record.RobustList = thread->RobustList;
        record.Call = thread->Call;
        fixed (byte* name = record.Name)
            new ReadOnlySpan<byte>(thread->Name, NameBytes).CopyTo(new Span<byte>(name, NameBytes));
        fixed (RegisterRecord* registers = &record.Registers)
            new ReadOnlySpan<byte>(thread->Context, GeneralBytes).CopyTo(new Span<byte>(registers, GeneralBytes));
        record.Registers.FsBase = thread->Context->FsBase;
        record.Registers.GsBase = thread->Context->GsBase;
    }

    private static void Fill(Thread* thread, in ThreadRecord record)
    {
        thread->Id = record.Id;
        thread->HasSavedBlockedSignals = record.HasSavedBlockedSignals;
        thread->UserNanoseconds = record.UserNanoseconds;
        thread->SystemNanoseconds = record.SystemNanoseconds;
        thread->VoluntarySwitches = record.VoluntarySwitches;
        thread->InvoluntarySwitches = record.InvoluntarySwitches;
        thread->MinorFaults = record.MinorFaults;
        thread->MajorFaults = record.MajorFaults;
        thread->BlockedSignals = new SignalSet(record.BlockedSignals).Except(SignalSet.Unstoppable);
        thread->SavedBlockedSignals = new SignalSet(record.SavedBlockedSignals).Except(SignalSet.Unstoppable);
        thread->AlternateStack = record.AlternateStack;
        thread->AlternateStackBytes = record.AlternateStackBytes;
        thread->AlternateStackFlags = record.AlternateStackFlags;
        thread->ParentDeathSignal = record.ParentDeathSignal;
        thread->ClearChildTid = record.ClearChildTid;
        thread->RobustList = record.RobustList;
        thread->Call = record.Call;
        fixed (byte* name = record.Name)
            new ReadOnlySpan<byte>(name, NameBytes).CopyTo(new Span<byte>(thread->Name, NameBytes));
        thread->Name[NameBytes - 1] = 0;
        fixed (RegisterRecord* registers = &record.Registers)
            new ReadOnlySpan<byte>(registers, GeneralBytes).CopyTo(new Span<byte>(thread->Context, GeneralBytes));
        thread->Context->FsBase = record.Registers.FsBase;
        thread->Context->GsBase = record.Registers.GsBase;
        thread->Context->Trap = ulong.MaxValue;
    }
}
