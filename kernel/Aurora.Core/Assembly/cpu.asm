; Single instructions that C# has no word for. All are leaf routines with the C calling convention (RDI, RSI, RDX, RCX; RAX returns).

bits 64
section .text

global port_in8, port_in16, port_in32, port_out8, port_out16, port_out32
port_in8:
  mov edx, edi
  xor eax, eax
  in al, dx
  ret
port_in16:
  mov edx, edi
  xor eax, eax
  in ax, dx
  ret
port_in32:
  mov edx, edi
  in eax, dx
  ret
port_out8:
  mov edx, edi
  mov eax, esi
  out dx, al
  ret
port_out16:
  mov edx, edi
  mov eax, esi
  out dx, ax
  ret
port_out32:
  mov edx, edi
  mov eax, esi
  out dx, eax
  ret

global cpu_read_msr, cpu_write_msr
cpu_read_msr:
  mov ecx, edi
  rdmsr
  shl rdx, 32
  or rax, rdx
  ret
cpu_write_msr:
  mov ecx, edi
  mov eax, esi
  mov rdx, rsi
  shr rdx, 32
  wrmsr
  ret

; cpu_identify(leaf, subleaf, uint result[4])
global cpu_identify
cpu_identify:
  push rbx
  mov r8, rdx
  mov eax, edi
  mov ecx, esi
  cpuid
  mov [r8], eax
  mov [r8 + 4], ebx
  mov [r8 + 8], ecx
  mov [r8 + 12], edx
  pop rbx
  ret

; The fence keeps the counter from being read before earlier loads have completed.
; cpu_read_tsc_scaled(origin, factor): the counter since origin, times a 32.32 fixed-point number
global cpu_read_tsc_scaled
cpu_read_tsc_scaled:
  lfence
  rdtsc
  shl rdx, 32
  or rax, rdx
  sub rax, rdi
  mul rsi
  shrd rax, rdx, 32
  ret

global cpu_read_tsc
cpu_read_tsc:
  lfence
  rdtsc
  shl rdx, 32
  or rax, rdx
  ret

global cpu_enable_interrupts, cpu_disable_interrupts, cpu_halt, cpu_enable_and_halt, cpu_pause, cpu_read_flags
cpu_enable_interrupts:
  sti
  ret
cpu_disable_interrupts:
  cli
  ret
cpu_halt:
  hlt
  ret
; STI takes effect after the next instruction, so no interrupt can slip in between and be slept through.
cpu_enable_and_halt:
  sti
  hlt
  ret
cpu_pause:
  pause
  ret
cpu_read_flags:
  pushfq
  pop rax
  ret

global cpu_read_cr0, cpu_write_cr0, cpu_read_cr2, cpu_read_cr3, cpu_write_cr3, cpu_read_cr4, cpu_write_cr4
cpu_read_cr0:
  mov rax, cr0
  ret
cpu_write_cr0:
  mov cr0, rdi
  ret
cpu_read_cr2:
  mov rax, cr2
  ret
cpu_read_cr3:
  mov rax, cr3
  ret
cpu_write_cr3:
  mov cr3, rdi
  ret
cpu_read_cr4:
  mov rax, cr4
  ret
cpu_write_cr4:
  mov cr4, rdi
  ret

global cpu_invalidate_page, cpu_read_xcr0, cpu_write_xcr0
cpu_invalidate_page:
  invlpg [rdi]
  ret
cpu_read_xcr0:
  xor ecx, ecx
  xgetbv
  shl rdx, 32
  or rax, rdx
  ret
cpu_write_xcr0:
  xor ecx, ecx
  mov eax, edi
  mov rdx, rdi
  shr rdx, 32
  xsetbv
  ret

; cpu_capture_position(ulong position[3]): the caller's RIP, RSP and RBP after this call.
global cpu_capture_position
cpu_capture_position:
  mov rax, [rsp]
  mov [rdi], rax
  lea rax, [rsp + 8]
  mov [rdi + 8], rax
  mov [rdi + 16], rbp
  ret

; () -> 64 random bits, or 0 when the generator has nothing to give after ten tries (Intel SDM vol. 1, 7.3.17.1).
global cpu_read_random
cpu_read_random:
  mov ecx, 10
.try:
  rdrand rax
  jc .done
  dec ecx
  jnz .try
  xor eax, eax
.done:
  ret
