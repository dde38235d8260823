// Threads: registers, extended state, the call they are in with the files it holds, and their signals. Run queues and wait queues are not captured:
// a restored thread is runnable, and if it was waiting in a call the call is dispatched again with its progress and waits again if it still must;
// or the wait itself is made again, where that is not the same (WaitRestorer).
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Records;

/// <summary>Captures threads and puts them back.</summary>
public sealed unsafe class ThreadCodec(
    ProcessTable processes, ThreadScheduler scheduler, SignalQueue signals, FileServices files, ExtendedStateUnit extended,
        WaitRestorer? waits, UndoLists undos)
    : RecordCodec
{
    private const int NameBytes = 16;

    // OriginalRax to Ss are part of the same run of words in the context.
    private const int GeneralBytes = 21 * sizeof(ulong);

    public override ObjectKind Kind => ObjectKind.Thread;
    public override int LargestPayload => sizeof(ThreadRecord) + SignalRecords.MaxBytes + extended.ImageBytes;

    public override byte Version => 5;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Thread* thread = (Thread*)header;
        ThreadRecord record = default;
        Describe(thread, ref record);
        int length = sizeof(ThreadRecord);
        length += SignalRecords.Write(&thread->Pending, payload[length..]);
        extended.Save(thread->Context);
        new ReadOnlySpan<byte>(thread->Context->ExtendedState, extended.ImageBytes).CopyTo(payload[length..]);
        Write(payload, in record);
        return length + extended.ImageBytes;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Thread* thread = (Thread*)header;
        Process* process = thread->Process;
        ThreadRecord record = default;
        Describe(thread, ref record);
        return IsLive(process, ObjectKind.Process) && process->State == ProcessState.Alive && process->ThreadCount > 0
            && (process->AddressSpace != null || thread->Call.NeedsNoMemory) && MayBeInCall(thread) && IsValid(in record)
            && SignalRecords.AreValid(&thread->Pending)
            && processes.Of(thread).FindThread(thread->Id) == thread && HoldsLiveFiles(thread);
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is < 1 or > 5)
            return RestoreStatus.UnknownVersion;
        if (payload.Length < ThreadRecord.BytesOfVersion1)
            return RestoreStatus.BadRecord;
        ThreadRecord record = ReadRecord(payload, out ReadOnlySpan<byte> tail, out byte found);
        bool isOfVersion = found == version || (found == 4 && version == 3 && record.QueuedSignals == 0);
        IdSlot* slot = isOfVersion && IsValid(in record) ? processes.Of(tracker).Ids.Take(record.Id) : null;
        if (slot == null || slot->Thread != null || !IsLoadable(tail[(int)QueueBytes(in record, version)..]))
            return RestoreStatus.BadRecord;
        Thread* thread = processes.AllocateThread();
        if (thread == null)
            return RestoreStatus.OutOfMemory;
        slot->Thread = thread;
        PidNamespace space = processes.Of(tracker);
        space.CountThread(1);
        space.Ids.GoOnFrom(Math.Max(space.Ids.Last, record.Id));
        tracker.Adopt(&thread->Header, Kind, id);
        Fill(thread, in record);
        ReadOnlySpan<byte> image = tail[(int)QueueBytes(in record, version)..];
        image.CopyTo(new Span<byte>(thread->Context->ExtendedState, UserContext.ExtendedStateBytes));
        extended.Load(thread->Context);
        return SignalRecords.Read(signals, &thread->Pending, record.PendingSet, record.QueuedSignals, tail, version < 4);
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ThreadRecord record = ReadRecord(payload, out _, out _);
        Process* process = (Process*)tracker.Find(record.Process, ObjectKind.Process);
        if (process == null)
            return RestoreStatus.MissingReference;
        processes.Attach(process, (Thread*)header);
        if (record.UndoList != 0)
        {
            UndoList* list = undos.Restore(tracker, record.UndoList);
            if (list == null)
                return RestoreStatus.OutOfMemory;
            UndoLists.Attach((Thread*)header, list);
        }
        return LinkFiles(tracker, (Thread*)header, in record);
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Thread* thread = (Thread*)header;
        if (thread->Process->State != ProcessState.Alive || !MayBeInCall(thread))
            return RestoreStatus.BadRecord;
        // Only init before its first execve has no memory.
        if (thread->Process->AddressSpace != null)
            thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
        else if (!thread->Call.NeedsNoMemory)
            return RestoreStatus.BadRecord;
        if (thread->Files.More != null)
            thread->Files.Count = CallFiles.Inline + thread->Files.More->OpenCount;
        if (!signals.Account(thread->Process, &thread->Pending))
            return RestoreStatus.OutOfMemory;
        bool sleepsOn = thread->State == ThreadState.Blocked;
        thread->State = ThreadState.Stopped;
        if (!thread->Process->IsStopped)
            GoOn(thread, sleepsOn);
        return RestoreStatus.Ok;
    }

    // Runnable, unless it must sleep on; before those that use up their slices, since somebody waits for what is restored.
    private void GoOn(Thread* thread, bool sleepsOn)
    {
        thread->IsInteractive = true;
        thread->State = sleepsOn && waits is not null ? ThreadState.Blocked : ThreadState.Runnable;
        if (ThreadScheduler.MustSleepOn(thread))
            waits!.Restore(thread);
        else
            scheduler.MakeRunnable(thread);
    }

    private static int FixedBytes(byte version)
        => version switch
        {
            1 => ThreadRecord.BytesOfVersion1,
            2 => ThreadRecord.BytesOfVersion2,
            < 5 => ThreadRecord.BytesOfVersion4,
            _ => ThreadRecord.Bytes,
        };

    // The fixed part is shorter in older versions, and the queued signals are: the length says which version it is (4 for 3 when nothing is
    // queued).
    private static ThreadRecord ReadRecord(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> tail, out byte version)
    {
        ThreadRecord record = default;
        var fixedPart = new Span<byte>(&record, ThreadRecord.Bytes);
        payload[..ThreadRecord.BytesOfVersion1].CopyTo(fixedPart);
        version = 5;
        while (version > 0 && FixedBytes(version) + TailBytes(in record, version) != payload.Length)
            version--;
        int length = FixedBytes(Math.Max(version, (byte)1));
        payload[..length].CopyTo(fixedPart);
        tail = payload[length..];
        if (length < ThreadRecord.BytesOfVersion4)
            record.TimerSlackNanoseconds = record.DefaultTimerSlackNanoseconds = Thread.InitialTimerSlackNanoseconds;
        return record;
    }

    private static long QueueBytes(in ThreadRecord record, byte version)
        => (long)record.QueuedSignals * (version < 4 ? OlderSignalInfo.Bytes : SignalInfo.Bytes);

    private static long TailBytes(in ThreadRecord record, byte version) => QueueBytes(in record, version) + record.ImageBytes;

    private bool IsValid(in ThreadRecord record)
        => (uint)record.QueuedSignals <= SignalQueue.Limit && record.ImageBytes == extended.ImageBytes
            && record.Registers.FsBase < AddressSpace.UserEnd && record.Registers.GsBase < AddressSpace.UserEnd
            && IsSequenceArea(record.SequenceArea) && record.Schedule.IsValid && record.ParentDeathSignal is >= 0 and <= 64
            && record.SleepsOn <= 1
            && (record.FirstFile.IsNone || (record.Call.Active && record.Call.RestartCode == 0))
            && (record.SecondFile.IsNone || !record.FirstFile.IsNone) && (record.MoreFiles.IsNone || !record.SecondFile.IsNone);

    /// <summary>True for where a thread may say which restartable sequence it is in, and for zero.</summary>
    public static bool IsSequenceArea(ulong address)
        => address % ThreadRecord.SequenceAreaBytes == 0 && address <= AddressSpace.UserEnd - ThreadRecord.SequenceAreaBytes;

    // Only init begins again.
    private static bool MayBeInCall(Thread* thread) => !thread->Call.IsRestart || thread->Process->Id == 1;

    private static bool HoldsLiveFiles(Thread* thread)
    {
        CallFiles files = thread->Files;
        return !files.IsHeld || ((files.Count < 1 || IsHeld(files.First, ObjectKind.OpenFile))
            && (files.Count < 2 || IsHeld(files.Second, ObjectKind.OpenFile))
            && (files.More == null || IsHeld(files.More, ObjectKind.DescriptorTable)));
    }

    private RestoreStatus LinkFiles(ObjectTracker tracker, Thread* thread, in ThreadRecord record)
    {
        if (record.FirstFile.IsNone)
            return RestoreStatus.Ok;
        OpenFile* first = (OpenFile*)tracker.Find(record.FirstFile, ObjectKind.OpenFile);
        OpenFile* second = (OpenFile*)tracker.Find(record.SecondFile, ObjectKind.OpenFile);
        DescriptorTable* more = (DescriptorTable*)tracker.Find(record.MoreFiles, ObjectKind.DescriptorTable);
        if (first == null || (second == null && !record.SecondFile.IsNone) || (more == null && !record.MoreFiles.IsNone))
            return RestoreStatus.MissingReference;
        thread->Files = new CallFiles { First = first, Second = second, More = more, Count = second == null ? 1 : 2, IsHeld = true };
        files.OpenFiles.Hold(first);
        if (second != null)
            files.OpenFiles.Hold(second);
        if (more != null)
            files.Descriptors.Hold(more);
        return RestoreStatus.Ok;
    }

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

    private void Describe(Thread* thread, ref ThreadRecord record)
    {
        record.Process = thread->Process->Header.Id;
        record.Id = thread->Id;
        record.SleepsOn = ThreadScheduler.MustSleepOn(thread) ? (byte)1 : (byte)0;
        record.ImageBytes = extended.ImageBytes;
        if (thread->Files.IsHeld)
        {
            record.FirstFile = IdOf(thread->Files.First);
            record.SecondFile = IdOf(thread->Files.Second);
            record.MoreFiles = IdOf(thread->Files.More);
        }
        record.Schedule = thread->Schedule;
        record.TimerSlackNanoseconds = thread->TimerSlackNanoseconds;
        record.DefaultTimerSlackNanoseconds = thread->DefaultTimerSlackNanoseconds;
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
        record.SequenceArea = thread->SequenceArea;
        record.SequenceSignature = thread->SequenceSignature;
        record.UndoList = thread->UndoList == null ? 0 : thread->UndoList->Number;
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
        // Kept here until Finish.
        thread->State = record.SleepsOn == 1 ? ThreadState.Blocked : ThreadState.Stopped;
        thread->Schedule = record.Schedule;
        thread->TimerSlackNanoseconds = record.TimerSlackNanoseconds;
        thread->DefaultTimerSlackNanoseconds = record.DefaultTimerSlackNanoseconds;
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
        thread->SequenceArea = record.SequenceArea;
        thread->SequenceSignature = record.SequenceSignature;
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
