// trace: has the kernel tell what it does for some seconds, and writes that as Chrome trace-event JSON to standard output. Nothing is read
// meanwhile: reading and writing would be in the trace; but every second it says that somebody listens, or the trace would end. What the
// ring could not hold is counted at the end. A trace that did not last, or was lost when the machine was started anew, is refused. Exit
// status: 0 written, 1 refused, 2 usage.
using System;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class TraceCommand
{
    private const int PieceBytes = 32 << 10;
    private const int MostAtOnce = 64;
    private const ulong UsualSeconds = 1;
    private const ulong UsualMicroseconds = 10;
    private const ulong MostSeconds = 3600;

    // The text that waits to be written.
    private ref struct Text(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;
        public Utf8Writer Writer = new(buffer);

        // Room for one more piece; false when it could not be made.
        public bool MakeRoom() => _buffer.Length - Writer.Length >= TraceText.MostBytes || Flush();

        public bool Flush()
        {
            long result = GuestCalls.Write(1, Writer.Written);
            Writer = new Utf8Writer(_buffer);
            return result >= 0;
        }
    }

    /// <summary>trace [--seconds N] [--longer MICROSECONDS] [--faults].</summary>
    public static int Run(ref Arguments arguments)
    {
        ulong seconds = UsualSeconds;
        ulong shortest = UsualMicroseconds;
        bool tellsFaults = false;
        while (arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            bool isNumber = option.SequenceEqual("--seconds"u8) ? TryTake(ref arguments, out seconds)
                : option.SequenceEqual("--longer"u8) && TryTake(ref arguments, out shortest);
            bool isFaults = option.SequenceEqual("--faults"u8);
            tellsFaults |= isFaults;
            if (!isNumber && !isFaults)
                return SlsCommand.Usage(2);
        }
        if (arguments.Left != 0 || seconds is 0 or > MostSeconds)
            return SlsCommand.Usage(2);
        long from = GuestCalls.StartTrace(shortest * 1000, tellsFaults);
        if (from < 0)
            return Fail(from);
        long result = Listen((ulong)from, seconds);
        if (result >= 0)
            result = GuestCalls.StopTrace((ulong)from);
        return result < 0 ? Fail(result) : Show((ulong)from);
    }

    private static long Listen(ulong from, ulong seconds)
    {
        TraceEvent none;
        long result = 0;
        for (ulong passed = 0; passed < seconds && result >= 0; passed++)
        {
            GuestCalls.Sleep(1);
            ulong position = from;
            result = GuestCalls.ReadTrace(&position, &none, 0);
        }
        return result;
    }

    private static int Fail(long result) => SlsCommand.Fail("trace"u8, default, result, -result switch
    {
        16 => "another trace is made; it ends when its time is over, or seconds after who makes it has ended"u8,
        110 => "the trace has ended before its time: for some seconds nobody has said that he listens"u8,
        125 => "the machine was started anew meanwhile, and what it had told is lost"u8,
        _ => SlsCommand.ReasonOf(result),
    });

    private static bool TryTake(ref Arguments arguments, out ulong number)
    {
        number = 0;
        byte* word = arguments.Take();
        if (word == null)
            return false;
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(word);
        return Utf8Parser.TryParse(text, out number, out int used) && used == text.Length && number <= uint.MaxValue;
    }

    private static int Show(ulong from)
    {
        byte* memory = stackalloc byte[PieceBytes];
        var text = new Text(new Span<byte>(memory, PieceBytes));
        TraceText.Begin(ref text.Writer);
        bool isWritten = ShowGroups(ref text);
        long result = ShowEvents(ref text, from, ref isWritten, out ulong lost);
        if (result < 0)
            return Fail(result);
        isWritten = isWritten && text.MakeRoom();
        TraceText.End(ref text.Writer, lost);
        return isWritten && text.Flush() ? 0 : 1;
    }

    // Until there are no more, or another trace begins.
    private static long ShowEvents(ref Text text, ulong from, ref bool isWritten, out ulong lost)
    {
        TraceEvent* events = stackalloc TraceEvent[MostAtOnce];
        ulong position = from;
        ulong next = from;
        long count = 0;
        lost = 0;
        while (isWritten && (count = GuestCalls.ReadTrace(&position, events, MostAtOnce)) > 0)
        {
            ulong at = position - (ulong)count;
            lost += at - next;
            next = position;
            for (long i = 0; i < count && isWritten; i++, at++)
            {
                if (events[i].Kind == (ushort)TraceKind.Begin && at != from)
                    return 0;
                isWritten = text.MakeRoom();
                TraceText.Event(ref text.Writer, in events[i]);
            }
        }
        return count;
    }

    private static bool ShowGroups(ref Text text)
    {
        bool isWritten = true;
        SlsGroup group;
        for (int index = 0; isWritten && GuestCalls.Group(index, &group) >= 0; index++)
        {
            isWritten = text.MakeRoom();
            TraceText.Group(ref text.Writer, group.Id, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group.Name));
        }
        return isWritten;
    }
}
