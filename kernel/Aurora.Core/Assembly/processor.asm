; Loading the descriptor tables, reaching the per-CPU block, running on another stack, and the extended state instructions.

%include "layout.inc"

bits 64
default rel

section .bss
alignb 4096
boot_cpu: resb 4096
interrupt_table: resb 4096

section .text
global cpu_boot_block, cpu_interrupt_table, cpu_current
cpu_boot_block:
  lea rax, [boot_cpu]
  ret
cpu_interrupt_table:
  lea rax, [interrupt_table]
  ret
cpu_current:
  mov rax, [gs:CPU_SELF]
  ret

global interrupt_stubs_address, system_call_entry_address
extern interrupt_stubs, system_call_entry
interrupt_stubs_address:
  lea rax, [interrupt_stubs]
  ret
system_call_entry_address:
  lea rax, [system_call_entry]
  ret

; cpu_load_descriptor_tables(gdt pointer, idt pointer, task selector)
global cpu_load_descriptor_tables
cpu_load_descriptor_tables:
  lgdt [rdi]
  lidt [rsi]
  mov eax, KERNEL_DATA
  mov ds, ax
  mov es, ax
  mov ss, ax
  xor eax, eax
  mov fs, ax
  mov gs, ax
  ltr dx
  pop rax
  push KERNEL_CODE
  push rax
  retfq

; A triple fault: an interrupt that finds no interrupt table.
global cpu_triple_fault
cpu_triple_fault:
  push 0
  push 0
  lidt [rsp]
  int3
.hang:
  hlt
  jmp .hang

; cpu_run_on_stack(top, function): never returns.
global cpu_run_on_stack
cpu_run_on_stack:
  mov rsp, rdi
  xor ebp, ebp
  call rsi
  ud2

; Extended state, image in RDI, component mask in RSI. The kernel owns MXCSR, so it is loaded again after a restore.
global state_save, state_restore, state_save_legacy, state_restore_legacy
extern default_mxcsr
state_save:
  mov eax, esi
  mov rdx, rsi
  shr rdx, 32
  xsave64 [rdi]
  ret
state_save_legacy:
  fxsave64 [rdi]
  ret

; Both return 1, or 0 when the image is malformed: the fault's fix-up entry leads to .bad.
state_restore:
  mov eax, esi
  mov rdx, rsi
  shr rdx, 32
.instruction:
  xrstor64 [rdi]
  ldmxcsr [default_mxcsr]
  mov eax, 1
  ret
state_restore_legacy:
.instruction:
  fxrstor64 [rdi]
  ldmxcsr [default_mxcsr]
  mov eax, 1
  ret
state_bad:
  ldmxcsr [default_mxcsr]
  xor eax, eax
  ret

; Pairs of (instruction that may fault, where to go on): the kernel's only survivable faults.
section .fixups progbits alloc noexec nowrite align=8
  dq state_restore.instruction, state_bad
  dq state_restore_legacy.instruction, state_bad
