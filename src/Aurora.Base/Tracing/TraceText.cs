// Events as Chrome trace-event JSON, which about://tracing and Perfetto open: an object with a list of events, of which all that happened
// are "complete" ones (ph X) with a beginning and a duration in microseconds. A process of it is a group, by its number, and the kernel's
// own work is a process of its own; a thread of it is a fiber, 0 the main loop. Events need not be in order.
using System;

namespace Aurora.Base;

/// <summary>Formats a trace, a piece at a time.</summary>
public static class TraceText
{
    /// <summary>The process that the kernel's own work is shown as.</summary>
    public const ulong KernelProcess = 1_000_000;

    /// <summary>The most that one piece takes, with a name of up to 64 bytes.</summary>
    public const int MostBytes = 256;

    /// <summary>What comes before the events: a list is begun, which has the kernel's name in it.</summary>
    public static void Begin(ref Utf8Writer text)
    {
        text.Append("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"u8);
        Name(ref text, KernelProcess, "kernel"u8);
    }

    /// <summary>What a group is called: of such names JSON changes no letter.</summary>
    public static void Group(ref Utf8Writer text, ulong number, ReadOnlySpan<byte> name)
    {
        text.Append(",\n"u8);
        Name(ref text, number, name);
    }

    /// <summary>An event.</summary>
    public static void Event(ref Utf8Writer text, in TraceEvent item)
    {
        text.Append(",\n{\"name\":\""u8);
        text.Append(TraceKindName.Of((TraceKind)item.Kind));
        text.Append("\",\"ph\":\"X\",\"ts\":"u8);
        Microseconds(ref text, item.StartNanoseconds);
        text.Append(",\"dur\":"u8);
        Microseconds(ref text, item.DurationNanoseconds);
        text.Append(",\"pid\":"u8);
        text.AppendDecimal(item.Group == TraceEvent.NoGroup ? KernelProcess : item.Group);
        text.Append(",\"tid\":"u8);
        text.AppendDecimal((ulong)item.Fiber);
        text.Append(",\"args\":{\"n\":"u8);
        text.AppendDecimal(item.Argument);
        text.Append("}}"u8);
    }

    /// <summary>What comes behind them: how many the ring had lost.</summary>
    public static void End(ref Utf8Writer text, ulong lost)
    {
        text.Append("\n],\"otherData\":{\"lost\":"u8);
        text.AppendDecimal(lost);
        text.Append("}}\n"u8);
    }

    private static void Name(ref Utf8Writer text, ulong process, ReadOnlySpan<byte> name)
    {
        text.Append("{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":"u8);
        text.AppendDecimal(process);
        text.Append(",\"args\":{\"name\":\""u8);
        text.Append(name);
        text.Append("\"}}"u8);
    }

    private static void Microseconds(ref Utf8Writer text, ulong nanoseconds)
    {
        text.AppendDecimal(nanoseconds / 1000);
        text.Append((byte)'.');
        text.AppendDecimal(nanoseconds % 1000, 3, (byte)'0');
    }
}
