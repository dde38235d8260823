using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>Where the linker put the parts of the kernel image (kernel.ld), as virtual addresses.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KernelImage
{
    public ulong TextStart, TextEnd;
    public ulong ReadOnlyEnd;
    public ulong DataEnd;
    public ulong SymbolsStart, SymbolsEnd;
    public ulong ImageEnd;
    public ulong FixupsStart, FixupsEnd;
    public ulong HeapStart, HeapEnd;
    public ulong VdsoStart, VdsoEnd;

    public static KernelImage* Current => kernel_image();

    /// <summary>The physical range of the image with its 32-bit entry code, rounded out to pages.</summary>
    public static PhysicalRange PhysicalRange => new()
    {
        Start = 0x100000,
        End = kernel_image()->ImageEnd - KernelLayout.ImageBase,
    };

    [DllImport("*"), SuppressGCTransition]
    private static extern KernelImage* kernel_image();
}
