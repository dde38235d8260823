// Exceptions and interrupts that strike kernel code. Device interrupts are dispatched; a fault of an instruction in the fix-up table goes
// on at its recovery address; every other exception is a panic that says what happened where.
using System;
using System.Runtime;
using Aurora.Base;

namespace Aurora.Core;

internal static unsafe class KernelExceptions
{
    private const int PageFault = 14;
    private const ulong WriteAccess = 2;
    private const ulong InstructionFetch = 16;

    [RuntimeExport("AuroraInterrupt")]
    private static void Handle(InterruptFrame* frame)
    {
        if (frame->Vector >= Interrupts.FirstDeviceVector)
            Interrupts.Dispatch((int)frame->Vector);
        else if (!TryRecover(frame))
            Fail(frame);
    }

    private static bool TryRecover(InterruptFrame* frame)
    {
        KernelImage* image = KernelImage.Current;
        for (var entry = (ulong*)image->FixupsStart; entry < (ulong*)image->FixupsEnd; entry += 2)
        {
            if (entry[0] != frame->Rip)
                continue;
            frame->Rip = entry[1];
            return true;
        }
        return false;
    }

    private static void Fail(InterruptFrame* frame)
    {
        ulong address = Cpu.ReadCr2();
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("kernel: "u8);
        line.Append(NameOf((int)frame->Vector));
        bool overflow = frame->Vector == DescriptorTables.DoubleFaultVector && KernelStacks.IsStackAddress(address);
        if (overflow)
            line.Append(", kernel stack overflow"u8);
        if (frame->Vector == PageFault)
            line.Append((frame->ErrorCode & InstructionFetch) != 0 ? ", execute"u8 : (frame->ErrorCode & WriteAccess) != 0 ? ", write"u8 : ", read"u8);
        if (frame->Vector == PageFault || overflow)
        {
            line.Append(" at 0x"u8);
            line.AppendHex(address);
        }
        KernelPanic.Fail(line.Written, frame);
    }

    private static ReadOnlySpan<byte> NameOf(int vector) => vector switch
    {
        0 => "divide error"u8,
        1 => "debug exception"u8,
        2 => "non-maskable interrupt"u8,
        3 => "breakpoint"u8,
        4 => "overflow"u8,
        5 => "bound range exceeded"u8,
        6 => "invalid opcode"u8,
        7 => "device not available"u8,
        8 => "double fault"u8,
        10 => "invalid TSS"u8,
        11 => "segment not present"u8,
        12 => "stack fault"u8,
        13 => "general protection fault"u8,
        14 => "page fault"u8,
        16 => "x87 floating-point error"u8,
        17 => "alignment check"u8,
        18 => "machine check"u8,
        19 => "SIMD floating-point error"u8,
        21 => "control protection"u8,
        _ => "unexpected exception"u8,
    };
}
