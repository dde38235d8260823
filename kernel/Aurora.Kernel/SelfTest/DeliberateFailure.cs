// Ways to fail on purpose, chosen by "panic=KIND" on the command line: the system tests check what the panic prints and that the machine
// comes back.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Runtime;

namespace Aurora.Kernel;

internal static unsafe class DeliberateFailure
{
    private static readonly byte[] s_small = new byte[4];

    /// <summary>Fails as <paramref name="kind"/> says; returns when it names nothing known.</summary>
    public static void Run(ReadOnlySpan<byte> kind)
    {
        if (kind.SequenceEqual("test"u8))
            Panic.Fail("test: deliberate panic"u8);
        else if (kind.SequenceEqual("fault"u8))
            *(ulong*)0xDEAD000 = 1;
        else if (kind.SequenceEqual("overflow"u8))
            Recurse(0);
        else if (kind.SequenceEqual("bounds"u8))
            IndexBeyond(s_small.Length);
        else if (kind.SequenceEqual("sealed"u8))
            AllocateAfterSeal();
        else if (kind.SequenceEqual("text"u8))
            *(byte*)(delegate*<ReadOnlySpan<byte>, void>)&Run = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Recurse(int depth)
    {
        Span<byte> ballast = stackalloc byte[512];
        ballast.Fill((byte)depth);
        return Recurse(depth + 1) + ballast[depth & 511];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte IndexBeyond(int index) => s_small[index];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] AllocateAfterSeal()
    {
        KernelHeap.Seal();
        return new byte[16];
    }
}
