// What runs in the guest of a soak: programs that know what they should be. Everything is started by one shell, which is init, so that one
// session holds it all; all of it goes on for ever.
//   selfcheck ×3   memory, file and pipes of different sizes and paces; each line is judged across the whole soak by a witness
//   digest         a pipeline whose result is known
//   churn          files made, copied, compared, renamed and deleted
//   pressure       64 MiB that are checked and partly rewritten all the time: with little memory, pages come and go
//   states ×2      locks, timers, pipes, futexes, children, names and mappings that are held for a while and checked
//   watch          the counters of the current boot
// A line with FAIL means that something was not as it should be.
using System.Collections.Generic;
using System.Linq;
using Aurora.Qemu;

namespace Aurora.Cli.Soak;

/// <summary>The programs of a soak and the judges of their output.</summary>
internal sealed class SoakWorkload
{
    private const string Digest = "2daeb1f36095b44b318410b3f4e8b5d989dcc7bb023d1426c492dab0a3053e74"; // of 8 MiB of zeroes

    private static readonly (string Label, string Options)[] _checks =
        [("small", "-i 3 -m 512"), ("large", "-i 40 -m 16384"), ("slow", "-i 250 -m 2048")];

    private const string Churn = """
        churn() { n=0; mkdir -p /tmp/churn; while :; do n=$((n+1)); f=/tmp/churn/$((n%7)); cp /bin/busybox $f.new && mv $f.new $f
        cmp -s /bin/busybox $f || echo churn FAIL $n; [ $((n%3)) = 0 ] && rm -f /tmp/churn/$((n%5)); mkdir -p /tmp/d$((n%4))/e && rmdir /tmp/d$((n%4))/e; usleep 50000; done; }
        """;

    private const string Pipeline = """
        digest() { while :; do d=$(dd if=/dev/zero bs=65536 count=128 2>/dev/null | gzip -1 | gzip -d | sha256sum)
        [ "${d%% *}" = DIGEST ] || echo digest FAIL "$d"; sleep 1; done; }
        """;

    private readonly List<string> _faults = [];
    private ConsoleStream _stream = new();
    private SelfCheckWitness[] _witnesses = Witnesses();
    private long _earlierSteps;

    /// <summary>Init's arguments.</summary>
    public static IReadOnlyList<string> Arguments { get; } = ["/bin/busybox", "sh", "-c", Script()];

    /// <summary>Steps that were shown, of all selfchecks together.</summary>
    public long Steps => _earlierSteps + _witnesses.Sum(witness => witness.Last - witness.First);

    /// <summary>Everything that must not have happened.</summary>
    public IEnumerable<string> Faults =>
        [.. _faults, .. _stream.Faults, .. _witnesses.Zip(_checks).SelectMany(pair => pair.First.Faults.Select(fault => $"{pair.Second.Label}: {fault}"))];

    /// <summary>Takes in all that one boot printed.</summary>
    public void Observe(EventLog events, string console)
    {
        string lines = _stream.Add(events, console);
        foreach (SelfCheckWitness witness in _witnesses)
            witness.Observe(lines);
        _faults.AddRange(lines.Split('\n').Where(line => line.Contains("FAIL", System.StringComparison.Ordinal) && !line.Contains(": check ", System.StringComparison.Ordinal)));
    }

    /// <summary>The session has gone back to an earlier moment: from there on everything may be shown anew, and differently.</summary>
    public void Forget()
    {
        _earlierSteps = Steps;
        _faults.AddRange(Faults.Skip(_faults.Count).ToArray());
        _stream = new ConsoleStream();
        _witnesses = Witnesses();
    }

    private static SelfCheckWitness[] Witnesses() => [.. _checks.Select(check => new SelfCheckWitness(check.Label))];

    private static string Script()
    {
        IEnumerable<string> lines = [Churn, Pipeline.Replace("DIGEST", Digest, System.StringComparison.Ordinal)];
        lines = lines.Concat(_checks.Select(check => $"selfcheck -l {check.Label} {check.Options} -f /tmp/{check.Label} &"));
        string[] others =
        [
            "churn &", "digest &", "pressure live 64 1000000000 20000 &", "states -s 1 -l states1 &",
            "states -s 2 -w 3000 -n 20 -l states2 &", "bench watch 1000 &", "wait",
        ];
        return string.Join('\n', lines.Concat(others));
    }
}
