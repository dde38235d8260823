; Fibers: switching between kernel stacks. A switch is an ordinary call, so only the callee-saved registers need saving; XMM registers are
; all caller-saved in this convention, and MXCSR never changes in the kernel.

bits 64
default rel

section .text

; fiber_switch(ulong* saved stack pointer of the one that leaves, ulong stack pointer of the one that comes)
global fiber_switch
fiber_switch:
  push rbp
  push rbx
  push r12
  push r13
  push r14
  push r15
  mov [rdi], rsp
  mov rsp, rsi
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  pop rbp
  ret

; The first thing a new fiber runs; AuroraFiberMain never returns.
global fiber_start_address
extern AuroraFiberMain
fiber_start:
  xor ebp, ebp
  ; Entered by a return, so the stack is aligned as after a call; the call below must find it aligned to 16 bytes.
  sub rsp, 8
  call AuroraFiberMain
  ud2
fiber_start_address:
  lea rax, [fiber_start]
  ret
