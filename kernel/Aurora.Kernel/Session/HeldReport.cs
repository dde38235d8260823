// A session that is only looked at: restored, and then, instead of running, described: its processes on the log, each line beginning "held: ", and what
// was last on its screen on the console. Nothing is captured or written. Then the machine is off, so that the image can be read by the tools.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Hal;
using Aurora.Posix.Processes;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Kernel;

/// <summary>Describes a restored session instead of running it.</summary>
internal sealed unsafe class HeldReport(
    Hardware hardware, CheckpointEngine engine, PidNamespace processes, TerminalService terminals, FailedStarts failedStarts)
{
    /// <summary>Describes the restored session and ends the machine.</summary>
    public void ShowAndPowerOff()
    {
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("held: epoch "u8);
        line.AppendDecimal(engine.RestoredEpoch);
        line.Append(", processes: "u8);
        line.AppendDecimal(processes.ProcessCount);
        line.Append(", failed starts in a row: "u8);
        line.AppendDecimal(failedStarts.Count);
        KernelLog.Line(line.Written);
        for (Process* process = processes.NextProcess(1); process != null; process = processes.NextProcess(process->Id + 1))
            Describe(process);
        Terminal* console = terminals.ConsoleOf(processes.Group);
        if (console != null)
            ShowScreen(console);
        KernelLog.Line("@poweroff 0"u8);
        hardware.PowerOff(0);
    }

    private static void Describe(Process* process)
    {
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("held: process "u8);
        line.AppendDecimal(process->Id);
        line.Append(" ("u8);
        line.Append(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(process->Name));
        line.Append(") of "u8);
        line.AppendDecimal(process->Parent == null ? 0 : process->Parent->Id);
        line.Append(process->State != ProcessState.Alive ? ", ended"u8 : process->IsStopped ? ", stopped"u8 : ""u8);
        for (Thread* thread = process->FirstThread; thread != null && !line.Truncated; thread = thread->NextOfProcess)
        {
            line.Append(", thread "u8);
            line.AppendDecimal(thread->Id);
            line.Append(" at 0x"u8);
            line.AppendHex(thread->Context->Rip);
        }
        KernelLog.Line(line.Written);
    }

    private void ShowScreen(Terminal* console)
    {
        Span<byte> screen = stackalloc byte[Terminal.ScreenBytes];
        int length = TerminalRings.CopyScreen(console, screen);
        for (int shown = 0; shown < length;)
        {
            shown += hardware.Console.Write(screen[shown..length]);
            hardware.Console.Flush();
        }
    }
}
