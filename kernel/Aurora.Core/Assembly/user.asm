; To user mode and back. user_enter(UserContext*) returns when the program traps: by SYSCALL, an exception or an interrupt, or at once when
; an interrupt has arrived that the main loop has not seen. It returns with interrupts disabled. User threads have no kernel stack: what
; the kernel knows of them is in the UserContext.

%include "layout.inc"

bits 64
default rel

extern default_mxcsr

section .text

global user_enter
user_enter:
  cli
  cmp byte [gs:CPU_INTERRUPT_ARRIVED], 0
  jne .not_entered
  push rbp
  mov rbp, rsp
  push rbx
  push r12
  push r13
  push r14
  push r15
  mov [gs:CPU_RUN_STACK], rsp
  mov [gs:CPU_CONTEXT], rdi
  mov [gs:CPU_TSS_RSP0], rsp            ; interrupts from user mode arrive below the saved registers

  mov rax, [rdi + USER_ROOT]
  cmp rax, [gs:CPU_ROOT]
  je .root_loaded
  mov [gs:CPU_ROOT], rax
  mov cr3, rax
.root_loaded:
  rdtsc
  shl rdx, 32
  or rax, rdx
  mov [rdi + USER_ENTERED_TICKS], rax

  ; What was loaded holds only while this context is the one that runs: a program that loads a selector changes a base behind our back,
  ; and may do that to itself, not to the next one.
  cmp rdi, [gs:CPU_BASES_OF]
  jne .load_bases
  mov rax, [rdi + USER_FS_BASE]
  cmp rax, [gs:CPU_FS_BASE]
  jne .load_bases
  mov rax, [rdi + USER_GS_BASE]
  cmp rax, [gs:CPU_GS_BASE]
  je .bases_loaded
.load_bases:
  mov [gs:CPU_BASES_OF], rdi
  mov eax, gs
  test eax, eax
  jz .selectors
  xor eax, eax
  swapgs                                ; non-maskable events look at the sign of the base, so they may come here
  mov gs, eax
  swapgs
.selectors:
  xor eax, eax
  mov fs, eax
  mov rax, [rdi + USER_FS_BASE]
  mov [gs:CPU_FS_BASE], rax
  mov rdx, rax
  shr rdx, 32
  mov ecx, MSR_FS_BASE
  wrmsr
  mov rax, [rdi + USER_GS_BASE]
  mov [gs:CPU_GS_BASE], rax
  mov rdx, rax
  shr rdx, 32
  mov ecx, MSR_KERNEL_GS_BASE           ; SWAPGS below makes it the program's
  wrmsr
.bases_loaded:
%assign i 0
%rep 16
  movaps xmm %+ i, [rdi + USER_XMM + i * 16]
%assign i i + 1
%endrep
  ldmxcsr [rdi + USER_MXCSR]
  mov r15, [rdi + USER_R15]
  mov r14, [rdi + USER_R14]
  mov r13, [rdi + USER_R13]
  mov r12, [rdi + USER_R12]
  mov rbp, [rdi + USER_RBP]
  mov rbx, [rdi + USER_RBX]
  mov r10, [rdi + USER_R10]
  mov r9, [rdi + USER_R9]
  mov r8, [rdi + USER_R8]
  mov rdx, [rdi + USER_RDX]
  mov rsi, [rdi + USER_RSI]

  ; SYSRET takes RIP from RCX and RFLAGS from R11, so it serves when they agree: always after a plain system call. It is kept away from
  ; addresses at the end of the canonical range (where Intel faults in ring 0) and from TF and RF, which it would mishandle.
  mov rcx, [rdi + USER_RCX]
  mov r11, [rdi + USER_R11]
  cmp rcx, [rdi + USER_RIP]
  jne .full
  cmp r11, [rdi + USER_RFLAGS]
  jne .full
  test r11d, (1 << 8) | (1 << 16)
  jnz .full
  mov rax, rcx
  shr rax, 46
  jnz .full
  mov rax, [rdi + USER_RAX]
  mov rsp, [rdi + USER_RSP]
  mov rdi, [rdi + USER_RDI]
  swapgs
  o64 sysret

.full:
  lea rsp, [rdi + USER_RIP]             ; IRETQ reads RIP, CS, RFLAGS, RSP, SS straight from the context
  mov rax, [rdi + USER_RAX]
  mov rdi, [rdi + USER_RDI]
  swapgs
  iretq

.not_entered:
  mov qword [rdi + USER_TRAP], NOT_ENTERED_TRAP
  ret

; SYSCALL: RCX = return address, R11 = flags; interrupts are off (FMASK), the stack is still the program's.
global system_call_entry
system_call_entry:
  swapgs
  mov [gs:CPU_SCRATCH], rsp
  mov rsp, [gs:CPU_CONTEXT]             ; a base register for now: only non-maskable events can come, and they have their own stacks
  mov [rsp + USER_R15], r15
  mov [rsp + USER_R14], r14
  mov [rsp + USER_R13], r13
  mov [rsp + USER_R12], r12
  mov [rsp + USER_RBP], rbp
  mov [rsp + USER_RBX], rbx
  mov [rsp + USER_R11], r11
  mov [rsp + USER_R10], r10
  mov [rsp + USER_R9], r9
  mov [rsp + USER_R8], r8
  mov [rsp + USER_RAX], rax
  mov [rsp + USER_RCX], rcx
  mov [rsp + USER_RDX], rdx
  mov [rsp + USER_RSI], rsi
  mov [rsp + USER_RDI], rdi
  mov [rsp + USER_ORIGINAL_RAX], rax
  mov [rsp + USER_RIP], rcx
  mov [rsp + USER_RFLAGS], r11
  mov qword [rsp + USER_CS], USER_CODE
  mov qword [rsp + USER_SS], USER_DATA
  mov qword [rsp + USER_TRAP], SYSTEM_CALL_TRAP
  mov qword [rsp + USER_ERROR], 0
  mov rax, rsp
  mov rcx, [gs:CPU_SCRATCH]
  mov [rax + USER_RSP], rcx

; RAX = the context, its general registers already stored. Returns from user_enter.
global user_leave
user_leave:
  mov rdi, rax
  rdtsc
  shl rdx, 32
  or rax, rdx
  mov [rdi + USER_TRAPPED_TICKS], rax
%assign i 0
%rep 16
  movaps [rdi + USER_XMM + i * 16], xmm %+ i
%assign i i + 1
%endrep
  stmxcsr [rdi + USER_MXCSR]
  ldmxcsr [default_mxcsr]
  cmp byte [gs:CPU_HAS_SMAP], 0
  je .access_checked
  clac
.access_checked:
  mov qword [gs:CPU_CONTEXT], 0
  mov rsp, [gs:CPU_RUN_STACK]
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  pop rbp
  ret
