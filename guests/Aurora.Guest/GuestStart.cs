// How a C# program starts on Linux or Aurora without a C library: a fixed heap for managed objects (no collector: a command ends before
// it matters), the class library's modules, then the program's own entry, found by its exported name.
using System;
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Runtime;

namespace Aurora.Guest;

internal static unsafe class GuestStart
{
    private const int HeapBytes = 1 << 20;
    private const int AbortStatus = 134;

    [RuntimeExport("AuroraGuestStart")]
    private static void Start(long* stack)
    {
        KernelHeap.Provide(guest_heap_start(), HeapBytes);
        ClassLibrary.Start();
        GuestCalls.Exit(AuroraGuestMain((int)stack[0], (byte**)(stack + 1)));
    }

    [RuntimeExport("AuroraRuntimeFailed")]
    private static void Failed(byte* text, int length)
    {
        GuestCalls.Write(2, new ReadOnlySpan<byte>(text, length));
        GuestCalls.Write(2, "\n"u8);
        GuestCalls.Exit(AbortStatus);
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void* guest_heap_start();

    // Exported by the program.
    [DllImport("*"), SuppressGCTransition]
    private static extern int AuroraGuestMain(int argumentCount, byte** arguments);
}
