// Commands of the launcher on COM2 (see ControlChannel): eof, winsize ROWS COLS, checkpoint [NAME], poweroff; exec … runs programs in
// groups (LauncherExecCommands); for tests panic KIND, reset-disk, and corrupt: the next checkpoint finds an object that contradicts
// itself.
using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Hal;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;

namespace Aurora.Kernel;

/// <summary>Obeys the launcher.</summary>
internal sealed unsafe class ControlCommands(
    ControlChannel channel, NvmeDevice disk, CheckpointEngine engine, TerminalService terminals, ConsoleInput input,
    SessionControl control, LauncherExecCommands execs, ObjectTracker foreground)
{
    /// <summary>Obeys the commands that have arrived.</summary>
    public void ObeyAll()
    {
        while (channel.TryReadCommand(out ReadOnlySpan<byte> command))
            Obey(command);
    }

    private void Obey(ReadOnlySpan<byte> command)
    {
        if (command.SequenceEqual("eof"u8))
            input.End();
        else if (command.StartsWith("winsize "u8))
            SetWindow(command["winsize "u8.Length..]);
        else if (command.SequenceEqual("checkpoint"u8))
            engine.Request();
        else if (command.StartsWith("checkpoint "u8))
            RequestNamed(command["checkpoint "u8.Length..]);
        else if (command.StartsWith("exec "u8))
            execs.Obey(command["exec "u8.Length..]);
        else if (command.SequenceEqual("reset-disk"u8))
            disk.Controller.Reset();
        else if (command.StartsWith("panic "u8))
            DeliberateFailure.Run(command["panic "u8.Length..]);
        else if (command.SequenceEqual("corrupt"u8))
            engine.ProvokedViolations = 1;
        else if (command.SequenceEqual("poweroff"u8))
            control.PowerOff();
        else
            KernelLog.Line("control: unknown command"u8);
    }

    private void RequestNamed(ReadOnlySpan<byte> name)
    {
        Errno error = engine.RequestNamed(foreground, name, out _);
        if (error != Errno.Ok)
            KernelLog.Line(error == Errno.EAGAIN ? "control: a named checkpoint is under way"u8 : "control: no named checkpoint can be taken"u8);
    }

    private void SetWindow(ReadOnlySpan<byte> sizes)
    {
        bool isValid = Utf8Parser.TryParse(sizes, out ushort rows, out int used) && used < sizes.Length && sizes[used] == ' '
            && Utf8Parser.TryParse(sizes[(used + 1)..], out ushort columns, out int rest) && used + 1 + rest == sizes.Length
            && rows != 0 && columns != 0 && SetWindow(rows, columns);
        if (!isValid)
            KernelLog.Line("control: winsize wants ROWS COLS"u8);
    }

    private bool SetWindow(ushort rows, ushort columns)
    {
        terminals.Settings.SetWindow(terminals.ConsoleOf(foreground), new WindowSize { Rows = rows, Columns = columns });
        return true;
    }
}
