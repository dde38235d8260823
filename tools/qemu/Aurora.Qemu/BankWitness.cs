// Judges what the guest program bank prints across power cuts. Its teller opens the books with "books D0 D1 D2 D3", how many transfers of
// each thread are in them, when it has found that they balance, and says "ack THREAD TRANSFER" of a transfer that is durable. It must
// never say
//   - FAIL: the books do not balance, a transfer is there by half, or a call was refused;
//   - books with fewer transfers of a thread than were acknowledged, by whichever teller;
//   - that a transfer is durable which it has said so of before.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Aurora.Qemu;

/// <summary>Collects the lines of bank over several boots and finds what must not be.</summary>
public sealed class BankWitness
{
    private const int Tellers = 4;

    private readonly ConsoleStream _stream = new();
    private readonly List<string> _faults = [];
    private readonly long[] _acknowledged = new long[Tellers];

    /// <summary>How often the books were opened, and balanced.</summary>
    public int Openings { get; private set; }

    /// <summary>How many transfers of all threads are known to be durable.</summary>
    public long Transfers => _acknowledged.Sum();

    /// <summary>Everything that must not have happened.</summary>
    public IReadOnlyList<string> Faults => [.. _stream.Faults, .. _faults];

    /// <summary>Takes in what one boot of several showed.</summary>
    public void Observe(EventLog events, string console) => Observe(_stream.Add(events, console));

    /// <summary>Takes in whole lines.</summary>
    public void Observe(string lines)
    {
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = line.Split(' ');
            if (line.Contains("FAIL", StringComparison.Ordinal))
                _faults.Add(line);
            else if (words[0] == "ack")
                Acknowledge(line, NumbersOf(words));
            else if (words[0] == "books")
                Open(line, NumbersOf(words));
        }
    }

    private static long[] NumbersOf(string[] words)
        => [.. words[1..].Select(NumberOf)];

    private static long NumberOf(string word)
        => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : -1;

    private void Acknowledge(string line, long[] numbers)
    {
        if (numbers is not [>= 0 and < Tellers, > 0])
            _faults.Add($"not an acknowledgement: {line}");
        else if (numbers[1] <= _acknowledged[numbers[0]])
            _faults.Add($"{line}: {_acknowledged[numbers[0]]} was acknowledged before");
        else
            _acknowledged[numbers[0]] = numbers[1];
    }

    // What the books hold is durable as well, acknowledged or not; a teller that has ended meanwhile may have said so later only.
    private void Open(string line, long[] numbers)
    {
        if (numbers.Length != Tellers)
        {
            _faults.Add($"not the books: {line}");
            return;
        }
        Openings++;
        for (int teller = 0; teller < Tellers; teller++)
            if (numbers[teller] < _acknowledged[teller])
                _faults.Add($"{line}: {_acknowledged[teller]} was acknowledged by {teller}");
    }
}
