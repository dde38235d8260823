; A program for the self-test of user mode: position-independent code that is copied into a user page. Each label is a place where the
; test starts the program or expects it to trap; program_labels gives their offsets, in the order of UserModeTest.Label.

bits 64
section .rodata
align 16
global user_program_start, user_program_end, user_program_labels

user_program_start:
.system_call:
  mov rax, 0x1234
  mov rdi, 0x11
  mov rsi, 0x22
  mov r10, 0x44
  mov r12, 0x55
  movq xmm3, rax
  movq xmm15, rdi
  syscall
.after_system_call:
  mov rbx, rax
  add rbx, r12
  mov rcx, 0x123456789000
.read_fault:
  mov rax, [rcx]
  mov rdx, 0xffffffff80000000
.kernel_read:
  mov rax, [rdx]
.privileged:
  hlt
.undefined:
  ud2
.after_undefined:
  mov rdx, rsp
.stack_execute:
  jmp rdx
.flags_and_loop:
  std
  push 0x40FD7                          ; AC, DF, TF off, carry and friends on
  and qword [rsp], ~0x100
  popfq
.loop:
  jmp .loop
.vectors:
  fldpi
  vmovdqu ymm5, [rsp - 64]
.vectors_loaded:
  syscall
.vectors_store:
  vmovdqu [rsp - 128], ymm5
  fstp qword [rsp - 136]
  syscall
.write_probe:
  mov qword [rcx], 7
  syscall
.count:
  inc rbx
  syscall
  jmp .count
user_program_end:

align 8
user_program_labels:
  dq user_program_start
  dq user_program_end - user_program_start
  dq user_program_start.after_system_call - user_program_start
  dq user_program_start.read_fault - user_program_start
  dq user_program_start.kernel_read - user_program_start
  dq user_program_start.privileged - user_program_start
  dq user_program_start.undefined - user_program_start
  dq user_program_start.after_undefined - user_program_start
  dq user_program_start.stack_execute - user_program_start
  dq user_program_start.flags_and_loop - user_program_start
  dq user_program_start.loop - user_program_start
  dq user_program_start.vectors - user_program_start
  dq user_program_start.vectors_loaded - user_program_start
  dq user_program_start.vectors_store - user_program_start
  dq user_program_start.write_probe - user_program_start
  dq user_program_start.count - user_program_start

section .text
global user_program
user_program:
  lea rax, [rel user_program_labels]
  ret
