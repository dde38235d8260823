// The runtime sits below everything, so it reports failures through a symbol that the layer above defines: the kernel's panic, or
// a guest program's exit.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Aurora.Runtime;

/// <summary>Ends the program when the runtime itself finds something broken.</summary>
public static unsafe class RuntimeFailure
{
    [DoesNotReturn]
    public static void Fail(ReadOnlySpan<byte> message)
    {
        fixed (byte* text = message)
            AuroraRuntimeFailed(text, message.Length);
        for (;;)
        {
        }
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void AuroraRuntimeFailed(byte* text, int length);
}
