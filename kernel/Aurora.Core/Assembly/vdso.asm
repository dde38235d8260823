; The vDSO: what every program has mapped to read clocks without a system call (docs/decisions/047-vdso.md). An ELF shared object made by
; hand, of at most a page, which the kernel copies into a frame. Two pages of a program: the data (Aurora.Memory's ClockPage), and above it
; this.
;
; VERSION 1 NEVER CHANGES, not by a byte, once it is released: the page is not saved, so a thread that was captured inside of it goes on in
; what the kernel has by then, and programs keep the addresses of its functions. A test holds its hash. What is to be different is a version
; of its own, for programs that begin with it: another file, another value of VmObjectFlags; and the data page goes on to mean the same
; here.
;
; Reading a clock: the generation, the data, the counter, and the generation again; if it is another, from the beginning. The data page gets
; another generation whenever it is made or changes, and none was ever there before, in any boot. So who is captured in the middle, and goes
; on when other numbers are right, begins again by itself. A generation of zero says that the page is being written. What the page cannot
; tell (clocks that are not made from the counter, real time that is out of range) the system call tells.
;
; Leaf functions without a stack: they use rax, rcx, rdx, r8 to r11. So one rule unwinds all of them.

bits 64

; ClockPage, below the image.
%define DATA(offset) rel vdso_start - 4096 + offset
GENERATION equ 0
ORIGIN_TICKS equ 8
FACTOR equ 16
MONOTONIC_OFFSET equ 24
REALTIME_LEAD equ 32
FLAGS equ 40
HAS_COUNTER equ 1
HAS_PROCESSOR equ 2

CALL_GETTIMEOFDAY equ 96
CALL_TIME equ 201
CALL_CLOCK_GETTIME equ 228
CALL_CLOCK_GETRES equ 229
CALL_GETCPU equ 309

; CLOCK_REALTIME, REALTIME_COARSE, REALTIME_ALARM, TAI; and with them CLOCK_MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME,
; BOOTTIME_ALARM: what the system call makes from the counter.
REALTIME_CLOCKS equ 1 << 0 | 1 << 5 | 1 << 8 | 1 << 11
COUNTER_CLOCKS equ REALTIME_CLOCKS | 1 << 1 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 9

FUNCTIONS equ 5
SYMBOLS equ 1 + 2 * FUNCTIONS
BUCKETS equ 13
VERSIONED equ 2

%define AT(label) (label - vdso_start)

section .rodata align=16
global vdso_start, vdso_end
vdso_start:
  db 0x7F, "ELF", 2, 1, 1, 0
  dq 0
  dw 3, 62                              ; ET_DYN, x86-64
  dd 1
  dq 0                                  ; no entry
  dq AT(segments), AT(sections)
  dd 0
  dw 64, 56, 3, 64, (sections.end - sections) / 64, 10

segments:
  dd 1, 5                               ; PT_LOAD: read, execute
  dq 0, 0, 0, AT(vdso_end), AT(vdso_end), 4096
  dd 2, 4                               ; PT_DYNAMIC
  dq AT(dynamic), AT(dynamic), AT(dynamic), dynamic.end - dynamic, dynamic.end - dynamic, 8
  dd 0x6474E550, 4                      ; PT_GNU_EH_FRAME
  dq AT(unwind_table), AT(unwind_table), AT(unwind_table), unwind_table.end - unwind_table, unwind_table.end - unwind_table, 4

; DT_HASH. Chains lead from a name to a name of the same bucket with a higher index.
align 8, db 0
hash:
  dd BUCKETS, SYMBOLS
  dd 4, 7, 0, 10, 0, 0, 3, 8, 1, 0, 2, 0, 6
  dd 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 0
.end:

; Global functions of section 9, and the same as weak ones without the prefix.
%macro SYMBOL 3
  dd name_%2 - names
  db %3 << 4 | 2, 0
  dw 9
  dq AT(%1), %1.end - %1
%endmacro

align 8, db 0
symbols:
  dq 0, 0, 0
  SYMBOL clock_gettime, vdso_clock_gettime, 1
  SYMBOL gettimeofday, vdso_gettimeofday, 1
  SYMBOL time, vdso_time, 1
  SYMBOL getcpu, vdso_getcpu, 1
  SYMBOL clock_getres, vdso_clock_getres, 1
  SYMBOL clock_gettime, clock_gettime, 2
  SYMBOL gettimeofday, gettimeofday, 2
  SYMBOL time, time, 2
  SYMBOL getcpu, getcpu, 2
  SYMBOL clock_getres, clock_getres, 2
.end:

names:
  db 0
name_vdso_clock_gettime: db "__vdso_"
name_clock_gettime: db "clock_gettime", 0
name_vdso_gettimeofday: db "__vdso_"
name_gettimeofday: db "gettimeofday", 0
name_vdso_time: db "__vdso_"
name_time: db "time", 0
name_vdso_getcpu: db "__vdso_"
name_getcpu: db "getcpu", 0
name_vdso_clock_getres: db "__vdso_"
name_clock_getres: db "clock_getres", 0
name_object: db "linux-vdso.so.1", 0
name_version: db "LINUX_2.6", 0
.end:

align 2, db 0
versions:
  dw 0
  times SYMBOLS - 1 dw VERSIONED
.end:

; DT_VERDEF: the object itself, and the version of all its functions, as glibc, musl and Go ask for it.
align 8, db 0
definitions:
  dw 1, 1, 1, 1
  dd 0x0DEEBFA1, 20, 28
  dd name_object - names, 0
  dw 1, 0, VERSIONED, 1
  dd 0x03AE75F6, 20, 0
  dd name_version - names, 0
.end:

align 8, db 0
dynamic:
  dq 14, name_object - names            ; DT_SONAME
  dq 4, AT(hash)
  dq 5, AT(names)
  dq 6, AT(symbols)
  dq 10, name_version.end - names       ; DT_STRSZ
  dq 11, 24                             ; DT_SYMENT
  dq 0x6FFFFFF0, AT(versions)           ; DT_VERSYM
  dq 0x6FFFFFFC, AT(definitions)        ; DT_VERDEF
  dq 0x6FFFFFFD, 2                      ; DT_VERDEFNUM
  dq 0, 0
.end:

; .eh_frame_hdr with the one entry of .eh_frame: the caller's frame begins behind the return address, wherever a thread is.
align 4, db 0
unwind_table:
  db 1, 0x1B, 0x03, 0x3B
  dd unwind - $
  dd 1
  dd text - unwind_table, unwind.function - unwind_table
.end:

align 8, db 0
unwind:
  dd .function - .common
.common:
  dd 0
  db 1, "zR", 0, 1, 0x78, 16, 1, 0x1B
  db 0x0C, 7, 8, 0x90, 1                ; DW_CFA_def_cfa rsp + 8, DW_CFA_offset: the return address at its end
  times 2 db 0
.function:
  dd .terminator - .place
.place:
  dd .place - unwind
  dd text - $
  dd text.end - text
  db 0
  times 3 db 0
.terminator:
  dd 0
.end:

; rax = nanoseconds of monotonic time, or where rcx is all ones of real time. Goes to %1 when the page does not tell.
%macro READ_CLOCK 1
%%again:
  mov r8, [DATA(GENERATION)]
  test r8, r8
  jz %%again
  test dword [DATA(FLAGS)], HAS_COUNTER
  jz %1
  mov r9, [DATA(ORIGIN_TICKS)]
  mov r10, [DATA(FACTOR)]
  mov r11, [DATA(REALTIME_LEAD)]
  and r11, rcx
  add r11, [DATA(MONOTONIC_OFFSET)]
  lfence
  rdtsc
  shl rdx, 32
  or rax, rdx
  sub rax, r9
  mul r10
  shrd rax, rdx, 32
  add rax, r11
  cmp r8, [DATA(GENERATION)]
  jne %%again
  mov rdx, rcx
  and rdx, rax
  js %1                                 ; real time before 1970, or beyond what 63 bits hold
%endmacro

; From rax nanoseconds: rdx = seconds, r8 = nanoseconds of the second. The reciprocal is exact for all 64 bits.
%macro SPLIT 0
  mov r8, rax
  shr rax, 9
  mov r9, 0x44B82FA09B5A53
  mul r9
  shr rdx, 11
  imul rax, rdx, 1000000000
  sub r8, rax
%endmacro

align 16
text:
; int clock_gettime(clockid_t clock, struct timespec *time)
clock_gettime:
  cmp edi, 31
  ja .call
  mov eax, COUNTER_CLOCKS
  bt eax, edi
  jnc .call
  mov eax, REALTIME_CLOCKS
  bt eax, edi
  sbb rcx, rcx
  READ_CLOCK .call
  SPLIT
  mov [rsi], rdx
  mov [rsi + 8], r8
  xor eax, eax
  ret
.call:
  mov eax, CALL_CLOCK_GETTIME
  syscall
  ret
.end:

align 16
; int gettimeofday(struct timeval *time, struct timezone *zone)
gettimeofday:
  test rsi, rsi
  jnz .call
  test rdi, rdi
  jz .done
  mov rcx, -1
  READ_CLOCK .call
  SPLIT
  mov [rdi], rdx
  imul r8, r8, 274877907                ; ÷ 1000 for less than 2^32
  shr r8, 38
  mov [rdi + 8], r8
.done:
  xor eax, eax
  ret
.call:
  mov eax, CALL_GETTIMEOFDAY
  syscall
  ret
.end:

align 16
; time_t time(time_t *seconds)
time:
  mov rcx, -1
  READ_CLOCK .call
  SPLIT
  mov rax, rdx
  test rdi, rdi
  jz .done
  mov [rdi], rax
.done:
  ret
.call:
  mov eax, CALL_TIME
  syscall
  ret
.end:

align 16
; int getcpu(unsigned *processor, unsigned *node, void *unused)
getcpu:
  test dword [DATA(FLAGS)], HAS_PROCESSOR
  jz .call
  rdtscp                                ; ecx = node << 12 | processor
  test rdi, rdi
  jz .node
  mov eax, ecx
  and eax, 0xFFF
  mov [rdi], eax
.node:
  test rsi, rsi
  jz .done
  shr ecx, 12
  mov [rsi], ecx
.done:
  xor eax, eax
  ret
.call:
  mov eax, CALL_GETCPU
  syscall
  ret
.end:

align 16
; int clock_getres(clockid_t clock, struct timespec *resolution)
clock_getres:
  cmp edi, 31
  ja .call
  mov eax, COUNTER_CLOCKS
  bt eax, edi
  jnc .call
  test rsi, rsi
  jz .done
  mov qword [rsi], 0
  mov qword [rsi + 8], 1
.done:
  xor eax, eax
  ret
.call:
  mov eax, CALL_CLOCK_GETRES
  syscall
  ret
.end:
text.end:

; Debuggers look at sections.
section_names:
  db 0
.hash: db ".hash", 0
.dynsym: db ".dynsym", 0
.dynstr: db ".dynstr", 0
.versym: db ".gnu.version", 0
.verdef: db ".gnu.version_d", 0
.dynamic: db ".dynamic", 0
.hdr: db ".eh_frame_hdr", 0
.frame: db ".eh_frame", 0
.text: db ".text", 0
.shstrtab: db ".shstrtab", 0
.end:

; name, type, flags, start, end, link, information, alignment, bytes of an entry
%macro SECTION 9
  dd section_names.%1 - section_names, %2
  dq %3, AT(%4), AT(%4), %5 - %4
  dd %6, %7
  dq %8, %9
%endmacro

align 8, db 0
sections:
  times 8 dq 0
  SECTION hash, 5, 2, hash, hash.end, 2, 0, 8, 4
  SECTION dynsym, 11, 2, symbols, symbols.end, 3, 1, 8, 24
  SECTION dynstr, 3, 2, names, name_version.end, 0, 0, 1, 0
  SECTION versym, 0x6FFFFFFF, 2, versions, versions.end, 2, 0, 2, 2
  SECTION verdef, 0x6FFFFFFD, 2, definitions, definitions.end, 3, 2, 8, 0
  SECTION dynamic, 6, 2, dynamic, dynamic.end, 3, 0, 8, 16
  SECTION hdr, 1, 2, unwind_table, unwind_table.end, 0, 0, 4, 0
  SECTION frame, 1, 2, unwind, unwind.end, 0, 0, 8, 0
  SECTION text, 1, 6, text, text.end, 0, 0, 16, 0
  dd section_names.shstrtab - section_names, 3
  dq 0, 0, AT(section_names), section_names.end - section_names
  dd 0, 0
  dq 1, 0
.end:
vdso_end:

%if AT(vdso_end) > 4096
%error "the vDSO is larger than a page"
%endif
