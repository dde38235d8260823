using System;
using System.Linq;
using System.Text;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

public sealed unsafe class TerminalTests
{
    private const ulong Scratch = TestKernel.Scratch;

    private static string? Read(TestKernel kernel, Thread* thread, ulong count = 4096)
    {
        long? result = kernel.Call(thread, 0, 0, Scratch, count);
        if (result is null or < 0)
            return result?.ToString();
        var text = new StringBuilder();
        for (ulong i = 0; i < (ulong)result.Value; i++)
            text.Append((char)kernel.Peek<byte>(thread, Scratch + i));
        return text.ToString();
    }

    private static void Change(TestKernel kernel, Thread* thread, ref Termios settings)
    {
        kernel.Poke(thread, Scratch, settings);
        kernel.Do(thread, 16, 0, 0x5402, Scratch);
    }

    // ^? is DEL (erase), ^U kill, ^W word erase, ^V literal, ^R reprint, ^D end of file; <- is what an erased column looks like.
    [Theory]
    [InlineData("abc\n", "abc\n", "abc\r\n")]
    [InlineData("abc\r", "abc\n", "abc\r\n")]
    [InlineData("abx\x7f" + "c\n", "abc\n", "abx<-c\r\n")]
    [InlineData("\x7f\x7f" + "a\n", "a\n", "a\r\n")]
    [InlineData("wrong\x15right\n", "right\n", "wrong<-<-<-<-<-right\r\n")]
    [InlineData("one two\x17three\n", "one three\n", "one two<-<-<-three\r\n")]
    [InlineData("one two  \x17x\n", "one x\n", "one two  <-<-<-<-<-x\r\n")]
    [InlineData("a\x16\x03" + "b\n", "a\x03" + "b\n", "a^\b^Cb\r\n")]
    [InlineData("a\x01\x7f" + "b\n", "ab\n", "a^A<-<-b\r\n")]
    [InlineData("a\tb\x7f\x7f" + "c\n", "ac\n", "a\tb<-\b\b\b\b\b\b\bc\r\n")]
    [InlineData("h\xc3\xa9\x7fi\n", "hi\n", "h\xc3\xa9<-i\r\n")]
    [InlineData("ab\x12" + "c\n", "abc\n", "ab^R\r\nabc\r\n")]
    [InlineData("ab\x04", "ab", "ab")]
    public void A_line_is_edited_and_echoed(string typed, string line, string echo)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Type(typed);
        Assert.Equal(echo.Replace("<-", "\b \b"), kernel.Console.Take());
        Assert.Equal(line, Read(kernel, init));
        Assert.Null(Read(kernel, init));
    }

    [Fact]
    public void An_end_of_file_counts_once_and_only_where_it_stands()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Type("abc\x04\x04" + "d\n");
        Assert.Equal("abc", Read(kernel, init, 3));
        Assert.Equal("", Read(kernel, init));
        Assert.Equal("d", Read(kernel, init, 1));
        Assert.Equal("\n", Read(kernel, init, 1));
    }

    [Fact]
    public void A_full_line_keeps_room_for_its_end()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Type(new string('x', 5000) + "\n");
        string? line = Read(kernel, init, 8192);
        Assert.Equal(4096, line!.Length);
        Assert.EndsWith("x\n", line, System.StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_is_seen_behind_input_that_nobody_reads()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        kernel.Do(program, 112);
        kernel.OpenTerminal(program);
        Terminal* console = kernel.Terminals.ConsoleOf(kernel.Tracker);
        byte[] lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("line\n", 1000)));
        int taken = kernel.Terminals.Input.Receive(console, lines);
        Assert.InRange(taken, 4000, 4999);
        Assert.False(TerminalInput.CanReceive(console));
        Assert.Equal(0, kernel.Terminals.Input.ReceiveSignal(console, lines.AsSpan(taken)));
        Assert.Equal(5, kernel.Terminals.Input.ReceiveSignal(console, "more\x03rest"u8));
        Assert.True(program->Process->Pending.Set.Contains(Signal.SIGINT));
        Assert.True(TerminalInput.CanReceive(console));
        Assert.Equal(0, console->InputCount);
    }

    [Fact]
    public void A_line_of_any_length_keeps_the_column_in_bounds()
    {
        using var kernel = new TestKernel();
        kernel.Boot();
        Terminal* console = kernel.Terminals.ConsoleOf(kernel.Tracker);
        foreach (int column in new[] { int.MaxValue, -1, Terminal.ColumnMask })
        {
            console->Column = column;
            console->Settings.OutputFlags |= TermiosFlags.ExpandTabs;
            Assert.Equal(3, kernel.Terminals.Output.Write(console, "a\tb"u8));
            Assert.InRange(console->Column, 0, Terminal.ColumnMask);
        }
    }

    [Theory]
    [InlineData(1, 0, "", false, "")]
    [InlineData(1, 0, "a", true, "a")]
    [InlineData(3, 0, "ab", false, "")]
    [InlineData(3, 0, "abcd", true, "abcd")]
    [InlineData(0, 0, "", true, "")]
    [InlineData(0, 5, "", false, "")]
    [InlineData(2, 5, "a", false, "a")]
    public void Raw_reads_obey_minimum_and_time(byte minimum, byte time, string typed, bool returnsAtOnce, string afterTime)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Do(init, 16, 0, 0x5401, Scratch);
        var settings = kernel.Peek<Termios>(init, Scratch);
        settings.LocalFlags &= ~(TermiosFlags.Canonical | TermiosFlags.Echo | TermiosFlags.Signals);
        settings.Characters[ControlCharacter.Minimum] = minimum;
        settings.Characters[ControlCharacter.Time] = time;
        Change(kernel, init, ref settings);
        kernel.Type(typed);
        string? read = Read(kernel, init);
        Assert.Equal(returnsAtOnce, read != null);
        if (returnsAtOnce)
            Assert.Equal(afterTime, read);
        if (returnsAtOnce || time == 0)
            return;
        kernel.Advance(499_999_999);
        Assert.Null(kernel.Resume(init));
        kernel.Advance(1);
        Assert.Equal(afterTime.Length, kernel.Resume(init));
    }

    [Fact]
    public void Settings_in_the_form_of_System_V_leave_what_they_do_not_have()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Do(init, 16, 0, 0x5401, Scratch);
        var before = kernel.Peek<Termios>(init, Scratch);
        kernel.Do(init, 16, 0, 0x5405, Scratch);
        var old = kernel.Peek<OldTermios>(init, Scratch);
        Assert.Equal(((ushort)before.LocalFlags, (byte)28), (old.LocalFlags, old.Characters[ControlCharacter.Quit]));
        old.LocalFlags &= unchecked((ushort)~TermiosFlags.Echo);
        old.Characters[ControlCharacter.Interrupt] = 1;
        kernel.Poke(init, Scratch, old);
        Assert.Equal(0, kernel.Do(init, 16, 0, 0x5407, Scratch));
        kernel.Do(init, 16, 0, 0x5401, Scratch);
        var after = kernel.Peek<Termios>(init, Scratch);
        before.LocalFlags &= ~TermiosFlags.Echo;
        before.Characters[ControlCharacter.Interrupt] = 1;
        Assert.True(new Span<byte>(&before, Termios.ShortBytes).SequenceEqual(new Span<byte>(&after, Termios.ShortBytes)));
        foreach (int command in new[] { 0x5405, 0x5406, 0x5407, 0x5408 })
            Assert.Equal(-(long)Errno.EFAULT, kernel.Call(init, 16, 0, (ulong)command, 0x10));
        Assert.Equal(OldTermios.Bytes, sizeof(OldTermios));
    }

    [Fact]
    public void A_plain_console_is_a_pipe()
    {
        using var kernel = new TestKernel(isPlain: true);
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        Assert.Equal(-(long)Errno.ENOTTY, kernel.Call(init, 16, 0, 0x5401, Scratch));
        kernel.Type("a\x03\x04\r\n");
        Assert.Equal("", kernel.Console.Take());
        Assert.Equal("a\x03\x04\r\n", Read(kernel, init));
        Assert.Null(Read(kernel, init));
        kernel.Terminals.Input.End(kernel.Terminals.ConsoleOf(kernel.Tracker));
        Assert.Equal(0, kernel.Resume(init));
        kernel.PokeText(init, Scratch, "x\n");
        kernel.Do(init, 1, 1, Scratch, 2);
        Assert.Equal("x\n", kernel.Console.Take());
    }

    [Fact]
    public void A_writer_waits_for_room_and_loses_nothing()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        string text = string.Concat(Enumerable.Range(0, 200).Select(i => $"line {i}\n"));
        kernel.PokeText(init, Scratch, text);
        kernel.Console.Limit = 300;
        long? result = kernel.Call(init, 1, 1, Scratch, (ulong)text.Length);
        var seen = new StringBuilder();
        while (result == null)
        {
            seen.Append(kernel.Console.Take());
            kernel.Scheduler.WakeAll(kernel.Console.Space);
            result = kernel.Resume(init);
        }
        seen.Append(kernel.Console.Take());
        Assert.Equal(text.Length, result);
        Assert.Equal(text.Replace("\n", "\r\n"), seen.ToString());
        byte[] screen = new byte[8];
        Assert.Equal(8, TerminalRings.CopyScreen(kernel.Terminals.ConsoleOf(kernel.Tracker), screen));
        Assert.Equal("ne 199\r\n", Encoding.Latin1.GetString(screen));
    }

    [Fact]
    public void The_stop_character_holds_output()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Type("\x13");
        kernel.PokeText(init, Scratch, "hello");
        Assert.Null(kernel.Call(init, 1, 1, Scratch, 5));
        Assert.Equal("", kernel.Console.Take());
        kernel.Type("\x11");
        Assert.Equal(5, kernel.Resume(init));
        Assert.Equal("hello", kernel.Console.Take());
    }

    /// <summary>A shell (init, session leader) with a job in a group of its own, in the foreground.</summary>
    private static Thread* StartJob(TestKernel kernel, Thread* shell)
    {
        Thread* job = kernel.Fork(shell);
        kernel.Do(job, 109, 0, 0);
        kernel.Poke(shell, Scratch, job->Id);
        kernel.Do(shell, 16, 0, 0x5410, Scratch);
        return job;
    }

    [Theory]
    [InlineData("\x03", Signal.SIGINT)]
    [InlineData("\x1c", Signal.SIGQUIT)]
    public void Control_characters_reach_the_foreground_job_only(string typed, Signal signal)
    {
        using var kernel = new TestKernel();
        Thread* shell = kernel.Boot();
        kernel.OpenTerminal(shell);
        Thread* job = StartJob(kernel, shell);
        Assert.Null(kernel.Call(job, 34));
        kernel.Type("half" + typed);
        Assert.Null(kernel.Resume(job));
        Assert.Equal(2, kernel.Do(shell, 61, ulong.MaxValue, Scratch, 0, 0));
        Assert.Equal((int)signal, kernel.Peek<int>(shell, Scratch) & 0x7F);
        Assert.Equal(0, kernel.Terminals.ConsoleOf(kernel.Tracker)->InputCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_reader_that_gets_into_the_background_while_it_waits_goes_on_waiting(bool splices)
    {
        using var kernel = new TestKernel();
        Thread* shell = kernel.Boot();
        kernel.OpenTerminal(shell);
        Thread* job = StartJob(kernel, shell);
        kernel.Do(job, 22, Scratch);
        int end = kernel.Peek<int>(job, Scratch + 4);
        if (splices)
            Assert.Null(kernel.Call(job, 275, 0, 0, (ulong)end, 0, 100, 0));
        else
            Assert.Null(Read(kernel, job));
        kernel.Poke(shell, Scratch, new SignalAction { Handler = SignalAction.Ignore });
        kernel.Do(shell, 13, (ulong)Signal.SIGTTOU, Scratch, 0, 8);
        kernel.Poke(shell, Scratch, 1);
        kernel.Do(shell, 16, 0, 0x5410, Scratch);
        kernel.Scheduler.Wake(job);
        Assert.Null(kernel.Resume(job));
        Assert.Equal(ThreadState.Blocked, job->State);
        kernel.Type("line\n");
        Assert.Equal(5, kernel.Resume(job));
    }

    [Fact]
    public void A_thread_that_was_stopped_while_it_read_looks_anew_who_has_the_terminal()
    {
        using var kernel = new TestKernel();
        Thread* shell = kernel.Boot();
        kernel.OpenTerminal(shell);
        Thread* job = StartJob(kernel, shell);
        Thread* reader = kernel.ThreadOf(kernel.Do(job, 56, 0x10F00, 0, 0, 0, 0));
        kernel.Resume(reader);
        Assert.Null(Read(kernel, reader));
        kernel.Type("\x1a");
        Assert.Null(kernel.Resume(job->State == ThreadState.Runnable ? job : reader));
        Assert.Equal(ThreadState.Stopped, job->State);
        Assert.Equal(ThreadState.Stopped, reader->State);
        kernel.Poke(shell, Scratch, new SignalAction { Handler = SignalAction.Ignore });
        kernel.Do(shell, 13, (ulong)Signal.SIGTTOU, Scratch, 0, 8);
        kernel.Poke(shell, Scratch, 1);
        kernel.Do(shell, 16, 0, 0x5410, Scratch);
        kernel.Do(shell, 62, unchecked((ulong)-2L), (ulong)Signal.SIGCONT);
        Assert.Null(kernel.Resume(reader));
        Assert.Equal(ThreadState.Stopped, reader->State);
        Assert.Equal((int)Signal.SIGTTIN, job->Process->StopReport);
        kernel.Type("for the shell\n");
        Assert.Equal("for the shell\n", Read(kernel, shell));
    }

    [Fact]
    public void A_background_reader_stops_and_continues_in_the_foreground()
    {
        using var kernel = new TestKernel();
        Thread* shell = kernel.Boot();
        kernel.OpenTerminal(shell);
        Thread* job = StartJob(kernel, shell);
        kernel.Type("\x1a");
        Assert.Null(kernel.Resume(job));
        Assert.Equal(ThreadState.Stopped, job->State);
        Assert.Equal(2, kernel.Do(shell, 61, ulong.MaxValue, Scratch, 2, 0));
        Assert.Equal(WaitStatus.Stopped((int)Signal.SIGTSTP), kernel.Peek<int>(shell, Scratch));
        // The shell ignores SIGTTOU while it takes the terminal back, then lets the job run in the background.
        kernel.Poke(shell, Scratch, new SignalAction { Handler = SignalAction.Ignore });
        kernel.Do(shell, 13, (ulong)Signal.SIGTTOU, Scratch, 0, 8);
        kernel.Poke(shell, Scratch, 1);
        kernel.Do(shell, 16, 0, 0x5410, Scratch);
        kernel.Do(shell, 62, unchecked((ulong)-2L), (ulong)Signal.SIGCONT);
        kernel.Resume(job);
        Assert.Null(Read(kernel, job));
        Assert.Equal(ThreadState.Stopped, job->State);
        Assert.Equal(WaitStatus.Stopped((int)Signal.SIGTTIN), WaitStatus.Stopped(job->Process->StopReport));
        kernel.Poke(shell, Scratch, 2);
        kernel.Do(shell, 16, 0, 0x5410, Scratch);
        kernel.Do(shell, 62, unchecked((ulong)-2L), (ulong)Signal.SIGCONT);
        Assert.Null(kernel.Resume(job));
        kernel.Type("now\n");
        Assert.Equal(4, kernel.Resume(job));
    }

    [Fact]
    public void The_end_of_a_session_leader_hangs_up_and_orphans_get_to_know()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* shell = kernel.Fork(init);
        kernel.Do(shell, 112);
        kernel.OpenTerminal(shell);
        Thread* foreground = StartJob(kernel, shell);
        Thread* stopped = kernel.Fork(shell);
        kernel.Do(stopped, 109, 0, 0);
        kernel.Do(shell, 62, (ulong)stopped->Id, (ulong)Signal.SIGSTOP);
        kernel.Resume(stopped);
        kernel.Call(shell, 231, 0);
        Assert.True(kernel.Terminals.ConsoleOf(kernel.Tracker)->Session == null);
        Assert.Null(kernel.Resume(foreground));
        Assert.Null(kernel.Resume(stopped));
        for (int i = 0; i < 3; i++)
            Assert.True(kernel.Do(init, 61, ulong.MaxValue, Scratch, 1, 0) > 0);
        Assert.Equal(1, kernel.Pids.ProcessCount);
    }

    [Fact]
    public void A_changed_window_is_announced()
    {
        using var kernel = new TestKernel();
        Thread* shell = kernel.Boot();
        kernel.OpenTerminal(shell);
        kernel.Poke(shell, Scratch, SignalSet.Of(Signal.SIGWINCH).Bits);
        kernel.Do(shell, 14, 0, Scratch, 0, 8);
        kernel.Terminals.Settings.SetWindow(kernel.Terminals.ConsoleOf(kernel.Tracker), new WindowSize { Rows = 50, Columns = 132 });
        Assert.Equal((long)Signal.SIGWINCH, kernel.Do(shell, 128, Scratch, 0, 0, 8));
        kernel.Do(shell, 16, 0, 0x5413, Scratch);
        Assert.Equal(50, kernel.Peek<WindowSize>(shell, Scratch).Rows);
    }
}
