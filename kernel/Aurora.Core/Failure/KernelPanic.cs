// The end of a failed kernel: the reason and a trace to the kernel log (COM2, first line "@panic …") and to the console (COM1), then a
// reset. The next boot resumes from the last durable checkpoint, so a panic costs milliseconds of work. Nothing here allocates, takes
// a lock or trusts the state of the kernel; a failure while reporting a failure resets at once.
using System;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Reports a broken invariant and restarts the machine.</summary>
public static unsafe class KernelPanic
{
    /// <summary>Run before the report, in any context: the serial driver sends what it has queued, so that the report comes last.</summary>
    public static delegate*<void> BeforeReport;

    private static bool s_failing;

    /// <summary>Makes every <see cref="Panic"/> end here.</summary>
    internal static void Install() => Panic.Hook = &Fail;

    /// <summary>Reports a failure of the running code.</summary>
    public static void Fail(ReadOnlySpan<byte> message)
    {
        CpuPosition here;
        CpuPosition.Capture(&here);
        Stop(message, null, here);
    }

    /// <summary>Reports an exception of kernel code.</summary>
    internal static void Fail(ReadOnlySpan<byte> message, InterruptFrame* frame)
        => Stop(message, frame, new CpuPosition { Rip = frame->Rip, Rsp = frame->Rsp, Rbp = frame->Rbp });

    private static void Stop(ReadOnlySpan<byte> message, InterruptFrame* frame, in CpuPosition position)
    {
        Cpu.DisableInterrupts();
        if (s_failing)
        {
            EarlyConsole.WriteLogLine("panic: failed again while reporting"u8);
            EarlyConsole.WriteLogLine(message);
            MachineReset.Reset();
        }
        s_failing = true;
        if (BeforeReport != null)
            BeforeReport();
        Span<byte> buffer = stackalloc byte[320];
        var line = new Utf8Writer(buffer);
        line.Append("@panic "u8);
        line.Append(message);
        Report(line.Written);
        if (frame != null)
            ReportRegisters(frame);
        StackTrace.Report(position);
        MachineReset.Reset();
    }

    /// <summary>One line to both ports.</summary>
    internal static void Report(ReadOnlySpan<byte> line)
    {
        EarlyConsole.WriteLogLine(line);
        EarlyConsole.WriteConsoleLine(line);
    }

    private static void ReportRegisters(InterruptFrame* frame)
    {
        ReportFour("rax"u8, frame->Rax, "rbx"u8, frame->Rbx, "rcx"u8, frame->Rcx, "rdx"u8, frame->Rdx);
        ReportFour("rsi"u8, frame->Rsi, "rdi"u8, frame->Rdi, "rbp"u8, frame->Rbp, "rsp"u8, frame->Rsp);
        ReportFour("r8 "u8, frame->R8, "r9 "u8, frame->R9, "r10"u8, frame->R10, "r11"u8, frame->R11);
        ReportFour("r12"u8, frame->R12, "r13"u8, frame->R13, "r14"u8, frame->R14, "r15"u8, frame->R15);
        ReportFour("rip"u8, frame->Rip, "flg"u8, frame->Rflags, "err"u8, frame->ErrorCode, "cr2"u8, Cpu.ReadCr2());
    }

    private static void ReportFour(
        ReadOnlySpan<byte> name0, ulong value0, ReadOnlySpan<byte> name1, ulong value1,
        ReadOnlySpan<byte> name2, ulong value2, ReadOnlySpan<byte> name3, ulong value3)
    {
        Span<byte> buffer = stackalloc byte[128];
        var line = new Utf8Writer(buffer);
        AppendRegister(ref line, name0, value0);
        AppendRegister(ref line, name1, value1);
        AppendRegister(ref line, name2, value2);
        AppendRegister(ref line, name3, value3);
        Report(line.Written);
    }

    private static void AppendRegister(ref Utf8Writer line, ReadOnlySpan<byte> name, ulong value)
    {
        line.Append("  "u8);
        line.Append(name);
        line.Append((byte)' ');
        line.AppendHex(value, 16);
    }
}
