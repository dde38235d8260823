using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>Restarts the machine by the first means that works.</summary>
public static class MachineReset
{
    private const ushort ResetControl = 0xCF9;
    private const byte ResetRequest = 0x06;
    private const ushort KeyboardCommand = 0x64;
    private const byte KeyboardPulseReset = 0xFE;
    private const int Attempts = 100_000;

    /// <summary>Chipset reset register, then keyboard controller, then a triple fault. Does not return.</summary>
    public static void Reset()
    {
        Cpu.DisableInterrupts();
        PortIo.Write8(ResetControl, ResetRequest & ~4);
        PortIo.Write8(ResetControl, ResetRequest);
        Linger();
        PortIo.Write8(KeyboardCommand, KeyboardPulseReset);
        Linger();
        cpu_triple_fault();
    }

    /// <summary>Gives a reset time to arrive.</summary>
    private static void Linger()
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
            Cpu.Pause();
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_triple_fault();
}
