; Interrupts and exceptions.
;
; From user mode: everything goes into the current UserContext and the call of user_enter that started the program returns (see user.asm).
; From kernel mode: everything a C# method may change is saved in an InterruptFrame on the current stack, AuroraInterrupt runs, and the
; interrupted code goes on. Vectors 2 (NMI), 8 (double fault) and 18 (machine check) may arrive at any instruction, even between SYSCALL and
; SWAPGS: they have stacks of their own and find out by the sign of the GS base whose GS is loaded.

%include "layout.inc"

bits 64
default rel

extern AuroraInterrupt

section .rodata
align 16
global default_mxcsr
default_mxcsr: dd 0x1F80                ; all exceptions masked, round to nearest

section .text

; Exceptions for which the processor pushes an error code (Intel SDM vol. 3A, table 6-1).
%define HAS_ERROR(v) ((v) = 8 || ((v) >= 10 && (v) <= 14) || (v) = 17 || (v) = 21 || (v) = 29 || (v) = 30)

align 16
global interrupt_stubs
interrupt_stubs:
%assign vector 0
%rep 256
  align 16
  %if !HAS_ERROR(vector)
  push 0
  %endif
  push dword vector
  %if vector = 2 || vector = 8 || vector = 18
  jmp interrupt_anywhere
  %else
  jmp interrupt_common
  %endif
%assign vector vector + 1
%endrep

%macro save_all 0
  push rdi
  push rsi
  push rdx
  push rcx
  push rax
  push r8
  push r9
  push r10
  push r11
  push rbx
  push rbp
  push r12
  push r13
  push r14
  push r15
  sub rsp, 16 * 16 + 16
%assign i 0
%rep 16
  movaps [rsp + 16 + i * 16], xmm %+ i
%assign i i + 1
%endrep
  stmxcsr [rsp]
  ldmxcsr [default_mxcsr]
  cld
%endmacro

%macro restore_all 0
  ldmxcsr [rsp]
%assign i 0
%rep 16
  movaps xmm %+ i, [rsp + 16 + i * 16]
%assign i i + 1
%endrep
  add rsp, 16 * 16 + 16
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbp
  pop rbx
  pop r11
  pop r10
  pop r9
  pop r8
  pop rax
  pop rcx
  pop rdx
  pop rsi
  pop rdi
  add rsp, 16                           ; vector and error code
%endmacro

interrupt_common:
  test byte [rsp + STUB_CS], 3
  jnz from_user
  save_all
  mov rdi, rsp
  call AuroraInterrupt
  restore_all
  iretq

interrupt_anywhere:
  save_all
  xor ebx, ebx
  mov ecx, MSR_GS_BASE
  rdmsr
  test edx, edx
  js .kernel_gs
  swapgs
  inc ebx
.kernel_gs:
  mov rdi, rsp
  call AuroraInterrupt
  test ebx, ebx
  jz .leave
  swapgs
.leave:
  restore_all
  iretq

; The trapped program's registers go to its context; the stub's words are on whichever stack the vector has.
extern user_leave
from_user:
  swapgs
  cld
  push rax
  mov rax, [gs:CPU_CONTEXT]
  mov [rax + USER_R15], r15
  mov [rax + USER_R14], r14
  mov [rax + USER_R13], r13
  mov [rax + USER_R12], r12
  mov [rax + USER_RBP], rbp
  mov [rax + USER_RBX], rbx
  mov [rax + USER_R11], r11
  mov [rax + USER_R10], r10
  mov [rax + USER_R9], r9
  mov [rax + USER_R8], r8
  mov [rax + USER_RCX], rcx
  mov [rax + USER_RDX], rdx
  mov [rax + USER_RSI], rsi
  mov [rax + USER_RDI], rdi
  pop rcx
  mov [rax + USER_RAX], rcx
  mov qword [rax + USER_ORIGINAL_RAX], -1
  mov rdx, [rsp + STUB_VECTOR]
  mov [rax + USER_TRAP], rdx
  mov rcx, [rsp + STUB_ERROR]
  mov [rax + USER_ERROR], rcx
  mov rcx, [rsp + STUB_RIP]
  mov [rax + USER_RIP], rcx
  mov rcx, [rsp + STUB_CS]
  mov [rax + USER_CS], rcx
  mov rcx, [rsp + STUB_RFLAGS]
  mov [rax + USER_RFLAGS], rcx
  mov rcx, [rsp + STUB_RSP]
  mov [rax + USER_RSP], rcx
  mov rcx, [rsp + STUB_SS]
  mov [rax + USER_SS], rcx
  cmp edx, PAGE_FAULT
  jne user_leave
  mov rcx, cr2
  mov [rax + USER_FAULT_ADDRESS], rcx
  jmp user_leave
