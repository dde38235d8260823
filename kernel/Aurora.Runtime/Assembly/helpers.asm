; Compiler helpers with their own calling conventions. There is no collector, so reference stores need no card marking; there is one
; address space and no cooperative mode, so the transitions between managed and native code are empty.

bits 64
section .text

; RDI = address of the field, RSI = the reference.
global RhpAssignRef, RhpCheckedAssignRef
RhpAssignRef:
RhpCheckedAssignRef:
  mov [rdi], rsi
  ret

; Copies one reference from [RSI] to [RDI] and advances both; may change RCX only.
global RhpByRefAssignRef
RhpByRefAssignRef:
  mov rcx, [rsi]
  mov [rdi], rcx
  add rdi, 8
  add rsi, 8
  ret

; (field, value, comparand) -> the old value
global RhpCheckedLockCmpXchg, RhpCheckedXchg
RhpCheckedLockCmpXchg:
  mov rax, rdx
  lock cmpxchg [rdi], rsi
  ret
RhpCheckedXchg:
  mov rax, rsi
  xchg [rdi], rax
  ret

global RhpReversePInvoke, RhpReversePInvokeReturn, RhpPInvoke, RhpPInvokeReturn, RhpGcPoll
RhpReversePInvoke:
RhpReversePInvokeReturn:
RhpPInvoke:
RhpPInvokeReturn:
RhpGcPoll:
  ret

; R11 = the lowest address of the frame about to be made. Touches every page on the way down, so that a large frame meets the guard
; page under the stack and cannot step over it. Keeps every register but the flags.
global RhpStackProbe
RhpStackProbe:
  push rax
  mov rax, rsp
.next:
  sub rax, 4096
  cmp rax, r11
  jb .last
  test [rax], eax
  jmp .next
.last:
  test [r11], eax
  pop rax
  ret

; An interface call whose cell (R11) is not resolved: the argument registers are saved around the resolver, then its answer is called.
global RhpInitialDynamicInterfaceDispatch
extern AuroraResolveDispatch
RhpInitialDynamicInterfaceDispatch:
  push rbp
  mov rbp, rsp
  push rdi
  push rsi
  push rdx
  push rcx
  push r8
  push r9
  sub rsp, 8 * 16
%assign i 0
%rep 8
  movups [rsp + i * 16], xmm %+ i
%assign i i + 1
%endrep
  mov rsi, r11
  call AuroraResolveDispatch
%assign i 0
%rep 8
  movups xmm %+ i, [rsp + i * 16]
%assign i i + 1
%endrep
  add rsp, 8 * 16
  pop r9
  pop r8
  pop rcx
  pop rdx
  pop rsi
  pop rdi
  pop rbp
  jmp rax

section .data
; The compiler's stack canary value and the flag that asks threads to stop for a collection (never set).
global __security_cookie, RhpTrapThreads, g_cpuFeatures
__security_cookie: dq 0x00AD12F4C0FFEE5B
RhpTrapThreads: dd 0
; No optional instruction sets: the library's vector paths stay with the baseline the image was compiled for.
g_cpuFeatures: dd 0
