// Restartable sequences (rseq(2), Documentation of the Linux ABI: include/uapi/linux/rseq.h): code that a thread runs on data of its
// processor without atomic instructions. The thread keeps in its area the address of a description of the sequence it is in; when another
// thread has run or a handler is about to, and the thread is within, it goes on at the sequence's way out. The four bytes before that are
// the signature the thread registered with, so that nobody can make a description of any other code.
//
// The area also tells the processor, which is always the first. Whatever is wrong with area or description is a SIGSEGV.
// Protected by the kernel lock.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

/// <summary>struct rseq as of Linux 6.1.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserSequenceArea
{
    public const uint Unregistered = uint.MaxValue;

    public uint StartProcessor;
    public uint Processor;

    /// <summary>The address of a <see cref="UserSequence"/>, or zero.</summary>
    public ulong Sequence;
    public uint Flags;
    public uint Reserved0;
    public ulong Reserved1;
}

/// <summary>struct rseq_cs: one sequence.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserSequence
{
    public uint Version;
    public uint Flags;
    public ulong Start;
    public ulong Length;
    public ulong Exit;

    /// <summary>True when it lies in user memory and its way out outside of itself.</summary>
    public readonly bool IsSound
        => Version == 0 && Start < AddressSpace.UserEnd && Length <= AddressSpace.UserEnd - Start && Exit < AddressSpace.UserEnd
            && Exit - Start >= Length && Exit >= sizeof(uint);

    public readonly bool Contains(ulong address) => address - Start < Length;
}

/// <summary>Takes threads out of the sequences they were in.</summary>
public sealed unsafe class RestartableSequences(LinuxKernel kernel)
{
    private const int SequenceOffset = 8;

    /// <summary>
    /// Takes a thread that is about to enter user mode, or a handler, out of the sequence it is in, and tells it its processor. False when
    /// it cannot go on now: it sleeps until a page is there, or has got a signal.
    /// </summary>
    public bool Leave(Thread* thread)
    {
        ulong area = thread->SequenceArea;
        AddressSpace* space = thread->Process->AddressSpace;
        AccessResult access = kernel.User.Read(space, new VirtualAddress(area), out UserSequenceArea told);
        ulong exit = 0;
        if (access.IsOk && told.Sequence != 0)
            access = FindExit(thread, in told, out exit);
        if (access.IsOk && (told.StartProcessor != 0 || told.Processor != 0))
            access = kernel.User.Write(space, new VirtualAddress(area), 0UL);
        if (access.IsOk && told.Sequence != 0)
            access = kernel.User.Write(space, new VirtualAddress(area + SequenceOffset), 0UL);
        if (!access.IsOk)
            return Stop(thread, in access);
        if (exit != 0)
            thread->Context->Rip = exit;
        thread->MustLeaveSequence = false;
        return true;
    }

    // Zero when the thread is not within the sequence. What is wrong with it is a fault.
    private AccessResult FindExit(Thread* thread, in UserSequenceArea told, out ulong exit)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        exit = 0;
        AccessResult access = kernel.User.Read(space, new VirtualAddress(told.Sequence), out UserSequence sequence);
        if (!access.IsOk)
            return access;
        if (!sequence.IsSound)
            return new AccessResult { Status = MemoryStatus.Fault };
        access = kernel.User.Read(space, new VirtualAddress(sequence.Exit - sizeof(uint)), out uint signature);
        if (!access.IsOk)
            return access;
        bool isWithin = sequence.Contains(thread->Context->Rip);
        if (signature != thread->SequenceSignature || (isWithin && (sequence.Flags != 0 || told.Flags != 0)))
            return new AccessResult { Status = MemoryStatus.Fault };
        exit = isWithin ? sequence.Exit : 0;
        return access;
    }

    private bool Stop(Thread* thread, in AccessResult access)
    {
        if (access.Status == MemoryStatus.WouldBlock)
        {
            kernel.Scheduler.BlockOn(thread, access.Wait);
            kernel.Scheduler.Sleep(thread, false);
            return false;
        }
        if (access.Status == MemoryStatus.OutOfMemory)
        {
            kernel.OutOfMemory.Kill(thread);
            return false;
        }
        // Once: the handler, or the end, is not to find the same again.
        thread->MustLeaveSequence = false;
        thread->SequenceArea = 0;
        kernel.Signals.Force(thread, SignalInfo.FromKernel(Signal.SIGSEGV));
        return false;
    }
}
