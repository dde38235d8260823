using System;

namespace Aurora.Core;

/// <summary>What programs read clocks with (vdso.asm).</summary>
public static unsafe class Vdso
{
    /// <summary>An ELF image of at most a page.</summary>
    public static ReadOnlySpan<byte> Image
    {
        get
        {
            KernelImage* kernel = KernelImage.Current;
            // SAFETY: the linker has put the image there, and nobody writes to it.
            return new ReadOnlySpan<byte>((byte*)kernel->VdsoStart, (int)(kernel->VdsoEnd - kernel->VdsoStart));
        }
    }
}
