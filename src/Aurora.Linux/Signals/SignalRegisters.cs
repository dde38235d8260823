using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Linux.Signals;

/// <summary>Moves registers between a thread's context and a signal frame.</summary>
public static unsafe class SignalRegisters
{
    // AC RF OF DF TF SF ZF AF PF CF: what a program may set. Everything else (IF, IOPL, NT, …) stays as it is.
    private const ulong UserFlags = 0x40000 | 0x10000 | 0x800 | 0x400 | 0x100 | 0x80 | 0x40 | 0x10 | 0x4 | 0x1;

    public static void Save(UserContext* context, ref UserSignalContext saved)
    {
        saved.R8 = context->R8;
        saved.R9 = context->R9;
        saved.R10 = context->R10;
        saved.R11 = context->R11;
        saved.R12 = context->R12;
        saved.R13 = context->R13;
        saved.R14 = context->R14;
        saved.R15 = context->R15;
        saved.Rdi = context->Rdi;
        saved.Rsi = context->Rsi;
        saved.Rbp = context->Rbp;
        saved.Rbx = context->Rbx;
        saved.Rdx = context->Rdx;
        saved.Rax = context->Rax;
        saved.Rcx = context->Rcx;
        saved.Rsp = context->Rsp;
        saved.Rip = context->Rip;
        saved.Rflags = context->Rflags;
        saved.Cs = (ushort)context->Cs;
        saved.Ss = (ushort)context->Ss;
        saved.ErrorCode = context->ErrorCode;
        saved.Trap = context->Trap;
        saved.FaultAddress = context->FaultAddress;
    }

    /// <summary>Takes registers from a frame; false, with the context untouched, when it holds what no program may load.</summary>
    public static bool Restore(UserContext* context, in UserSignalContext saved)
    {
        bool isValid = saved.Rip < AddressSpace.UserEnd && saved.Cs == (ushort)context->Cs
            && (saved.Ss == (ushort)context->Ss || saved.Ss == 0);
        if (!isValid)
            return false;
        context->R8 = saved.R8;
        context->R9 = saved.R9;
        context->R10 = saved.R10;
        context->R11 = saved.R11;
        context->R12 = saved.R12;
        context->R13 = saved.R13;
        context->R14 = saved.R14;
        context->R15 = saved.R15;
        context->Rdi = saved.Rdi;
        context->Rsi = saved.Rsi;
        context->Rbp = saved.Rbp;
        context->Rbx = saved.Rbx;
        context->Rdx = saved.Rdx;
        context->Rax = saved.Rax;
        context->Rcx = saved.Rcx;
        context->Rsp = saved.Rsp;
        context->Rip = saved.Rip;
        context->Rflags = (context->Rflags & ~UserFlags) | (saved.Rflags & UserFlags);
        return true;
    }
}
