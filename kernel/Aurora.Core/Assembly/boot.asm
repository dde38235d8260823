; From QEMU's PVH entry (32-bit protected mode, paging off, EBX = physical address of hvm_start_info) to C# in long mode.
;
; The boot page tables map the first 4 GiB three times with 2-MiB pages: at 0 (so that the instruction after "paging on" exists), at
; DirectMap (what C# uses for all physical memory) and the first 2 GiB at the kernel image's base. C# builds the final tables (W^X, no
; identity map) and drops these.

%include "layout.inc"

bits 32

section .note.pvh note alloc noexec nowrite align=4
  dd 4, 4, 18                           ; name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY
  db "Xen", 0
  dd pvh_entry

section .boot progbits alloc exec nowrite align=16
global pvh_entry
pvh_entry:
  cli
  cld
  mov esp, boot_stack_low
  mov esi, ebx                          ; hvm_start_info, kept for C#

  mov eax, boot_directory_pointers
  or eax, PRESENT | WRITABLE
  mov [boot_root], eax
  mov [boot_root + DIRECT_MAP_SLOT * 8], eax
  mov eax, boot_image_pointers
  or eax, PRESENT | WRITABLE
  mov [boot_root + 511 * 8], eax

  mov eax, boot_directories
  or eax, PRESENT | WRITABLE
  mov [boot_image_pointers + 510 * 8], eax
  lea edx, [eax + 4096]
  mov [boot_image_pointers + 511 * 8], edx
  mov edi, boot_directory_pointers
  mov ecx, 4
.next_directory:
  mov [edi], eax
  add eax, 4096
  add edi, 8
  loop .next_directory

  mov edi, boot_directories
  mov eax, PRESENT | WRITABLE | LARGE
  mov ecx, 4 * 512
.next_page:
  mov [edi], eax
  add eax, 0x200000
  add edi, 8
  loop .next_page

  mov eax, boot_root
  mov cr3, eax
  mov eax, cr4
  or eax, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT
  mov cr4, eax
  mov ecx, MSR_EFER
  rdmsr
  or eax, EFER_SCE | EFER_LME | EFER_NXE
  wrmsr
  mov eax, cr0
  and eax, ~CR0_EM
  or eax, CR0_PG | CR0_WP | CR0_NE | CR0_MP
  mov cr0, eax
  lgdt [boot_gdt_pointer]
  jmp 8:.long_mode

bits 64
.long_mode:
  mov ax, 16
  mov ds, ax
  mov es, ax
  mov ss, ax
  xor eax, eax
  mov fs, ax
  mov gs, ax
  mov rax, high_entry
  jmp rax

align 8
boot_gdt:
  dq 0
  dq 0x00AF9A000000FFFF                 ; 64-bit code, ring 0
  dq 0x00CF92000000FFFF                 ; data, ring 0
boot_gdt_pointer:
  dw $ - boot_gdt - 1
  dq boot_gdt

section .boot.bss nobits alloc noexec write align=4096
boot_root: resb 4096
boot_directory_pointers: resb 4096
boot_image_pointers: resb 4096
boot_directories: resb 4 * 4096
  resb 256
boot_stack_low:

section .bss
alignb 16
  resb 65536
boot_stack_top:

section .text
extern memory_has_fast_strings, AuroraStart
high_entry:
  mov rsp, boot_stack_top
  xor ebp, ebp
  mov edi, esi
  push rdi
  push rdi
  ; The memory routines choose by ERMS (CPUID.7.EBX[9]) and run from the first C# instruction on.
  xor eax, eax
  cpuid
  cmp eax, 7
  jb .start
  mov eax, 7
  xor ecx, ecx
  cpuid
  shr ebx, 9
  and ebx, 1
  mov [rel memory_has_fast_strings], bl
.start:
  pop rdi
  pop rdi
  call AuroraStart
.stopped:
  cli
  hlt
  jmp .stopped
