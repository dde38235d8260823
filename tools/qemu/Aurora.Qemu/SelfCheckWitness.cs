// Judges what the guest program selfcheck prints across power cuts. Its lines are "check N ok t=TIME": N counts without gaps, TIME is the
// real time at which the step was made. A console that holds its output until it is durable, and replays its last screens to whoever
// attaches, may show a line again, letter for letter; it may never show
//   - a step with another time than before: the step had been shown, was lost, and was made again;
//   - a gap: a step whose line was lost;
//   - a line with FAIL: memory, file or pipe disagree.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Aurora.Qemu;

/// <summary>Collects the lines of selfcheck over several boots and finds what must not be.</summary>
public sealed class SelfCheckWitness
{
    private static readonly SelfCheckWitness _unlabelled = new();

    private readonly Regex _stepLine;
    private readonly Dictionary<long, string> _times = [];
    private readonly List<string> _faults = [];
    private readonly ConsoleStream _stream = new();

    /// <summary>Watches the one selfcheck with this label (its option -l); the empty label is that of one without.</summary>
    public SelfCheckWitness(string label = "")
    {
        // Only whole lines count: the power may have gone in the middle of one.
        string start = label.Length == 0 ? @"(?<!\w: )" : @"(?<!\w)" + Regex.Escape(label) + ": ";
        _stepLine = new Regex(start + @"check (?<step>\d+) (?:ok t=(?<time>\d+)|(?<fail>FAIL [^\r\n]*))\r?\n", RegexOptions.CultureInvariant);
    }

    /// <summary>The highest step seen.</summary>
    public long Last { get; private set; }

    /// <summary>The lowest step seen; zero before any.</summary>
    public long First { get; private set; }

    /// <summary>Everything that must not have happened.</summary>
    public IReadOnlyList<string> Faults => [.. _stream.Faults, .. _faults];

    /// <summary>Takes in what one boot of several showed: a line that the cut tore is judged when a later boot has shown its end.</summary>
    public void Observe(EventLog events, string console) => Observe(_stream.Add(events, console));

    /// <summary>Takes in output: all of one machine's, or the lines of a <see cref="ConsoleStream"/>.</summary>
    public void Observe(string console)
    {
        foreach (Match match in _stepLine.Matches(console))
        {
            long step = long.Parse(match.Groups["step"].ValueSpan, CultureInfo.InvariantCulture);
            if (match.Groups["fail"].Success)
                _faults.Add(match.Value.Trim());
            else
                Note(step, match.Groups["time"].Value);
        }
        FindGaps();
    }

    /// <summary>The highest step that an unlabelled selfcheck shows in a piece of console output; zero for none.</summary>
    public static long LastStepIn(string console) => _unlabelled.LastStepOf(console);

    private long LastStepOf(string console)
    {
        long last = 0;
        foreach (Match match in _stepLine.Matches(console))
            last = Math.Max(last, long.Parse(match.Groups["step"].ValueSpan, CultureInfo.InvariantCulture));
        return last;
    }

    private void Note(long step, string time)
    {
        if (_times.TryGetValue(step, out string? before))
        {
            if (before != time)
                _faults.Add($"step {step} was shown, lost and made again (t={before}, then t={time})");
            return;
        }
        _times[step] = time;
        Last = Math.Max(Last, step);
        First = First == 0 ? step : Math.Min(First, step);
    }

    private void FindGaps()
    {
        for (long step = First; step < Last; step++)
        {
            if (!_times.TryAdd(step, "lost"))
                continue;
            _faults.Add($"step {step} was never shown");
        }
    }
}
