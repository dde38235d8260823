using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>The processor's I/O ports; the width is in the name.</summary>
public static class PortIo
{
    public static byte Read8(ushort port) => port_in8(port);
    public static ushort Read16(ushort port) => port_in16(port);
    public static uint Read32(ushort port) => port_in32(port);
    public static void Write8(ushort port, byte value) => port_out8(port, value);
    public static void Write16(ushort port, ushort value) => port_out16(port, value);
    public static void Write32(ushort port, uint value) => port_out32(port, value);

    [DllImport("*"), SuppressGCTransition]
    private static extern byte port_in8(ushort port);

    [DllImport("*"), SuppressGCTransition]
    private static extern ushort port_in16(ushort port);

    [DllImport("*"), SuppressGCTransition]
    private static extern uint port_in32(ushort port);

    [DllImport("*"), SuppressGCTransition]
    private static extern void port_out8(ushort port, byte value);

    [DllImport("*"), SuppressGCTransition]
    private static extern void port_out16(ushort port, ushort value);

    [DllImport("*"), SuppressGCTransition]
    private static extern void port_out32(ushort port, uint value);
}
