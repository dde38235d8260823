; memmove and memset: what the compiler emits for block copies and fills. Processors with ERMS do best with the string instructions;
; an emulator does best with 16-byte loads and stores (20 times faster than REP MOVSB under QEMU's TCG), so the choice is made once, at
; boot, by CPUID. Both preserve nothing beyond the calling convention and return the destination.

bits 64

section .data
global memory_has_fast_strings
memory_has_fast_strings: db 0

section .text
global memmove, memset

%define SMALL_COPY 256                  ; below this, starting a string instruction costs more than it saves

memmove:
  mov rax, rdi
  mov rcx, rdi
  sub rcx, rsi
  cmp rcx, rdx
  jb copy_backward                      ; (destination - source) below length, unsigned: the regions overlap the wrong way
  cmp rdx, 16
  jb copy_small
  cmp rdx, SMALL_COPY
  jb copy_sse
  cmp byte [rel memory_has_fast_strings], 0
  je copy_sse
  mov rcx, rdx
  rep movsb
  ret

; 16 bytes and more, ascending. The last 16 bytes are loaded before anything is stored, so that overlapping regions come out right.
copy_sse:
  movups xmm4, [rsi + rdx - 16]
  lea r8, [rdi + rdx - 16]
  sub rdx, 256
  jb .rest
.large:                                 ; most of what is copied is whole pages
%assign offset 0
%rep 4
  movups xmm0, [rsi + offset]
  movups xmm1, [rsi + offset + 16]
  movups xmm2, [rsi + offset + 32]
  movups xmm3, [rsi + offset + 48]
  movups [rdi + offset], xmm0
  movups [rdi + offset + 16], xmm1
  movups [rdi + offset + 32], xmm2
  movups [rdi + offset + 48], xmm3
%assign offset offset + 64
%endrep
  add rsi, 256
  add rdi, 256
  sub rdx, 256
  jae .large
.rest:
  add rdx, 256 - 64
  js .tail
.block:
  movups xmm0, [rsi]
  movups xmm1, [rsi + 16]
  movups xmm2, [rsi + 32]
  movups xmm3, [rsi + 48]
  movups [rdi], xmm0
  movups [rdi + 16], xmm1
  movups [rdi + 32], xmm2
  movups [rdi + 48], xmm3
  add rsi, 64
  add rdi, 64
  sub rdx, 64
  jae .block
.tail:
  add rdx, 48                           ; whole 16-byte units before the last, partial or not
  js .last
.unit:
  movups xmm0, [rsi]
  movups [rdi], xmm0
  add rsi, 16
  add rdi, 16
  sub rdx, 16
  jns .unit
.last:
  movups [r8], xmm4
  ret

; 0 to 15 bytes: every load happens before the first store.
copy_small:
  cmp edx, 8
  jb .below8
  mov rcx, [rsi]
  mov r8, [rsi + rdx - 8]
  mov [rdi], rcx
  mov [rdi + rdx - 8], r8
  ret
.below8:
  cmp edx, 4
  jb .below4
  mov ecx, [rsi]
  mov r8d, [rsi + rdx - 4]
  mov [rdi], ecx
  mov [rdi + rdx - 4], r8d
  ret
.below4:
  test edx, edx
  jz .done
  movzx ecx, byte [rsi]
  movzx r8d, byte [rsi + rdx - 1]
  cmp edx, 3
  jb .ends
  movzx r9d, byte [rsi + 1]
  mov [rdi + 1], r9b
.ends:
  mov [rdi], cl
  mov [rdi + rdx - 1], r8b
.done:
  ret

; The destination starts inside the source: descend.
copy_backward:
  cmp rdx, 16
  jb copy_small
  movups xmm4, [rsi]                    ; the first 16 bytes, stored last
.unit:
  movups xmm0, [rsi + rdx - 16]
  movups [rdi + rdx - 16], xmm0
  sub rdx, 16
  cmp rdx, 16
  jae .unit
  movups [rdi], xmm4
  ret

memset:
  mov rax, rdi
  cmp rdx, 16
  jb fill_small
  cmp rdx, SMALL_COPY
  jb .sse
  cmp byte [rel memory_has_fast_strings], 0
  je .sse
  mov r8, rdi
  mov eax, esi
  mov rcx, rdx
  rep stosb
  mov rax, r8
  ret
.sse:
  movzx esi, sil
  mov rcx, 0x0101010101010101
  imul rsi, rcx
  movq xmm0, rsi
  punpcklqdq xmm0, xmm0
  lea r8, [rdi + rdx - 16]
  sub rdx, 256
  jb .rest
.large:                                 ; most of what is filled is whole pages
%assign offset 0
%rep 16
  movups [rdi + offset], xmm0
%assign offset offset + 16
%endrep
  add rdi, 256
  sub rdx, 256
  jae .large
.rest:
  add rdx, 256
.block:
  cmp rdx, 64
  jb .unit
  movups [rdi], xmm0
  movups [rdi + 16], xmm0
  movups [rdi + 32], xmm0
  movups [rdi + 48], xmm0
  add rdi, 64
  sub rdx, 64
  jmp .block
.unit:
  cmp rdx, 16
  jb .last
  movups [rdi], xmm0
  add rdi, 16
  sub rdx, 16
  jmp .unit
.last:
  movups [r8], xmm0
  ret

fill_small:
  test edx, edx
  jz .done
.byte:
  mov [rdi + rdx - 1], sil
  dec edx
  jnz .byte
.done:
  ret
