// COM2 carries text lines from the kernel. A line that starts with '@' is an event: "@word rest". Anything that does not parse as an
// event it claims to be is handed on as a log line: a kernel that is going down may leave half a line, and that half is evidence.
using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Globalization;

namespace Aurora.Qemu;

/// <summary>Parses the kernel's control lines.</summary>
public static class ControlLineParser
{
    public static ControlEvent Parse(string line)
    {
        line = line.TrimEnd('\r', '\n');
        if (!line.StartsWith('@'))
            return new LogEvent(line);
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        string word = space < 0 ? line[1..] : line[1..space];
        string rest = space < 0 ? "" : line[(space + 1)..].Trim();
        return ParseEvent(line, word, rest) ?? new LogEvent(line);
    }

    /// <summary>Splits <c>key=value key=value</c>; a word without '=' is a key with an empty value.</summary>
    public static IReadOnlyDictionary<string, string> ParseValues(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                values[word] = "";
            else
                values[word[..equals]] = word[(equals + 1)..];
        }
        return values;
    }

    private static ControlEvent? ParseEvent(string line, string word, string rest) => word switch
    {
        "ready" => new ReadyEvent(line),
        "resumed" => ParseResumed(line, rest),
        "unstarted" => TryNumber(rest, out ulong error) && error <= int.MaxValue ? new UnstartedEvent(line, (int)error) : null,
        "exit" => TryNumber(rest, out ulong status) && status <= 255 ? new ExitEvent(line, (int)status) : null,
        "poweroff" => new PowerOffEvent(line),
        "panic" => new PanicEvent(line, rest),
        "refused" => new RefusedEvent(line, rest),
        "durable" => TryNumber(rest, out ulong epoch) ? new DurableEvent(line, epoch) : null,
        "stat" => new StatEvent(line, ParseValues(rest)),
        "exec" => ParseExec(line, rest),
        "trace" => new TraceEvent(line, rest),
        _ => null,
    };

    private static ResumedEvent? ParseResumed(string line, string rest)
    {
        IReadOnlyDictionary<string, string> values = ParseValues(rest);
        return values.TryGetValue("processes", out string? processText) && TryNumber(processText, out ulong processes)
            && values.TryGetValue("epoch", out string? epochText) && TryNumber(epochText, out ulong epoch)
            ? new ResumedEvent(line, (int)processes, epoch, values)
            : null;
    }

    private static ExecEvent? ParseExec(string line, string rest)
    {
        string[] words = rest.Split(' ', 3);
        string value = words.Length == 3 ? words[2] : "";
        return words.Length >= 2 && TryNumber(words[0], out ulong number) && IsExec(words[1], value)
            ? new ExecEvent(line, number, words[1], value)
            : null;
    }

    private static bool IsExec(string word, string value) => word switch
    {
        "go" or "closed" => value.Length == 0,
        "out" or "err" => Base64.IsValid(value),
        "room" or "began" or "ended" or "unstarted" or "failed" => TryNumber(value, out ulong number) && number <= int.MaxValue,
        "refused" => true,
        _ => false,
    };

    private static bool TryNumber(string text, out ulong value)
        => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
