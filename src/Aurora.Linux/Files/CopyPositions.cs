// What the calls that move bytes from file to file inside the kernel have in common (sendfile, copy_file_range, splice): the positions they
// were given by address. Extra0 and Extra1 of the call keep the starting positions, Progress what has moved from them.
using System;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

/// <summary>Two ends of a copy; a null offset address means the file's own position.</summary>
internal unsafe ref struct CopyPositions
{
    // An interruption takes it away: then the call begins anew. A terminal on the way has a wait phase of its own, which stays.
    private const byte StartedPhase = CallContinuation.WaitPhase | 2;

    private ulong _nextStep;

    public OpenFile* Source;
    public OpenFile* Target;
    public ulong SourceAddress;
    public ulong TargetAddress;
    public ulong SourceOffset;
    public ulong TargetOffset;
    public ulong Length;

    /// <summary>
    /// Moving has begun, in an earlier dispatch. What others may change meanwhile (the target's O_APPEND, sizes) is looked at only before.
    /// </summary>
    public static bool IsStarted(Thread* thread) => (thread->Call.Phase & CallContinuation.WaitPhase) != 0;

    public readonly bool SourceIsPositioned => SourceAddress != 0;
    public readonly bool TargetIsPositioned => TargetAddress != 0;

    /// <summary>
    /// Reads the starting positions, once: further dispatches have them in the call's own words, whatever the program's memory says by
    /// then. EFAULT, as soon as it could not be written back either; EINVAL for negative ones.
    /// </summary>
    public bool Read(ref FileCall call)
        => Read(ref call, TargetAddress, ref call.Thread->Call.Extra1, out TargetOffset)
            && Read(ref call, SourceAddress, ref call.Thread->Call.Extra0, out SourceOffset);

    /// <summary>Both positions have been read and everything checked: moving may begin.</summary>
    public void Start(ref FileCall call)
    {
        if (!IsStarted(call.Thread))
            call.Thread->Call.Phase = StartedPhase;
        _nextStep = call.Thread->Call.Progress + FileTransfer.StepBytes;
    }

    /// <summary>
    /// After a step from <paramref name="before"/>: whether another one follows in this dispatch. Otherwise the result ends it; Again when
    /// enough has moved and something waits for the main loop.
    /// </summary>
    public bool GoesOn(ref FileCall call, ulong before, ref SystemCallResult result)
    {
        ulong done = call.Thread->Call.Progress;
        if (result.Outcome != SystemCallOutcome.Done || result.IsError || done == before)
            return false;
        if (done < _nextStep || done >= Length)
            return true;
        _nextStep = done + FileTransfer.StepBytes;
        if (!call.Files.Preemption.IsDue)
            return true;
        result = SystemCallResult.Again;
        return false;
    }

    /// <summary>Negative positions: EINVAL.</summary>
    public readonly bool AreValid => (long)SourceOffset >= 0 && (long)TargetOffset >= 0;

    /// <summary>
    /// The end of a dispatch. Positions given by address follow the bytes also when the call must wait: a signal may end it there.
    /// </summary>
    public readonly SystemCallResult Settle(ref FileCall call, SystemCallResult result)
    {
        ulong done = call.Thread->Call.Progress;
        bool isWritten = (SourceAddress == 0 || call.Write(SourceAddress, SourceOffset + done))
            && (TargetAddress == 0 || call.Write(TargetAddress, TargetOffset + done));
        if (result.Outcome != SystemCallOutcome.Done)
            return result;
        if (!isWritten)
            return call.Failure;
        SystemCallResult answer = done > 0 ? SystemCallResult.Done((long)done) : result;
        return SyncCalls.AfterWrite(call.Kernel, call.Thread, Target, isAsked: false, answer);
    }

    private static bool Read(ref FileCall call, ulong address, ref ulong kept, out ulong offset)
    {
        offset = kept;
        if (address == 0)
            return true;
        // Probed for writing, so that handing the new offset back at the end cannot fail after the bytes have moved. A program that takes
        // the memory away while the call waits is told at the end.
        bool isStarted = IsStarted(call.Thread);
        if (!call.Probe(address, sizeof(ulong), willWrite: true) && (!isStarted || call.Failure.Outcome != SystemCallOutcome.Done))
            return false;
        if (isStarted)
            return true;
        if (!call.Read(address, out offset))
            return false;
        kept = offset;
        return true;
    }
}
