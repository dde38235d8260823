using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Aurora.Testing;
using Xunit;

namespace Aurora.Base.Tests;

/// <summary>What the kernel tells of itself: the ring at its boundaries, what is told when, and the text it becomes.</summary>
public sealed unsafe class TraceTests : IDisposable
{
    private const int Slots = 8;

    private sealed class HandClock : Clock
    {
        private ulong _now = 1;

        public override ulong MonotonicNanoseconds => _now;
        public override ulong RealtimeNanoseconds => _now;

        public void Advance(ulong nanoseconds) => _now += nanoseconds;
    }

    private readonly HostPageAllocator _pages = new();
    private readonly HandClock _clock = new();

    public TraceTests() => HostEnvironment.Install();

    public void Dispose() => _pages.Dispose();

    private TraceRing MakeRing(ulong first = 0) => new((TraceEvent*)_pages.Allocate(1), Slots, first);

    private static List<ulong> Read(ref TraceRing ring, ref ulong position)
    {
        List<ulong> found = [];
        for (;;)
        {
            ReadOnlySpan<TraceEvent> events = ring.From(ref position);
            if (events.IsEmpty)
                return found;
            foreach (TraceEvent item in events)
                found.Add(item.Argument);
            position += (ulong)events.Length;
        }
    }

    [Fact]
    public void A_ring_gives_all_but_one_of_its_slots_and_the_newest_whatever_was_written()
    {
        for (ulong written = 0; written < 3 * Slots; written++)
        {
            TraceRing ring = MakeRing();
            for (ulong i = 0; i < written; i++)
                ring.Add(new TraceEvent { Argument = i });
            ulong position = 0;
            List<ulong> found = Read(ref ring, ref position);
            Assert.Equal((int)Math.Min(written, Slots - 1), found.Count);
            for (int i = 0; i < found.Count; i++)
                Assert.Equal(written - (ulong)(found.Count - i), found[i]);
            Assert.Equal(written, position);
        }
    }

    [Fact]
    public void A_reader_that_goes_on_misses_nothing_until_it_is_late_and_knows_how_much_then()
    {
        TraceRing ring = MakeRing();
        ulong position = 0;
        ulong next = 0;
        for (ulong more = 0; more < Slots; more++)
        {
            for (ulong i = 0; i < more; i++)
                ring.Add(new TraceEvent { Argument = next++ });
            Assert.Equal((int)more, Read(ref ring, ref position).Count);
        }
        ulong before = position;
        for (int i = 0; i < Slots + 2; i++)
            ring.Add(new TraceEvent { Argument = next++ });
        Assert.Equal(Slots - 1, Read(ref ring, ref position).Count);
        Assert.Equal((ulong)Slots + 2, position - before);
    }

    [Fact]
    public void What_is_written_over_while_it_is_copied_is_known_not_to_be_intact()
    {
        TraceRing ring = MakeRing();
        for (int i = 0; i < Slots - 1; i++)
            ring.Add(default);
        ulong position = 0;
        Assert.False(ring.From(ref position).IsEmpty);
        Assert.True(ring.IsIntact(position));
        ring.Add(default);

        // The slot at the position is the next one that is written.
        Assert.False(ring.IsIntact(position));
        Assert.True(ring.IsIntact(position + 1));
        Assert.False(ring.From(ref position).IsEmpty);
        Assert.Equal((1UL, true), (position, ring.IsIntact(position)));
    }

    [Fact]
    public void A_position_that_has_not_come_yet_means_the_end()
    {
        TraceRing ring = MakeRing();
        ring.Add(default);
        ulong position = 5;
        Assert.True(ring.From(ref position).IsEmpty);
        Assert.Equal(1UL, position);
    }

    [Fact]
    public void A_position_of_an_earlier_boot_is_not_known_and_those_of_this_one_are()
    {
        const ulong boot = 1_000_003;
        TraceRing ring = MakeRing(boot);
        Assert.Equal((boot, boot), (ring.Start, ring.End));
        Assert.Equal((false, true, false), (ring.Knows(boot - 1), ring.Knows(boot), ring.Knows(boot + 1)));
        for (ulong i = 0; i < 3 * Slots; i++)
        {
            ring.Add(new TraceEvent { Argument = i });
            ulong position = boot;
            Assert.Equal((int)Math.Min(i + 1, Slots - 1), Read(ref ring, ref position).Count);
            Assert.Equal((boot + i + 1, true, false), (position, ring.Knows(position), ring.Knows(position + 1)));
        }
        Assert.Equal((false, false, true), (ring.Knows(0), ring.Knows(boot - 1), ring.Knows(boot)));
    }

    [Fact]
    public void Nothing_is_told_while_it_is_off_and_a_log_without_memory_is_never_on()
    {
        var none = new TraceLog();
        ulong position = 0;
        Assert.False(none.IsPossible || none.Knows(0));
        Assert.Equal((0UL, true), (none.Begin(), none.From(ref position).IsEmpty));

        ulong boot = _clock.RealtimeNanoseconds;
        var log = new TraceLog(_pages, _clock);
        Tell(log, TraceKind.Cut);
        log.Look();
        log.Leave(log.Enter(1, 1));
        Assert.Equal(boot, log.Written);
        Assert.True(log.Start(0, tellsFaults: true, out ulong number));
        Assert.Equal((boot, boot + 1, true), (number, log.Written, log.TellsFaults));
        ulong begun = log.Begin();
        Assert.True(log.Stop(number));

        // What was under way is not told.
        log.End(TraceKind.Cut, begun, 0);
        Assert.Equal((boot + 1, false), (log.Written, log.TellsFaults));
    }

    [Fact]
    public void What_began_in_a_trace_before_is_not_told_in_the_next()
    {
        var log = new TraceLog(_pages, _clock);
        Assert.True(log.Start(0, tellsFaults: false, out ulong first));
        ulong begun = log.Begin();
        _clock.Advance(10);
        Assert.True(log.Stop(first));
        Assert.True(log.Start(0, tellsFaults: false, out ulong second));
        log.End(TraceKind.Cut, begun, 0);
        log.EndLong(1, TraceKind.Run, begun, 0);
        log.EndFor(1, TraceKind.Turn, begun, 0);
        log.Tell(1, TraceKind.Freeze, ref begun, 20, 0);
        Assert.Equal(second + 1, log.Written);
        Tell(log, TraceKind.Cut);
        Assert.Equal(second + 2, log.Written);
    }

    [Fact]
    public void One_is_made_at_a_time_and_only_who_knows_it_ends_it()
    {
        var log = new TraceLog(_pages, _clock);
        Assert.True(log.Start(1000, tellsFaults: false, out ulong first));
        Assert.False(log.Start(0, tellsFaults: true, out _));
        Assert.False(log.TellsFaults);
        Assert.True(log.Stop(first));
        Assert.True(log.Start(0, tellsFaults: true, out ulong second));

        // Nothing was told in the first, and they have numbers of their own nevertheless.
        Assert.NotEqual(first, second);
        Assert.False(log.Stop(first));
        Assert.True(log.IsOn);
        Assert.True(log.Stop(second));
        Assert.False(log.Stop(second));
        ulong position = first;
        foreach (TraceEvent item in log.From(ref position).ToArray())
            Assert.Equal((ushort)TraceKind.Begin, item.Kind);
        Assert.Equal(second + 1, position + 2);
    }

    [Fact]
    public void One_that_nobody_listens_to_ends_by_itself_and_gives_way_to_another()
    {
        var log = new TraceLog(_pages, _clock);
        Assert.True(log.Start(1000, tellsFaults: true, out ulong first));
        for (int i = 0; i < 5; i++)
        {
            _clock.Advance(TraceLog.SilenceNanoseconds - 1);
            log.Hear(first);
            Assert.NotEqual(0UL, log.Begin());
        }

        // Who listens to another does not count.
        _clock.Advance(TraceLog.SilenceNanoseconds - 1);
        log.Hear(first - 1);
        _clock.Advance(1);
        ulong written = log.Written;
        Assert.Equal(0UL, log.Begin());
        Assert.False(log.IsOn || log.TellsFaults);
        log.Hear(first);
        Assert.False(log.IsOn);
        Assert.False(log.Stop(first));
        Assert.Equal(written, log.Written);

        // Also at the look of a fiber, which is no stretch then, and when another is begun.
        Assert.True(log.Start(1000, tellsFaults: false, out ulong second));
        _clock.Advance(TraceLog.SilenceNanoseconds);
        log.Look();
        Assert.Equal((false, second + 1), (log.IsOn, log.Written));
        Assert.True(log.Start(1000, tellsFaults: false, out _));
        _clock.Advance(TraceLog.SilenceNanoseconds);
        Assert.True(log.Start(1000, tellsFaults: false, out _));
    }

    [Fact]
    public void Who_did_it_for_whom_and_how_long_is_told_and_what_is_short_is_not_where_it_need_not_be()
    {
        var log = new TraceLog(_pages, _clock);
        Assert.True(log.Start(1000, tellsFaults: false, out ulong position));
        position++;
        ulong run = log.Enter(3, TraceEvent.NoGroup);
        log.Group = 9;
        Tell(log, TraceKind.Sum);
        log.Look();
        _clock.Advance(999);
        log.Look();
        _clock.Advance(1000);
        log.Look();
        log.Leave(run);
        Assert.Equal((0, TraceEvent.NoGroup), (log.Fiber, log.Group));
        ulong call = log.Begin();
        _clock.Advance(999);
        log.EndLong(5, TraceKind.Call, call, 1);
        ulong at = 100;
        log.Tell(7, TraceKind.Freeze, ref at, 20, 4);
        Assert.Equal(120UL, at);

        TraceEvent[] events = log.From(ref position).ToArray();
        Assert.Equal(4, events.Length);
        Assert.Equal((9U, 3, 10UL), (events[0].Group, events[0].Fiber, events[0].DurationNanoseconds));
        Assert.Equal(
            ((ushort)TraceKind.Stretch, 0, 3UL, 1000UL),
            (events[1].Kind, events[1].Fiber, events[1].Argument, events[1].DurationNanoseconds));
        Assert.Equal(
            ((ushort)TraceKind.Run, 0, 3UL, 2009UL), (events[2].Kind, events[2].Fiber, events[2].Argument, events[2].DurationNanoseconds));
        Assert.Equal(
            ((ushort)TraceKind.Freeze, 7U, 100UL, 20UL),
            (events[3].Kind, events[3].Group, events[3].StartNanoseconds, events[3].DurationNanoseconds));
    }

    [Fact]
    public void The_text_is_a_list_of_complete_events_that_a_reader_of_json_understands()
    {
        Span<byte> buffer = stackalloc byte[4096];
        var text = new Utf8Writer(buffer);
        TraceText.Begin(ref text);
        TraceText.Group(ref text, 0, "host"u8);
        var first = new TraceEvent
        {
            Kind = (ushort)TraceKind.Freeze, StartNanoseconds = 1_234_567, DurationNanoseconds = 89, Group = 2, Argument = ulong.MaxValue,
        };
        var second = new TraceEvent { Kind = (ushort)TraceKind.Cut, Fiber = 4, Group = TraceEvent.NoGroup };
        int before = text.Length;
        TraceText.Event(ref text, in first);
        Assert.InRange(text.Length - before, 1, TraceText.MostBytes);
        TraceText.Event(ref text, in second);
        TraceText.End(ref text, 3);
        Assert.False(text.Truncated);

        using JsonDocument document = JsonDocument.Parse(text.Written.ToArray());
        JsonElement events = document.RootElement.GetProperty("traceEvents");
        Assert.Equal(4, events.GetArrayLength());
        Assert.Equal("host", events[1].GetProperty("args").GetProperty("name").GetString());
        JsonElement freeze = events[2];
        Assert.Equal(("freeze", "X"), (freeze.GetProperty("name").GetString(), freeze.GetProperty("ph").GetString()));
        Assert.Equal((1234.567m, 0.089m), (freeze.GetProperty("ts").GetDecimal(), freeze.GetProperty("dur").GetDecimal()));
        Assert.Equal((2, 0), (freeze.GetProperty("pid").GetInt32(), freeze.GetProperty("tid").GetInt32()));
        Assert.Equal(ulong.MaxValue, freeze.GetProperty("args").GetProperty("n").GetUInt64());
        Assert.Equal((TraceText.KernelProcess, 4), (events[3].GetProperty("pid").GetUInt64(), events[3].GetProperty("tid").GetInt32()));
        Assert.Equal(3, document.RootElement.GetProperty("otherData").GetProperty("lost").GetInt32());
    }

    [Fact]
    public void Every_kind_has_a_name_of_its_own_and_an_event_has_the_size_that_programs_know()
    {
        HashSet<string> names = [];
        foreach (TraceKind kind in Enum.GetValues<TraceKind>())
            Assert.True(names.Add(Encoding.UTF8.GetString(TraceKindName.Of(kind))));
        Assert.Equal(TraceEvent.Size, Marshal.SizeOf<TraceEvent>());
        Assert.Equal(24, (int)Marshal.OffsetOf<TraceEvent>(nameof(TraceEvent.Group)));
        Assert.Equal(30, (int)Marshal.OffsetOf<TraceEvent>(nameof(TraceEvent.Kind)));
    }

    // It takes 10 ns.
    private void Tell(TraceLog log, TraceKind kind)
    {
        ulong start = log.Begin();
        _clock.Advance(10);
        log.End(kind, start, 0);
    }
}
