; The bounds of the kernel image's segments, as a table that C# reads (KernelImage.cs), and the first managed heap.

bits 64

extern kernel_text_start, kernel_text_end, kernel_rodata_end, kernel_data_end
extern kernel_symbols_start, kernel_symbols_end, kernel_image_end
extern kernel_fixups_start, kernel_fixups_end
extern vdso_start, vdso_end

%define BOOT_HEAP_BYTES (4 << 20)

section .rodata
align 8
image_bounds:
  dq kernel_text_start, kernel_text_end
  dq kernel_rodata_end
  dq kernel_data_end
  dq kernel_symbols_start, kernel_symbols_end
  dq kernel_image_end
  dq kernel_fixups_start, kernel_fixups_end
  dq boot_heap, boot_heap + BOOT_HEAP_BYTES
  dq vdso_start, vdso_end

section .bss
alignb 4096
boot_heap: resb BOOT_HEAP_BYTES

section .text
global kernel_image
kernel_image:
  lea rax, [rel image_bounds]
  ret
