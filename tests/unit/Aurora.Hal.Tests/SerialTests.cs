using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Testing;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class SerialTests
{
    private readonly UartModel _uart = new(0x3f8);
    private readonly PostedEvents _events = new();
    private readonly SerialPort _port;

    public SerialTests()
    {
        HostEnvironment.Install();
        _port = new SerialPort(_uart, 0x3f8, new HostPageAllocator(), _events);
    }

    private void Serve()
    {
        for (int i = 0; i < 10_000 && _uart.InterruptLine; i++)
            _port.HandleInterrupt();
    }

    private string SentText => Encoding.UTF8.GetString([.. _uart.Sent]);

    [Fact]
    public void Without_interrupts_bytes_are_polled_out_at_once()
    {
        Assert.Equal(5, _port.Write("early"u8));
        Assert.Equal("early", SentText);
    }

    [Fact]
    public void With_interrupts_the_ring_is_drained_in_bursts_and_the_line_falls_silent()
    {
        _port.EnableInterrupts();
        byte[] text = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];
        Assert.Equal(1000, _port.Write(text));
        Assert.Empty(_uart.Sent);
        _port.HandleInterrupt();
        Assert.Equal(128, _uart.Sent.Count);
        Assert.True(_uart.InterruptLine);
        Serve();
        Assert.Equal(text, _uart.Sent);
        Assert.False(_uart.InterruptLine);
        _port.Write("x"u8);
        Serve();
        Assert.Equal((byte)'x', _uart.Sent[^1]);
    }

    [Fact]
    public void A_full_transmit_ring_accepts_less_and_posts_when_there_is_space_again()
    {
        _port.EnableInterrupts();
        byte[] much = new byte[100_000];
        int accepted = _port.Write(much);
        Assert.Equal(65536, accepted);
        Assert.Equal(0, _port.Write(much));
        Serve();
        Assert.NotEqual(0ul, _events.TakeAll() & (1ul << _port.SpaceEvent));
        Assert.Equal(65536, _uart.Sent.Count);
    }

    [Fact]
    public void Bytes_count_as_delivered_when_the_last_has_left()
    {
        _port.EnableInterrupts();
        Assert.Equal(0, _port.Undelivered);
        _port.Write("abc"u8);
        Assert.True(_port.Undelivered >= 3);
        _uart.IsBlocked = true;
        Serve();
        Assert.True(_port.Undelivered >= 3);
        _uart.IsBlocked = false;
        Serve();
        Assert.Equal("abc", SentText);
        Assert.Equal(0, _port.Undelivered);
    }

    [Fact]
    public void Nothing_is_lost_when_the_reader_is_slow()
    {
        _port.EnableInterrupts();
        int offered = 0;
        for (int i = 0; i < 50_000; i++)
        {
            if (_uart.Offer((byte)offered))
                offered++;
            if (_uart.InterruptLine)
                _port.HandleInterrupt();
        }
        Assert.Equal(16384 + 16, offered);
        Assert.False(_uart.InterruptLine);
        Assert.NotEqual(0ul, _events.TakeAll() & (1ul << _port.InputEvent));
        var received = new List<byte>();
        byte[] buffer = new byte[1000];
        for (int count; (count = _port.Read(buffer)) > 0; Serve())
            received.AddRange(buffer.Take(count));
        Assert.Equal(Enumerable.Range(0, offered).Select(i => (byte)i), received);
        Assert.Equal(0u, _port.OverrunCount);
    }

    [Fact]
    public void Overruns_are_counted()
    {
        _port.EnableInterrupts();
        _uart.RaiseOverrun();
        Serve();
        Assert.Equal(1u, _port.OverrunCount);
    }

    [Fact]
    public void An_emergency_sends_what_was_queued_first_and_gives_up_on_a_dead_line()
    {
        _port.EnableInterrupts();
        _port.Write("log "u8);
        _port.WriteEmergency("panic"u8);
        Assert.Equal("log panic", SentText);
        _uart.IsBlocked = true;
        _port.WriteEmergency("x"u8);
        Assert.Equal(1u, _port.DiscardedCount);
        Assert.Equal("log panic", SentText);
    }

    [Fact]
    public void A_missing_port_swallows_output()
    {
        var port = new SerialPort(new UartModel(0x2f8) { IsMissing = true }, 0x2f8, new HostPageAllocator(), _events);
        Assert.False(port.IsPresent);
        Assert.Equal(3, port.Write("abc"u8));
        Assert.Equal(0, port.Read(new byte[4]));
    }

    [Fact]
    public void Control_lines_are_whole_even_when_the_ring_is_full()
    {
        var channel = new ControlChannel(_port);
        _port.EnableInterrupts();
        _port.Write(new byte[65530]);
        channel.WriteLine("@ready and more"u8);
        Serve();
        Assert.EndsWith("@ready and more\n", SentText, StringComparison.Ordinal);
        Assert.Equal(65530 + 16, _uart.Sent.Count);
    }

    [Fact]
    public void The_channel_is_calm_as_long_as_little_waits_to_be_sent()
    {
        var channel = new ControlChannel(_port);
        _port.EnableInterrupts();
        channel.WriteLine(new byte[4094]);
        Assert.True(channel.IsCalm);
        channel.WriteLine(default);
        Assert.False(channel.IsCalm);
        _port.HandleInterrupt();
        Assert.True(channel.IsCalm);
    }

    [Fact]
    public void Commands_arrive_line_by_line_and_overlong_ones_are_dropped_whole()
    {
        var channel = new ControlChannel(_port);
        _port.EnableInterrupts();
        Send("eof\r\nwins");
        Assert.True(channel.TryReadCommand(out ReadOnlySpan<byte> command));
        Assert.Equal("eof"u8, command);
        Assert.False(channel.TryReadCommand(out _));
        Send("ize 24 80\n" + new string('x', 300) + "\npoweroff\n");
        Assert.True(channel.TryReadCommand(out command));
        Assert.Equal("winsize 24 80"u8, command);
        Assert.True(channel.TryReadCommand(out command));
        Assert.Equal("poweroff"u8, command);
        Assert.Equal(1u, channel.OverlongCount);
        Serve();
        Assert.Equal("control: a command of more than 256 bytes is not obeyed\n", SentText);
        Send(new string('x', 256) + "\n");
        Assert.True(channel.TryReadCommand(out command));
        Assert.Equal(256, command.Length);
    }

    private void Send(string text)
    {
        foreach (char character in text)
        {
            Assert.True(_uart.Offer((byte)character));
            Serve();
        }
    }

    [Property]
    public bool A_ring_is_a_queue(byte[][] writes, byte reads)
    {
        var ring = new ByteRing(new HostPageAllocator(), 1);
        var model = new Queue<byte>();
        byte[] buffer = new byte[reads + 1];
        foreach (byte[] bytes in writes)
        {
            byte[] large = [.. Enumerable.Repeat(bytes, 300).SelectMany(b => b)];
            int accepted = ring.Write(large);
            if (accepted != Math.Min(large.Length, ring.Capacity - model.Count))
                return false;
            foreach (byte value in large.Take(accepted))
                model.Enqueue(value);
            int count = ring.Read(buffer);
            for (int i = 0; i < count; i++)
            {
                if (model.Dequeue() != buffer[i])
                    return false;
            }
        }
        return ring.Count == model.Count;
    }
}
