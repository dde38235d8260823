// GDT, TSS and IDT of a processor (Intel SDM vol. 3A, 3.4.5, 6.14, 8.2.3). The selectors are those of Linux. SYSRET loads CS = base + 16 and
// SS = base + 8, which fixes the order 32-bit user code, user data, 64-bit user code. The 32-bit slot stays empty: no program can leave 64-bit
// mode, where SYSCALL would enter ring 0 through CSTAR. (CSTAR leads to the ordinary entry all the same, so that it is no address of zero.)
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>Builds and loads the descriptor tables.</summary>
internal static unsafe class DescriptorTables
{
    public const ushort KernelCode = 0x10;
    public const ushort KernelData = 0x18;
    public const ushort SystemReturnBase = 0x23;
    public const ushort UserData = 0x2B;
    public const ushort UserCode = 0x33;
    private const ushort TaskSelector = 0x40;

    public const int DebugVector = 1;
    public const int NonMaskableVector = 2;
    public const int DoubleFaultVector = 8;
    public const int MachineCheckVector = 18;

    private const ulong KernelCodeDescriptor = 0x00AF_9B00_0000_FFFF;
    private const ulong KernelDataDescriptor = 0x00CF_9300_0000_FFFF;
    private const ulong UserDataDescriptor = 0x00CF_F300_0000_FFFF;
    private const ulong UserCodeDescriptor = 0x00AF_FB00_0000_FFFF;
    private const ulong TaskAvailable = 0x89UL << 40;

    private const ulong InterruptGate = 0x8E;
    private const ulong UserInterruptGate = 0xEE;
    private const int BreakpointVector = 3;
    private const int OverflowVector = 4;
    private const ulong StubBytes = 16;
    private const ulong TaskLimit = 103;
    private const int InterruptStackPages = 4;

    private const uint StarMsr = 0xC0000081;
    private const uint LstarMsr = 0xC0000082;
    private const uint CstarMsr = 0xC0000083;
    private const uint FmaskMsr = 0xC0000084;
    private const uint GsBaseMsr = 0xC0000101;
    private const uint ProcessorNumberMsr = 0xC0000103;

    /// <summary>Flags cleared by SYSCALL: TF, IF, DF, IOPL, NT, RF, AC.</summary>
    private const ulong SystemCallClearedFlags = 0x57700;

    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private struct TablePointer
    {
        public ushort Limit;
        public ulong Base;
    }

    /// <summary>Loads the tables of the first processor; exceptions panic from here on.</summary>
    public static void Initialize()
    {
        PerCpu* cpu = cpu_boot_block();
        cpu->Self = cpu;
        cpu->Root = Cpu.ReadCr3();
        cpu->HasSmap = CpuFeatures.HasSmap ? (byte)1 : (byte)0;
        FillGdt(cpu);
        for (int vector = 0; vector < Interrupts.VectorCount; vector++)
            SetGate(vector, 0);
        var gdt = new TablePointer { Limit = (10 * 8) - 1, Base = (ulong)cpu->Gdt };
        var idt = new TablePointer { Limit = PageSize.Bytes - 1, Base = (ulong)cpu_interrupt_table() };
        cpu_load_descriptor_tables(&gdt, &idt, TaskSelector);
        Cpu.WriteMsr(GsBaseMsr, (ulong)cpu);
        Cpu.WriteMsr(StarMsr, ((ulong)SystemReturnBase << 48) | ((ulong)KernelCode << 32));
        Cpu.WriteMsr(LstarMsr, (ulong)system_call_entry_address());
        Cpu.WriteMsr(CstarMsr, (ulong)system_call_entry_address());
        Cpu.WriteMsr(FmaskMsr, SystemCallClearedFlags);
        // What RDTSCP tells programs (TSC_AUX), as on Linux: the node above twelve bits of the processor's number. This is the first one.
        if (CpuFeatures.HasProcessorNumber)
            Cpu.WriteMsr(ProcessorNumberMsr, 0);
    }

    /// <summary>Gives the vectors that may strike anywhere their own guarded stacks.</summary>
    public static void UseInterruptStacks(FramePool frames)
    {
        PerCpu* cpu = PerCpu.Current;
        ReadOnlySpan<byte> vectors = [DoubleFaultVector, NonMaskableVector, MachineCheckVector, DebugVector];
        for (int i = 0; i < vectors.Length; i++)
        {
            ulong top = KernelStacks.Allocate(frames, InterruptStackPages);
            Panic.Unless(top != 0, "processor: no memory for interrupt stacks"u8);
            cpu->Task.InterruptStacks[i] = top;
            SetGate(vectors[i], (uint)i + 1);
        }
    }

    private static void FillGdt(PerCpu* cpu)
    {
        cpu->Gdt[KernelCode / 8] = KernelCodeDescriptor;
        cpu->Gdt[KernelData / 8] = KernelDataDescriptor;
        cpu->Gdt[UserData / 8] = UserDataDescriptor;
        cpu->Gdt[UserCode / 8] = UserCodeDescriptor;
        ulong task = (ulong)&cpu->Task;
        cpu->Gdt[TaskSelector / 8] = TaskLimit | ((task & 0xFFFFFF) << 16) | TaskAvailable | ((task >> 24 & 0xFF) << 56);
        cpu->Gdt[(TaskSelector / 8) + 1] = task >> 32;
        // Beyond the segment: no port is open to user mode.
        cpu->Task.PortMapBase = (ushort)sizeof(TaskState);
    }

    private static void SetGate(int vector, uint interruptStack)
    {
        ulong handler = (ulong)interrupt_stubs_address() + ((uint)vector * StubBytes);
        ulong type = vector is BreakpointVector or OverflowVector ? UserInterruptGate : InterruptGate;
        ulong* gate = cpu_interrupt_table() + (vector * 2);
        gate[0] = (handler & 0xFFFF) | ((ulong)KernelCode << 16) | ((ulong)interruptStack << 32) | (type << 40) | ((handler >> 16 & 0xFFFF) << 48);
        gate[1] = handler >> 32;
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern PerCpu* cpu_boot_block();

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong* cpu_interrupt_table();

    [DllImport("*"), SuppressGCTransition]
    private static extern void* interrupt_stubs_address();

    [DllImport("*"), SuppressGCTransition]
    private static extern void* system_call_entry_address();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_load_descriptor_tables(TablePointer* gdt, TablePointer* idt, ushort task);
}
