// Exceptions of user code: page faults go to the virtual memory, everything else (and what the virtual memory refuses) becomes a signal
// to the thread that caused it. Vectors and error codes: Intel SDM vol. 3, chapter 6.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

public sealed unsafe partial class SystemCallExecutive
{
    private const ulong FirstInterruptVector = 32;
    private const ulong PageFault = 14;
    private const ulong ErrorWrite = 2;
    private const ulong ErrorInstruction = 16;
    private const uint MxcsrFlags = 0x3F;

    private void HandleException(Thread* thread)
    {
        ChargeWithoutLimit(thread->Process);
        if (thread->Context->Trap == PageFault)
        {
            HandlePageFault(thread);
            return;
        }
        SignalInfo info = Describe(thread->Context);
        _kernel.Signals.Force(thread, in info);
    }

    private void HandlePageFault(Thread* thread)
    {
        UserContext* context = thread->Context;
        FaultAccess access = (context->ErrorCode & ErrorInstruction) != 0 ? FaultAccess.Execute
            : (context->ErrorCode & ErrorWrite) != 0 ? FaultAccess.Write : FaultAccess.Read;
        ulong start = _kernel.Trace.TellsFaults ? _kernel.Trace.Begin() : 0;
        FaultResult result = context->FaultAddress < AddressSpace.UserEnd
            ? _kernel.Memory.Faults.Handle(thread->Process->AddressSpace, new VirtualAddress(context->FaultAddress), access)
            : new FaultResult { Status = MemoryStatus.NotMapped };
        if (result.Status == MemoryStatus.Ok)
            _kernel.Trace.EndFor(thread->Header.Group, TraceKind.Fault, start, context->FaultAddress);
        switch (result.Status)
        {
            case MemoryStatus.Ok:
                _kernel.FaultCount++;
                thread->MinorFaults++;
                return;
            case MemoryStatus.WouldBlock:
                // The instruction runs again after the wake-up and faults again if the page is still not there.
                _kernel.PageInCount++;
                thread->MajorFaults++;
                _kernel.Scheduler.BlockOn(thread, result.Wait);
                _kernel.Scheduler.Sleep(thread, false);
                return;
            case MemoryStatus.OutOfMemory or MemoryStatus.OverLimit:
                _kernel.OutOfMemory.Kill(thread);
                return;
            case MemoryStatus.AccessDenied:
                Raise(thread, Signal.SIGSEGV, SignalCode.FaultAccessError);
                return;
            case MemoryStatus.BusError:
                Raise(thread, Signal.SIGBUS, SignalCode.BusNoAddress);
                return;
            default:
                Raise(thread, Signal.SIGSEGV, SignalCode.FaultMapError);
                return;
        }
    }

    private void Raise(Thread* thread, Signal signal, int code)
    {
        SignalInfo info = SignalInfo.FromKernel(signal, code) with { Address = thread->Context->FaultAddress };
        _kernel.Signals.Force(thread, in info);
    }

    private static SignalInfo Describe(UserContext* context)
    {
        (Signal signal, int code) = context->Trap switch
        {
            0 => (Signal.SIGFPE, SignalCode.DivideByZero),
            1 => (Signal.SIGTRAP, SignalCode.TrapTrace),
            3 => (Signal.SIGTRAP, SignalCode.Kernel),
            6 => (Signal.SIGILL, SignalCode.IllegalOperand),
            11 or 12 => (Signal.SIGBUS, SignalCode.Kernel),
            16 => (Signal.SIGFPE, SignalCode.FloatInvalid),
            17 => (Signal.SIGBUS, SignalCode.BusAddressAlignment),
            19 => (Signal.SIGFPE, FloatCode(context->Mxcsr)),
            _ => (Signal.SIGSEGV, SignalCode.Kernel),
        };
        ulong address = code == SignalCode.Kernel ? 0 : context->Rip;
        return SignalInfo.FromKernel(signal, code) with { Address = address };
    }

    // Which unmasked SSE exception is pending: flags are bits 0-5, their masks bits 7-12 (SDM vol. 1, 10.2.3).
    private static int FloatCode(uint mxcsr)
    {
        uint pending = mxcsr & ~(mxcsr >> 7) & MxcsrFlags;
        return (pending & 0x01) != 0 ? SignalCode.FloatInvalid
            : (pending & 0x04) != 0 ? SignalCode.FloatDivide
            : (pending & 0x08) != 0 ? SignalCode.FloatOverflow
            : (pending & 0x12) != 0 ? SignalCode.FloatUnderflow
            : SignalCode.FloatInexact;
    }
}
