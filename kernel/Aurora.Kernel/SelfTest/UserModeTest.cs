// User mode without a process: one page of code, one of stack, tables built by hand. Each step sets the instruction pointer to a label of
// user_programs.asm, runs, and looks at what the trap left in the context.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Memory;

namespace Aurora.Kernel;

internal sealed unsafe partial class UserModeTest
{
    private const ulong CodeAddress = 0x400000;
    private const ulong StackAddress = 0x401000;
    private const ulong StackTop = StackAddress + PageSize.Bytes;
    private const ulong PageFault = 14;
    private const ulong GeneralProtection = 13;
    private const ulong InvalidOpcode = 6;
    private const ulong UserRead = 4;
    private const ulong UserReadProtection = 5;
    private const ulong UserFetchProtection = 0x15;

    /// <summary>Indexes of user_program_labels.</summary>
    private enum Label
    {
        Start,
        Length,
        AfterSystemCall,
        ReadFault,
        KernelRead,
        Privileged,
        Undefined,
        AfterUndefined,
        StackExecute,
        FlagsAndLoop,
        Loop,
        Vectors,
        VectorsLoaded,
        VectorsStore,
        WriteProbe,
        Count,
    }

    private const ulong PreemptionNanoseconds = 1_000_000;

    private readonly BareMachine _machine;
    private readonly Hardware _hardware;
    private readonly ulong* _labels = user_program();
    private readonly byte* _stack;
    private readonly FrameNumber _root;
    private readonly UserContext* _context;

    public UserModeTest(BareMachine machine, Hardware hardware)
    {
        _machine = machine;
        _hardware = hardware;
        var code = (byte*)machine.Pages.Allocate(1);
        new ReadOnlySpan<byte>((void*)_labels[(int)Label.Start], (int)_labels[(int)Label.Length]).CopyTo(new Span<byte>(code, PageSize.Bytes));
        _stack = (byte*)machine.Pages.Allocate(1);
        _root = CreateTables(code, _stack);
        _context = CreateContext();
    }

    public void Run()
    {
        Cpu.EnableInterrupts();
        SystemCalls();
        Faults();
        Preemption();
        MalformedContexts();
        Vectors();
        SelfTest.Expect(Interrupts.UnexpectedCount, 0, "unexpected interrupts"u8);
    }

    private void SystemCalls()
    {
        Enter(Label.Start);
        SelfTest.Expect(_context->Trap, UserContext.SystemCallTrap, "trap of a system call"u8);
        SelfTest.Expect(_context->Rax, 0x1234, "rax"u8);
        SelfTest.Expect(_context->OriginalRax, 0x1234, "original rax"u8);
        SelfTest.Expect(_context->Rdi, 0x11, "rdi"u8);
        SelfTest.Expect(_context->R10, 0x44, "r10"u8);
        SelfTest.Expect(_context->Rsp, StackTop, "rsp"u8);
        SelfTest.Expect(*(ulong*)(_context->Xmm + 48), 0x1234, "xmm3"u8);
        SelfTest.Expect(*(ulong*)(_context->Xmm + 240), 0x11, "xmm15"u8);
        SelfTest.Expect(_context->Rip, AddressOf(Label.AfterSystemCall), "rip"u8);
        // The result comes back through SYSRET, and what the program kept across the call is still there.
        _context->Rax = 77;
        Resume(_context);
        SelfTest.Expect(_context->Trap, PageFault, "trap after the call"u8);
        SelfTest.Expect(_context->Rbx, 77 + 0x55, "result seen by the program"u8);
        SelfTest.Expect(_context->FaultAddress, 0x123456789000, "fault address"u8);
        SelfTest.Expect(_context->ErrorCode, UserRead, "error code of an absent page"u8);
        SelfTest.Expect(_context->Rip, AddressOf(Label.ReadFault), "rip of the fault"u8);
        SelfTest.Passed("system-call"u8);
    }

    private void Faults()
    {
        _context->Rdx = KernelLayout.ImageBase + 0x200000;
        ExpectTrap(Label.KernelRead, PageFault);
        ExpectTrap(Label.Privileged, GeneralProtection);
        ExpectTrap(Label.Undefined, InvalidOpcode);
        _context->Rdx = StackAddress;
        Enter(Label.StackExecute);
        SelfTest.Expect(_context->Trap, PageFault, "trap of executing the stack"u8);
        SelfTest.Expect(_context->ErrorCode, UserFetchProtection, "error code of executing the stack"u8);
        _context->Rcx = CodeAddress;
        ExpectTrap(Label.WriteProbe, PageFault);
        SelfTest.Passed("faults"u8);
    }

    /// <summary>A program that loops is stopped by an interrupt, and its odd flags reach neither the kernel nor get lost.</summary>
    private void Preemption()
    {
        for (int round = 0; round < 3; round++)
        {
            EnterWithTimer(Label.FlagsAndLoop);
            SelfTest.Expect(_context->Trap, LocalApic.TimerVector, "trap of the timer"u8);
            SelfTest.Expect(_context->Rip, AddressOf(Label.Loop), "rip of the loop"u8);
            SelfTest.Expect(_context->Rflags & 0x40C01, 0x40C01, "flags of the program"u8);
            SelfTest.Expect(_hardware.Events.TakeAll() >> _hardware.InterruptSystem.TimerEvent & 1, 1, "timer event"u8);
            // An interrupt nobody drained keeps the program from running.
            UserMode.Run(_context);
            SelfTest.Expect(_context->Trap, UserMode.NotEntered, "trap with an interrupt pending"u8);
            Interrupts.BeginDrain();
        }
        SelfTest.Passed("preemption"u8);
    }

    /// <summary>Enters with the timer armed, again when it fired before the program ran.</summary>
    private void EnterWithTimer(Label label)
    {
        Prepare(label);
        do
        {
            Interrupts.BeginDrain();
            _hardware.Events.TakeAll();
            ArmTimer();
            UserMode.Run(_context);
        }
        while (_context->Trap != LocalApic.TimerVector);
    }

    private void ArmTimer() => _hardware.Timer.Arm(_hardware.Clock.MonotonicNanoseconds + PreemptionNanoseconds);

    private void MalformedContexts()
    {
        ReadOnlySpan<ulong> addresses = [0x0000_8000_0000_0000, ulong.MaxValue, KernelLayout.ImageBase];
        foreach (ulong address in addresses)
        {
            _context->Rip = address;
            Resume(_context);
            SelfTest.Expect(_context->Trap, GeneralProtection, "trap of a bad rip"u8);
        }
        // The page below the hole is never mapped.
        _context->Rip = KernelLayout.UserEnd;
        Resume(_context);
        SelfTest.Expect(_context->Trap, PageFault, "trap of a rip behind user space"u8);
        SelfTest.Expect(_context->FaultAddress, KernelLayout.UserEnd, "address of it"u8);
        _context->Rflags = ulong.MaxValue & ~0x100UL;
        _context->Cs = 0x10;
        _context->Ss = 0;
        _context->Mxcsr = uint.MaxValue;
        _context->Rsp = 0x8000_0000_0000_0000;
        _context->Rip = AddressOf(Label.Count);
        _context->Rbx = 5;
        Resume(_context);
        SelfTest.Expect(_context->Trap, UserContext.SystemCallTrap, "trap with odd flags"u8);
        SelfTest.Expect(_context->Rbx, 6, "rbx"u8);
        _context->Mxcsr = 0x1F80;
        SelfTest.Passed("malformed-contexts"u8);
    }

    private void ExpectTrap(Label label, ulong trap)
    {
        Enter(label);
        SelfTest.Expect(_context->Trap, trap, "trap"u8);
        SelfTest.Expect(_context->Rip, AddressOf(label), "rip of the trap"u8);
        SelfTest.Expect(_context->OriginalRax, ulong.MaxValue, "original rax of a fault"u8);
        if (trap == PageFault && _context->FaultAddress >= KernelLayout.DirectMap)
            SelfTest.Expect(_context->ErrorCode, UserReadProtection, "error code of a kernel page"u8);
    }

    private void Enter(Label label)
    {
        Prepare(label);
        Resume(_context);
    }

    private void Prepare(Label label)
    {
        _context->Rip = AddressOf(label);
        _context->Rsp = StackTop;
        _context->Rflags = 0x202;
    }

    /// <summary>Runs until something other than a device's interrupt stops the program; the serial ports are alive meanwhile.</summary>
    private static void Resume(UserContext* context)
    {
        do
        {
            Interrupts.BeginDrain();
            UserMode.Run(context);
        }
        while (context->Trap == UserMode.NotEntered
            || (context->Trap is >= Interrupts.FirstDeviceVector and < Interrupts.VectorCount && context->Trap != LocalApic.TimerVector));
    }

    private ulong AddressOf(Label label) => CodeAddress + (label == Label.Start ? 0 : _labels[(int)label]);

    private UserContext* CreateContext()
    {
        var context = (UserContext*)_machine.Pages.Allocate(1);
        context->ExtendedState = (byte*)context + 1024;
        context->PageTableRoot = _root.Address.Value;
        ExtendedState.Reset(context);
        return context;
    }

    private FrameNumber CreateTables(byte* code, byte* stack)
    {
        var root = (ulong*)_machine.Pages.Allocate(1);
        KernelPageTables.CopyKernelHalf(root);
        ulong* table = root;
        for (int level = 3; level > 0; level--)
        {
            var next = (ulong*)_machine.Pages.Allocate(1);
            table[(int)(CodeAddress >> (12 + (9 * level))) & 511] = DirectMap.PhysicalOf(next).Value | PageEntry.TableBits;
            table = next;
        }
        const ulong user = PageEntry.Present | PageEntry.User | PageEntry.Accessed | PageEntry.Dirty;
        table[(int)(CodeAddress >> 12) & 511] = DirectMap.PhysicalOf(code).Value | user;
        table[(int)(StackAddress >> 12) & 511] = DirectMap.PhysicalOf(stack).Value | user | PageEntry.Writable | PageEntry.NoExecute;
        return DirectMap.PhysicalOf(root).Frame;
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong* user_program();
}
