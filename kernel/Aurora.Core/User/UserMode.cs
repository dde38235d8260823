// Running programs. A user thread's whole state is its UserContext (and the extended state, see ExtendedState.cs); the kernel's main
// loop calls Run, and Run returns when the program traps. Before it enters user mode Run makes every field harmless that the thread
// could have set through a signal frame or a system call: flags, segments, MXCSR and addresses a return to user mode could fault on.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Switches to user mode and back.</summary>
public static unsafe class UserMode
{
    /// <summary>The value of <see cref="UserContext.Trap"/> when an interrupt was waiting to be drained and the program did not run.</summary>
    public const ulong NotEntered = 257;

    private const ulong GeneralProtectionTrap = 13;

    /// <summary>CF, PF, AF, ZF, SF, TF, DF, OF, RF, AC, ID: what a program may set itself.</summary>
    private const ulong UserFlags = 0x250DD5;
    private const ulong RequiredFlags = 0x202;
    private const uint MxcsrMask = 0xFFFF;

    /// <summary>Addresses of programs have so many bits; what is above the end of user space and within them is never mapped.</summary>
    private const int UserAddressBits = 47;

    /// <summary>
    /// Runs the program until it traps, leaving the reason in its context. When the trap is a device interrupt its handler has already
    /// run. Called and returns with interrupts enabled.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(UserContext* context)
    {
        if (!MakeSafe(context))
            return;
        user_enter(context);
        ulong trap = context->Trap;
        if (trap - Interrupts.FirstDeviceVector < Interrupts.VectorCount - Interrupts.FirstDeviceVector)
            Interrupts.Dispatch((int)trap);
        Cpu.EnableInterrupts();
    }

    /// <summary>The context is about to belong to another thread, or to no one: what the processor holds of it is worth nothing.</summary>
    public static void Forget(UserContext* context)
    {
        PerCpu* cpu = PerCpu.Current;
        if (cpu->BasesOf == context)
            cpu->BasesOf = null;
    }

    /// <summary>False when the program cannot run at all: its context then holds the general protection fault it would have had.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool MakeSafe(UserContext* context)
    {
        Panic.Unless(((ulong)context & 15) == 0, "user mode: context is not aligned"u8);
        context->Cs = DescriptorTables.UserCode;
        context->Ss = DescriptorTables.UserData;
        context->Rflags = (context->Rflags & UserFlags) | RequiredFlags;
        context->Mxcsr &= MxcsrMask;
        return ((context->Rip | context->FsBase | context->GsBase) >> UserAddressBits) == 0 || Refuse(context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Refuse(UserContext* context)
    {
        Panic.Unless(((context->FsBase | context->GsBase) >> UserAddressBits) == 0, "user mode: segment base in the kernel"u8);
        context->Trap = GeneralProtectionTrap;
        context->ErrorCode = 0;
        context->OriginalRax = ulong.MaxValue;
        context->EnteredTicks = context->TrappedTicks = Cpu.ReadTimeStampCounter();
        return false;
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void user_enter(UserContext* context);
}
