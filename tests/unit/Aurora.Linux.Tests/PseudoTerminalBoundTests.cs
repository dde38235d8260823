using System;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Records;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Pseudo-terminals: what one write may take, and what a session and its terminal say of each other.</summary>
public sealed unsafe class PseudoTerminalBoundTests
{
    private const ulong Text = TestKernel.Scratch + 0x1000;
    private const int TextBytes = 4096;
    private const ulong TakeTerminal = 0x540E;

    // Begins a write and lets it take one turn.
    private static void Write(TestKernel kernel, Thread* thread, ulong file, byte value)
    {
        for (ulong at = 0; at < TextBytes; at++)
            kernel.Poke(thread, Text + at, value);
        UserContext* context = thread->Context;
        (context->Rax, context->Rdi, context->Rsi, context->Rdx) = (1, file, Text, TextBytes);
        context->Trap = UserContext.SystemCallTrap;
        context->Rip += 2;
        kernel.Trap(thread);
    }

    [Theory]
    [InlineData(0x11)] // ^Q
    [InlineData(0x03)] // ^C
    [InlineData(0x12)] // ^R
    [InlineData(0x15)] // ^U
    public void What_is_typed_over_the_line_is_done_some_at_a_time(byte value)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, _) = PseudoTerminalTests.Pair(kernel, init);
        PseudoTerminalTests.Write(kernel, init, master, new string('x', 1000));
        Write(kernel, init, master, value);
        Assert.True(init->Call.Active && init->State == ThreadState.Runnable);
        Assert.InRange(init->Call.Progress, 1UL, 64UL);
    }

    [Fact]
    public void A_line_of_tabs_is_killed_as_it_was_typed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, _) = PseudoTerminalTests.Pair(kernel, init);
        PseudoTerminalTests.Write(kernel, init, master, "a\tbc\t\t" + new string('d', 70) + "\t\t");
        PseudoTerminalTests.Write(kernel, init, master, "\x15");
        byte[] shown = new byte[4096];
        long count = kernel.Do(init, 0, master, Text, 4096);
        for (int i = 0; i < count; i++)
            shown[i] = kernel.Peek<byte>(init, Text + (ulong)i);
        int column = 0, furthest = 0;
        foreach (byte each in shown[..(int)count])
        {
            column = each switch { (byte)'\b' => column - 1, (byte)'\t' => (column / 8 * 8) + 8, _ => column + 1 };
            furthest = Math.Max(furthest, column);
        }
        Assert.Equal((0, 104), (column, furthest));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65)]
    public void A_word_of_bytes_that_no_character_begins_with_is_erased(int bytes)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = PseudoTerminalTests.Pair(kernel, init);
        PseudoTerminalTests.Write(kernel, init, master, "read\n");
        Assert.Equal(5, kernel.Do(init, 0, slave, Text, 100));
        // TCGETS, IUTF8, TCSETS.
        kernel.Do(init, 16, slave, 0x5401, Text);
        kernel.Poke(init, Text, kernel.Peek<uint>(init, Text) | 0x4000);
        kernel.Do(init, 16, slave, 0x5402, Text);
        byte[] typed = [.. "x "u8, .. Enumerable.Repeat((byte)0x80, bytes), 0x17, (byte)'y', (byte)'\n'];
        for (int i = 0; i < typed.Length; i++)
            kernel.Poke(init, Text + (ulong)i, typed[i]);
        Assert.Equal(typed.Length, kernel.Do(init, 1, master, Text, (ulong)typed.Length));
        string left = bytes == 0 ? "y\n" : "xy\n";
        Assert.Equal(left.Length, kernel.Do(init, 0, slave, Text, 100));
        for (int i = 0; i < left.Length; i++)
            Assert.Equal(left[i], (char)kernel.Peek<byte>(init, Text + (ulong)i));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_session_and_its_terminal_lead_to_each_other_or_are_refused(bool isTerminal)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (_, ulong slave) = PseudoTerminalTests.Pair(kernel, init);
        Thread* leader = kernel.Fork(init);
        kernel.Do(leader, 112);
        Assert.Equal(0, kernel.Do(leader, 16, slave, TakeTerminal, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        ulong session = leader->Process->ProcessGroup->Session->Header.Id.Value;
        ulong terminal = leader->Process->ProcessGroup->Session->Terminal->Id.Value;
        ulong id = isTerminal ? terminal : session;
        int place = isTerminal ? (int)Marshal.OffsetOf<TerminalRecord>(nameof(TerminalRecord.Session))
            : (int)Marshal.OffsetOf<SessionRecord>(nameof(SessionRecord.Terminal));
        byte[] changed = [.. image.Records[id].Payload];
        Assert.Equal(isTerminal ? session : terminal, BitConverter.ToUInt64(changed, place));
        changed.AsSpan(place, sizeof(ulong)).Clear();
        image.Records[id] = (image.Records[id].Kind, changed);
        Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
    }
}
