// A session's console output is one stream of bytes that goes on across power cuts. What each boot shows begins at a position in that stream
// which the kernel reports (output= and replay= of @ready and @resumed): at or before the last byte anybody saw, never after it. So the
// output of all boots can be put together exactly, and held against itself: what is shown twice must be the same, letter for letter.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Aurora.Qemu;

/// <summary>Puts the console output of a session's boots together. The output is ASCII: a character is a byte.</summary>
public sealed class ConsoleStream
{
    // How much is kept for comparing: more than a kernel replays.
    private const int Kept = 1 << 20;

    private readonly StringBuilder _tail = new();
    private readonly List<string> _faults = [];
    private long _tailStart;
    private long _taken;

    /// <summary>Output that was lost, or shown differently the second time.</summary>
    public IReadOnlyList<string> Faults => _faults;

    private long End => _tailStart + _tail.Length;

    /// <summary>Adds what a boot showed, and returns the whole lines that no boot had shown in full before.</summary>
    public string Add(EventLog events, string console)
    {
        long? start = StartsOf(events).Select(position => (long?)position).FirstOrDefault();
        // Cut off before it could say where its output begins: nothing of it is of the session.
        return start == null ? "" : Add(start.Value, console);
    }

    /// <summary>Where in the session's output each run of a machine began to show it.</summary>
    public static IEnumerable<long> StartsOf(EventLog events) => events.Snapshot().Select(StartOf).OfType<long>();

    /// <summary>The same for output that begins at this position.</summary>
    public string Add(long start, string console)
    {
        if (End == 0)
            _tailStart = _taken = start;
        if (start > End)
        {
            _faults.Add($"{start - End} bytes of output were never shown, from position {End}");
            _tail.Append('\n');
            _tailStart = start - _tail.Length;
            _taken = Math.Max(_taken, start);
        }
        int known = (int)Math.Min(End - start, console.Length);
        Compare(start, console[..known]);
        _tail.Append(console, known, console.Length - known);
        return TakeLines();
    }

    private void Compare(long start, string again)
    {
        for (int i = (int)Math.Max(0, _tailStart - start); i < again.Length; i++)
        {
            if (_tail[(int)(start + i - _tailStart)] == again[i])
                continue;
            int at = (int)(start + i - _tailStart);
            string before = _tail.ToString(at, Math.Min(60, _tail.Length - at));
            _faults.Add($"output was shown, lost and made again differently at position {start + i}: '{before}', then '{again[i..Math.Min(again.Length, i + 60)]}'");
            return;
        }
    }

    private string TakeLines()
    {
        string fresh = _tail.ToString((int)(_taken - _tailStart), (int)(End - _taken));
        string lines = fresh[..(fresh.LastIndexOf('\n') + 1)];
        _taken += lines.Length;
        int surplus = (int)Math.Min(_tail.Length - Kept, _taken - _tailStart);
        if (surplus > 0)
        {
            _tail.Remove(0, surplus);
            _tailStart += surplus;
        }
        return lines;
    }

    private static long? StartOf(ControlEvent item)
    {
        if (item is not (ReadyEvent or ResumedEvent))
            return null;
        IReadOnlyDictionary<string, string> values = ControlLineParser.ParseValues(item.Line);
        return Number(values, "output") - Number(values, "replay");
    }

    private static long? Number(IReadOnlyDictionary<string, string> values, string key)
        => values.TryGetValue(key, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
}
