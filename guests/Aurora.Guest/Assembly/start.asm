; Entry of a C# guest program: a static Linux x86-64 executable. The kernel enters with RSP at argc (System V ABI, AMD64 supplement,
; section 3.4.1); there is no thread pointer and none is needed, because the compiler is told not to inline thread statics.

bits 64
section .text

global _start
extern AuroraGuestStart
_start:
  xor ebp, ebp
  mov rdi, rsp
  and rsp, -16
  call AuroraGuestStart
  ud2

; (number, a, b, c, d, e) -> result: one system call with five arguments.
global guest_system_call
guest_system_call:
  mov rax, rdi
  mov rdi, rsi
  mov rsi, rdx
  mov rdx, rcx
  mov r10, r8
  mov r8, r9
  syscall
  ret

section .bss
align 4096
global guest_heap
guest_heap: resb 1 << 20
guest_heap_end:

section .text
global guest_heap_start
guest_heap_start:
  lea rax, [rel guest_heap]
  ret

