// What a program gets from a read. Canonical: one line at most, and an end of file only at its place in the line. Otherwise as VMIN and VTIME
// say. Looking (Readable) and taking (Peek, Consume) are separate, so that a read that cannot store its bytes loses none of them.
using System;
using Aurora.Base;

namespace Aurora.Posix.Terminals;

/// <summary>What a read of a terminal finds.</summary>
public enum ReadReadiness : byte
{
    /// <summary>Nothing yet: wait for input (and for VTIME, if there is a timeout).</summary>
    Wait,

    /// <summary>Some bytes: their number is given.</summary>
    Bytes,

    /// <summary>An end of file: zero bytes, once.</summary>
    EndOfFile,
}

/// <summary>What a program gets from a terminal.</summary>
public sealed unsafe class TerminalReads(TrackedObjects tracked, TerminalLine line)
{
    private const ulong NanosecondsPerDecisecond = 100_000_000;

    /// <summary>True when a read would return without waiting.</summary>
    public static bool CanRead(Terminal* terminal)
    {
        if (terminal->IsEnded)
            return true;
        if (terminal->Settings.IsCanonical)
            return terminal->HasLine;
        int minimum = terminal->Settings.Characters[ControlCharacter.Minimum];
        bool isTimed = terminal->Settings.Characters[ControlCharacter.Time] != 0;
        return terminal->InputCount >= (isTimed || minimum == 0 ? 1 : minimum);
    }

    /// <summary>How many bytes a read of at most <paramref name="wanted"/> gets now.</summary>
    public static ReadReadiness Readable(Terminal* terminal, int wanted, out int count)
    {
        count = terminal->Settings.IsCanonical ? LineBytes(terminal, wanted) : Math.Min(wanted, terminal->InputCount);
        if (terminal->Settings.IsCanonical)
        {
            if (terminal->HasLine)
                return count > 0 ? ReadReadiness.Bytes : ReadReadiness.EndOfFile;
            // Input that ended without completing its line still counts.
            count = terminal->IsEnded ? Math.Min(wanted, terminal->InputCount) : 0;
        }
        else if (!terminal->IsPlain && !terminal->IsEnded)
        {
            int minimum = Math.Min((int)terminal->Settings.Characters[ControlCharacter.Minimum], wanted);
            return count >= Math.Max(1, minimum) ? ReadReadiness.Bytes : ReadReadiness.Wait;
        }
        if (count > 0)
            return ReadReadiness.Bytes;
        return terminal->IsEnded ? ReadReadiness.EndOfFile : ReadReadiness.Wait;
    }

    /// <summary>How long a raw read may still wait: the VTIME rules. Zero: not at all; all ones: for ever.</summary>
    public static ulong TimeoutNanoseconds(Terminal* terminal)
    {
        if (terminal->Settings.IsCanonical || terminal->IsPlain)
            return ulong.MaxValue;
        int minimum = terminal->Settings.Characters[ControlCharacter.Minimum];
        ulong time = terminal->Settings.Characters[ControlCharacter.Time] * NanosecondsPerDecisecond;
        if (time == 0)
            return minimum == 0 ? 0 : ulong.MaxValue;
        // With a minimum the timer runs only between bytes.
        return minimum > 0 && terminal->InputCount == 0 ? ulong.MaxValue : time;
    }

    /// <summary>Copies unread bytes from <paramref name="skip"/> on without consuming them.</summary>
    public static void Peek(Terminal* terminal, int skip, Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = TerminalRings.InputAt(terminal, terminal->InputTail + (ulong)(skip + i));
    }

    /// <summary>Consumes bytes; an end-of-file mark right behind them goes with them, and alone when <paramref name="count"/> is zero.</summary>
    public void Consume(Terminal* terminal, int count)
    {
        bool endedLine = count > 0 && TerminalRings.EndsLine(terminal, terminal->InputTail + (ulong)count - 1);
        terminal->InputTail += (ulong)count;
        bool isAtMark = terminal->HasLine && TerminalRings.EndsLine(terminal, terminal->InputTail)
            && TerminalRings.InputAt(terminal, terminal->InputTail) == 0;
        if (terminal->Settings.IsCanonical && !endedLine && isAtMark)
            terminal->InputTail++;
        if (terminal->LineHead < terminal->InputTail)
            terminal->LineHead = terminal->InputTail;
        tracked.MarkChanged(&terminal->Header);
        line.TakeInput(terminal);
    }

    // Bytes of the first line, its end included unless that is an end-of-file mark.
    private static int LineBytes(Terminal* terminal, int wanted)
    {
        int count = 0;
        for (ulong position = terminal->InputTail; position != terminal->LineHead && count < wanted; position++)
        {
            bool ends = TerminalRings.EndsLine(terminal, position);
            if (ends && TerminalRings.InputAt(terminal, position) == 0)
                break;
            count++;
            if (ends)
                break;
        }
        return count;
    }
}
