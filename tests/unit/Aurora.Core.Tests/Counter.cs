using System;
using System.Runtime.InteropServices;

namespace Aurora.Core.Tests;

/// <summary>The time stamp counter of the host.</summary>
internal static unsafe class Counter
{
    private static readonly delegate* unmanaged<ulong> _read = Make();

    /// <summary>The counter, read after all earlier loads.</summary>
    public static ulong Read() => _read();

    // lfence; rdtsc; shl rdx, 32; or rax, rdx; ret
    private static delegate* unmanaged<ulong> Make()
    {
        ReadOnlySpan<byte> code = [0x0F, 0xAE, 0xE8, 0x0F, 0x31, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3];
        nint page = mmap(0, code.Length, 7, 0x22, -1, 0);
        code.CopyTo(new Span<byte>((void*)page, code.Length));
        return (delegate* unmanaged<ulong>)page;
    }

    [DllImport("libc")]
    private static extern nint mmap(nint address, nint length, int protection, int flags, int file, nint offset);
}
