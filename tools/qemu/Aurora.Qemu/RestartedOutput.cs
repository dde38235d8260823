// A machine that comes back by itself, as after a panic, shows the output of both its runs on one console, and nothing in it says where the
// first run's ends: the last bytes may have been lost with the machine, and the second begins at the byte that its kernel reports, at or
// before the last that was shown. With S bytes shown before that position, the first run showed S + N and the second begins with the last N
// of them again, for the N where those agree. N = 0 always does, and where it is not the true one a line that the panic tore is not whole.
using System;
using System.Collections.Generic;

namespace Aurora.Qemu;

/// <summary>Reads the console of a machine that came back by itself as one stream.</summary>
public static class RestartedOutput
{
    /// <summary>
    /// Every stream that the console's text can be, the one with the longest piece shown twice first. None if output was lost: when fewer
    /// bytes were shown than lie between the two runs' first positions.
    /// </summary>
    /// <param name="first">Where in the session's output the first run began.</param>
    /// <param name="second">Where the second did.</param>
    /// <param name="console">What both showed.</param>
    public static IEnumerable<string> Readings(long first, long second, string console)
    {
        if (second < first || second - first > console.Length)
            yield break;
        int before = (int)(second - first);
        for (int again = (console.Length - before) / 2; again >= 0; again--)
        {
            int end = before + again;
            if (console.AsSpan(before, again).SequenceEqual(console.AsSpan(end, again)))
                yield return string.Concat(console.AsSpan(0, end), console.AsSpan(end + again));
        }
    }
}
