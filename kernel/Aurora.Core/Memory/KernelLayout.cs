// The kernel's half of the address space (the upper 256 top-level slots, shared by every address space):
//
//   0xffff888000000000  direct map: all physical memory, read-write, never executable
//   0xffffc90000000000  device registers, uncached
//   0xffffd00000000000  kernel stacks, each above an unmapped guard page
//   0xffffffff80000000  the kernel image, at the offset of its physical address
//
// User space is the lower half up to UserEnd; the page below the non-canonical hole stays free, as on Linux.
namespace Aurora.Core;

/// <summary>Fixed virtual addresses; layout.inc repeats what assembly needs.</summary>
public static class KernelLayout
{
    public const ulong DirectMap = 0xffff_8880_0000_0000;
    public const ulong DirectMapEnd = 0xffff_c880_0000_0000;
    public const ulong DeviceWindow = 0xffff_c900_0000_0000;
    public const ulong DeviceWindowEnd = DeviceWindow + (1UL << 39);
    public const ulong StackWindow = 0xffff_d000_0000_0000;
    public const ulong StackWindowEnd = StackWindow + (1UL << 39);
    public const ulong ImageBase = 0xffff_ffff_8000_0000;
    public const ulong UserEnd = 0x0000_7fff_ffff_f000;

    /// <summary>The first top-level slot of the kernel's half.</summary>
    public const int FirstKernelSlot = 256;
    public const int SlotCount = 512;
}
