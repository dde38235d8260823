// Which code answers which interrupt. Handlers run with interrupts disabled, on whatever stack was current, and only acknowledge the
// device and post what happened; the main loop does the rest. Registration happens at boot; afterwards the table is read only. While a
// handler runs nobody holds the kernel lock: whatever it protects is not a handler's to touch.
using System.Threading;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>The table of interrupt handlers.</summary>
public static unsafe class Interrupts
{
    public const int VectorCount = 256;

    /// <summary>The first vector that is not a processor exception.</summary>
    public const int FirstDeviceVector = 32;

    /// <summary>Vectors from here on are left to the local APIC's own purposes (timer, error, spurious).</summary>
    public const int FirstApicVector = 0xF0;

    private struct Table
    {
        public fixed ulong Handlers[VectorCount];
        public fixed ulong Contexts[VectorCount];
    }

    private static Table s_table;

    // Handlers arrive without any reference.
    private static KernelLock? s_lock;
    private static int s_nextVector = FirstDeviceVector + 16;

    /// <summary>The number of interrupts nobody had registered for.</summary>
    public static ulong UnexpectedCount { get; private set; }

    /// <summary>Installs the handler of a vector; <paramref name="context"/> is passed back to it. The handler ends the interrupt at the APIC itself.</summary>
    public static void Register(int vector, delegate*<void*, void> handler, void* context)
    {
        Panic.Unless(vector is >= FirstDeviceVector and < VectorCount, "interrupts: not a device vector"u8);
        Panic.Unless(s_table.Handlers[vector] == 0, "interrupts: vector registered twice"u8);
        s_table.Contexts[vector] = (ulong)context;
        s_table.Handlers[vector] = (ulong)handler;
    }

    /// <summary>The lock that handlers run without; once, before interrupts are enabled.</summary>
    public static void Use(KernelLock kernelLock) => s_lock = kernelLock;

    /// <summary>A vector nobody uses yet, for a device.</summary>
    public static int AllocateVector()
    {
        Panic.Unless(s_nextVector < FirstApicVector, "interrupts: out of vectors"u8);
        return s_nextVector++;
    }

    /// <summary>True when an interrupt has arrived since <see cref="BeginDrain"/>.</summary>
    public static bool HaveArrived => Volatile.Read(ref PerCpu.Current->InterruptArrived) != 0;

    /// <summary>
    /// The main loop calls this before it looks at what handlers posted. An interrupt after it keeps <see cref="UserMode.Run"/> from
    /// entering user mode and <see cref="Wait"/> from sleeping, so nothing posted is left lying.
    /// </summary>
    public static void BeginDrain() => Volatile.Write(ref PerCpu.Current->InterruptArrived, 0);

    /// <summary>Sleeps until an interrupt arrives, unless one has since <see cref="BeginDrain"/>. Returns with interrupts enabled.</summary>
    public static void Wait()
    {
        Cpu.DisableInterrupts();
        if (HaveArrived)
            Cpu.EnableInterrupts();
        else
            Cpu.EnableInterruptsAndHalt();
    }

    /// <summary>Runs the handler of a vector. Interrupts are disabled.</summary>
    internal static void Dispatch(int vector)
    {
        PerCpu.Current->InterruptArrived = 1;
        var handler = (delegate*<void*, void>)s_table.Handlers[vector];
        if (handler == null)
            UnexpectedCount++;
        else
            Run(handler, (void*)s_table.Contexts[vector]);
    }

    private static void Run(delegate*<void*, void> handler, void* context)
    {
        Panic.Unless(s_lock != null, "interrupts: enabled before there is a kernel lock"u8);
        bool wasHeld = s_lock!.BeginInterrupt();
        handler(context);
        s_lock.EndInterrupt(wasHeld);
    }
}
